package ignore_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/hullmark/hullmark/matcher/ignore"
	"github.com/hullmark/hullmark/matcher/report"
)

func ExampleRead() {
	list, err := ignore.Read(strings.NewReader("CVE-2024-1234 until:2026-12-31  # fixed in the next release\n"), ".hullmarkignore")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(list[0].ID, list[0].Reason, list[0].Expires, list[0].Origin)
	// Output: CVE-2024-1234 fixed in the next release 2026-12-31 23:59:59 +0000 UTC .hullmarkignore:1
}

func TestRead(t *testing.T) {
	end := time.Date(2026, 1, 31, 23, 59, 59, 0, time.UTC)
	for _, test := range []struct {
		name, text string
		want       []report.Ignore
		err        string
	}{
		{"nothing", "", nil, ""},
		{"comments and empty lines", "# nothing\n\n  \n", nil, ""},
		{"an identifier", "CVE-2024-1", []report.Ignore{{ID: "CVE-2024-1", Origin: "f:1"}}, ""},
		{"an erratum", "RHSA-2024:1234\nopenSUSE-SU-2024:1234-1", []report.Ignore{{ID: "RHSA-2024:1234", Origin: "f:1"}, {ID: "openSUSE-SU-2024:1234-1", Origin: "f:2"}}, ""},
		{"without digits", "GHSA-rcrx-fpjp-mfrw", []report.Ignore{{ID: "GHSA-rcrx-fpjp-mfrw", Origin: "f:1"}}, ""},
		{"windows", "\ufeffCVE-2024-1\r\nCVE-2024-2\r\n", []report.Ignore{{ID: "CVE-2024-1", Origin: "f:1"}, {ID: "CVE-2024-2", Origin: "f:2"}}, ""},
		{"the reason above", "# the parser\n# is not used\nCVE-2024-1\nCVE-2024-2\n", []report.Ignore{{ID: "CVE-2024-1", Reason: "the parser is not used", Origin: "f:3"}, {ID: "CVE-2024-2", Origin: "f:4"}}, ""},
		{"a heading is not a reason", "# Accepted in May\n\nCVE-2024-1\n", []report.Ignore{{ID: "CVE-2024-1", Origin: "f:3"}}, ""},
		{"the reason behind", "CVE-2024-1\t# issue #7\n", []report.Ignore{{ID: "CVE-2024-1", Reason: "issue #7", Origin: "f:1"}}, ""},
		{"everything", "CVE-2024-1 until:2026-01-31 package:pkg:npm/a@1 path:/opt/**", []report.Ignore{{ID: "CVE-2024-1", Expires: end, Package: "pkg:npm/a@1", Path: "/opt/**", Origin: "f:1"}}, ""},
		{"a rule", "clamav:Eicar-Test-Signature path:/srv/**", []report.Ignore{{ID: "clamav:Eicar-Test-Signature", Path: "/srv/**", Origin: "f:1"}}, ""},
		{"a rule with hyphens", "set-uid package:sudo", []report.Ignore{{ID: "set-uid", Package: "sudo", Origin: "f:1"}}, ""},
		{"a rule that is a word", "rule:writable", []report.Ignore{{ID: "writable", Origin: "f:1"}}, ""},
		{"a rule with a slash", "rule:secrets/aws", []report.Ignore{{ID: "secrets/aws", Origin: "f:1"}}, ""},
		// aquasecurity/trivy's form
		{"expiry in trivy's words", "CVE-2024-1 exp:2026-01-31", []report.Ignore{{ID: "CVE-2024-1", Expires: end, Origin: "f:1"}}, ""},

		// aquasecurity/trivy#2018: an identifier that nothing has hides nothing
		{"no space before the end", "CVE-2024-1:exp:2026-01-31", nil, `"CVE-2024-1:exp:2026-01-31" has no space before exp: write CVE-2024-1 exp:2026-01-31: not an entry`},
		{"no space before the path", "clamav:Eicar:path:/srv", nil, `write clamav:Eicar path:/srv`},
		{"no such day", "CVE-2024-1 until:2026-02-30", nil, `f:1: ignore: "2026-02-30" is not a date like 2026-12-31`},
		{"a word of something else", "\nCVE-2024-1 openssl", nil, `f:2: ignore: "openssl" is not one of until:DATE, package:NAME and path:PATTERN`},
		{"a key of something else", "CVE-2024-1 expires:2026-01-31", nil, `"expires:2026-01-31" is not one of`},
		{"an empty value", "CVE-2024-1 package:", nil, `"package:" is not one of`},
		{"two dates", "CVE-2024-1 until:2020-01-01 exp:2030-01-01", nil, `"exp:2030-01-01" is the second until`},
		{"two packages", "CVE-2024-1 package:a package:b", nil, `"package:b" is the second package`},
		{"a path that leads up", "CVE-2024-1 path:..", nil, `".." is a malformed pattern`},
		{"a wildcard", "CVE-*", nil, `"CVE-*" is neither the identifier of a vulnerability nor rule:NAME`},
		{"a YAML file", "vulnerabilities:\n  - id: CVE-2024-1\n", nil, `"vulnerabilities:" is neither the identifier of a vulnerability`},
		{"a limit without an identifier", "until:2026-12-31", nil, `"until:2026-12-31" is neither the identifier`},
		{"a limit of another tool without an identifier", "expires:2026-12-31", nil, `"expires:2026-12-31" is neither the identifier`},
		{"a package without an identifier", "package:openssl", nil, `"package:openssl" is neither the identifier`},
		{"a PURL without an identifier", "pkg:npm/lodash", nil, `"pkg:npm/lodash" is neither the identifier`},
		{"a word", "openssl", nil, `"openssl" is neither the identifier`},
		{"all rules of an analyzer", "rule:clamav:*", nil, `"rule:clamav:*" is neither the identifier`},
		{"no rule", "rule:", nil, `"rule:" is neither the identifier`},
		{"a class with a slash", "CVE-2024-1 path:/opt/[a/b]", nil, `"/opt/[a/b]" is a malformed pattern`},
		{"a pattern", "CVE-2024-1 path:[", nil, `"[" is a malformed pattern`},
		{"too long a line", "CVE-1 " + strings.Repeat(" ", 1<<17), nil, "token too long"},
		{"too long", strings.Repeat("#\n", 3<<20), nil, "more than 4194304 bytes"},
	} {
		got, err := ignore.Read(strings.NewReader(test.text), "f")
		if !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: %+v, want %+v", test.name, got, test.want)
		}
		if test.err == "" && err != nil || test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)) {
			t.Errorf("%s: error %v, want %q", test.name, err, test.err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add("CVE-2024-1 until:2026-01-31 package:a path:b # c\n")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := ignore.Read(strings.NewReader(text), "f")
		if err != nil && list != nil {
			t.Error("both a list and an error")
		}
		for _, g := range list {
			if g.ID == "" || g.Origin == "" {
				t.Errorf("%+v", g)
			}
		}
		if _, err := ignore.Parse(text); err != nil && !errors.Is(err, ignore.ErrSyntax) {
			t.Error(err)
		}
	})
}
