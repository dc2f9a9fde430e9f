package ignore_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hullmark/hullmark/matcher/ignore"
	"github.com/hullmark/hullmark/matcher/report"
)

// describe writes an entry in a line.
func describe(g *report.Ignore) string {
	s := g.ID
	for _, p := range [][2]string{{"package", g.Package}, {"type", g.Type}, {"version", g.Version}, {"path", g.Path}, {"reason", g.Reason}} {
		if p[1] != "" {
			s += fmt.Sprintf(" %s=%s", p[0], p[1])
		}
	}
	if !g.Expires.IsZero() {
		s += " until=" + g.Expires.Format(time.RFC3339)
	}
	return strings.TrimSpace(s) + " (" + g.Origin + ")"
}

// TestReadAny reads lists of other tools. The lines of want are entries, then notes, then the error.
func TestReadAny(t *testing.T) {
	for _, c := range []struct{ name, file, text, want string }{
		{"grype", ".grype.yaml", `
check-for-app-update: false
ignore:
  - vulnerability: CVE-2008-4318
  - vulnerability: GHSA-1
    include-aliases: true
    reason: not reachable
    package: {name: libcurl, version: 1.5.1, type: npm, location: "/usr/local/lib/node_modules/**"}
  - package: {type: gem, name: rake}
  - package: {upstream-name: linux, type: deb}
`, "CVE-2008-4318 (.grype.yaml:4)\nGHSA-1 package=libcurl type=npm version=1.5.1 path=/usr/local/lib/node_modules/** reason=not reachable (.grype.yaml:5)\npackage=rake type=gem (.grype.yaml:9)\npackage=linux type=deb (.grype.yaml:10)"},
		{"grype's conditions that we do not have", "grype.yml", `
ignore:
  - {vulnerability: CVE-1, fix-state: unknown}
  - {vulnerability: CVE-2, vex-status: not_affected, vex-justification: x}
  - {vulnerability: CVE-3, namespace: "github:language:python"}
  - {package: {type: gem}}
  - {vulnerability: CVE-4, package: {language: java}}
  - {package: {name: "kernel-headers.*", type: rpm}}
  - {vulnerability: CVE-5, match-type: cpe-match}
  - {vulnerability: CVE-6, package: {type: unheard-of}}
  - {package: {name: a, upstream-name: b}}
`, "note grype.yml:3: not carried over: fix-state unknown, see --only-fixed and --ignore-status\nnote grype.yml:4: not carried over: vex-status; vex-justification\nnote grype.yml:5: not carried over: namespace\n" +
			"note grype.yml:6: not carried over: the rule names neither a vulnerability nor a package\nnote grype.yml:7: not carried over: package.language\nnote grype.yml:8: not carried over: an expression in place of a name\n" +
			"note grype.yml:9: not carried over: match-type\nnote grype.yml:10: not carried over: package.type unheard-of\nnote grype.yml:11: not carried over: package.upstream-name beside package.name"},
		{"grype without rules", ".grype.yaml", "ignore:\n", ""},
		{"a configuration of something else", "config.yaml", "a: 1\n", "note config.yaml:1: there are no rules of grype or trivy"},
		{"grype's list is a mapping", ".grype.yaml", "ignore: {vulnerability: CVE-1}\n", "error .grype.yaml: line 1: not a list: not an entry of an ignore list"},
		{"an alias", ".grype.yaml", "x: &x [CVE-1]\nignore:\n  - vulnerability: *x\n", "error .grype.yaml: line 3: an alias: not an entry of an ignore list"},
		{"no YAML", ".grype.yaml", "a: [\n", "error .grype.yaml: line 1: did not find expected node content"},

		{"trivy's lines", ".trivyignore", `# Accept the risk
CVE-2018-14618

# for a while
CVE-2019-14697 exp:2023-01-01
CVE-2019-1543 # no fix
AVD-DS-0002
generic
CVE-2020-1 because
`, "CVE-2018-14618 reason=Accept the risk (.trivyignore:2)\nCVE-2019-14697 reason=for a while until=2023-01-01T23:59:59Z (.trivyignore:5)\nCVE-2019-1543 reason=no fix (.trivyignore:6)\nAVD-DS-0002 (.trivyignore:7)\nCVE-2020-1 (.trivyignore:9)\n" +
			"note .trivyignore:8: not carried over: \"generic\" is no identifier of a vulnerability\nnote .trivyignore:9: the word \"because\" has no meaning"},
		{"a date that is none", ".trivyignore", "CVE-1 exp:soon\n", `error .trivyignore:1: ignore: "soon" is not a date like 2026-12-31: not an entry of an ignore list`},
		// aquasecurity/trivy#2018: an identifier that nothing has hides nothing
		{"no space before the date", ".trivyignore", "CVE-1:exp:2026-01-01\n", `error .trivyignore:1: ignore: "CVE-1:exp:2026-01-01" has no space before exp: write CVE-1 exp:2026-01-01: not an entry of an ignore list`},
		{"trivy's YAML", ".trivyignore.yaml", `
vulnerabilities:
  - id: CVE-2022-40897
    paths: ["usr/local/lib/python3.9/site-packages/setuptools-58.1.0.dist-info/METADATA", "/opt/**"]
    statement: |
      Accept
      the risk
  - id: CVE-2023-2650
    expired_at: 2023-09-01
    purls: ["pkg:deb/debian/libssl1.1", "pkg:npm/%40a/b@1"]
misconfigurations:
  - id: AVD-DS-0001
secrets:
  - id: aws-access-key-id
    paths: [foo/bar]
licenses:
  - id: GPL-3.0
`, "CVE-2022-40897 path=/usr/local/lib/python3.9/site-packages/setuptools-58.1.0.dist-info/METADATA reason=Accept the risk (.trivyignore.yaml:3)\nCVE-2022-40897 path=/opt/** reason=Accept the risk (.trivyignore.yaml:3)\n" +
			"CVE-2023-2650 package=pkg:deb/debian/libssl1.1 until=2023-09-01T00:00:00Z (.trivyignore.yaml:8)\nCVE-2023-2650 package=pkg:npm/%40a/b@1 until=2023-09-01T00:00:00Z (.trivyignore.yaml:8)\n" +
			"secrets:aws-access-key-id path=/foo/bar (.trivyignore.yaml:14)\n" +
			"note .trivyignore.yaml:12: not carried over: an entry of misconfigurations, which this program does not report\nnote .trivyignore.yaml:14: secrets:aws-access-key-id: the rules for secrets have other names, which only partly agree\n" +
			"note .trivyignore.yaml:17: not carried over: an entry of licenses, which this program does not report"},
		{"a wrong key of trivy", ".trivyignore.yaml", "vulnerabilities:\n  - id: CVE-1\n    expires: 2026-01-01\n", `error .trivyignore.yaml: line 3: an entry has no "expires": not an entry of an ignore list`},
		{"no id", ".trivyignore.yaml", "vulnerabilities:\n  - paths: [a]\n", "error .trivyignore.yaml: line 2: an entry has no id: not an entry of an ignore list"},

		{"osv-scanner", "osv-scanner.toml", `
[[IgnoredVulns]]
id = "GO-2022-0968"
ignoreUntil = 2022-11-09
reason = "No ssh servers are connected to or hosted in Go lang"

[[IgnoredVulns]]
id = "GO-2022-1059"
ignoreUntil = 2030-01-01T12:00:00+01:00

[[PackageOverrides]]
name = "lib"
version = "1.0.0"
ecosystem = "Go"
vulnerability.ignore = true
effectiveUntil = 2026-11-09
reason = "abc"

[[PackageOverrides]]
name = "other"
ecosystem = "npm"
ignore = true
license.override = ["MIT"]

[[PackageOverrides]]
ecosystem = "PyPI"
license.override = ["MIT"]

[[PackageOverrides]]
group = "dev"
ignore = true
`, "GO-2022-0968 reason=No ssh servers are connected to or hosted in Go lang until=2022-11-09T00:00:00Z (osv-scanner.toml:IgnoredVulns[0])\nGO-2022-1059 until=2030-01-01T11:00:00Z (osv-scanner.toml:IgnoredVulns[1])\n" +
			"package=lib type=golang version=1.0.0 reason=abc until=2026-11-09T00:00:00Z (osv-scanner.toml:PackageOverrides[0])\npackage=other type=npm (osv-scanner.toml:PackageOverrides[1])\n" +
			"note osv-scanner.toml:PackageOverrides[1]: not carried over: the part about licences\nnote osv-scanner.toml:PackageOverrides[2]: not carried over: it is about licences only\nnote osv-scanner.toml:PackageOverrides[3]: not carried over: it has no name of a package"},
		{"no TOML", "osv-scanner.toml", "[[", "error osv-scanner.toml: line 1: "},
		{"our own", ".hullmarkignore", "CVE-1 until:2026-01-01\n", "CVE-1 until=2026-01-01T23:59:59Z (.hullmarkignore:1)"},
	} {
		list, notes, err := ignore.ReadAny(strings.NewReader(c.text), c.file)
		var lines []string
		for i := range list {
			lines = append(lines, describe(&list[i]))
		}
		for _, n := range notes {
			lines = append(lines, "note "+n)
		}
		if err != nil {
			lines = append(lines, "error "+err.Error())
		}
		if got := strings.Join(lines, "\n"); got != c.want && !(c.name == "no TOML" && strings.HasPrefix(got, c.want)) {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
	for _, file := range []string{"a.yaml", "a.toml", ".trivyignore"} {
		if _, _, err := ignore.ReadAny(strings.NewReader(strings.Repeat("# a\n", 2<<20)), file); err == nil || !strings.Contains(err.Error(), "more than 4194304 bytes") {
			t.Errorf("%s: %v", file, err)
		}
	}
	many := "vulnerabilities:\n  - id: CVE-1\n    paths: [" + strings.Repeat("a,", 400) + "]\n    purls: [" + strings.Repeat("pkg:npm/a,", 400) + "]\n"
	if _, _, err := ignore.ReadAny(strings.NewReader(many), "a.yaml"); err == nil || !strings.Contains(err.Error(), "more than 100000 entries") {
		t.Errorf("paths times packages: %v", err)
	}
}

// TestOtherReports repeats situations that users of these tools reported.
func TestOtherReports(t *testing.T) {
	for _, c := range []struct{ report, file, text, err string }{
		{"mullvadvpn-app 7065: a date under the name of another section never ended", "osv-scanner.toml", "[[IgnoredVulns]]\nid = \"GO-1\"\neffectiveUntil = 2026-01-01\n", "line 3: unknown key IgnoredVulns.effectiveUntil"},
		{"osv-scanner 1155: a key that was only wished for", "osv-scanner.toml", "ignore = true\n", "line 1: unknown key ignore"},
	} {
		list, _, err := ignore.ReadAny(strings.NewReader(c.text), c.file)
		if list != nil || err == nil || !strings.Contains(err.Error(), c.err) || !errors.Is(err, ignore.ErrSyntax) {
			t.Errorf("%s: %v, %v", c.report, list, err)
		}
	}
}

func FuzzReadAny(f *testing.F) {
	f.Add("a.yaml", "ignore: [{vulnerability: CVE-1, package: {name: a, location: /a}}]\n")
	f.Add("a.yaml", "vulnerabilities: [{id: CVE-1, paths: [a, b], purls: ['pkg:npm/a'], expired_at: 2026-01-01}]\n")
	f.Add("osv-scanner.toml", "[[IgnoredVulns]]\nid = \"a\"\nignoreUntil = 2026-01-01\n")
	f.Add(".trivyignore", "CVE-1 exp:2026-01-01 # a\n")
	f.Fuzz(func(t *testing.T, name, text string) {
		list, _, err := ignore.ReadAny(strings.NewReader(text), name)
		if err != nil && list != nil {
			t.Error("both a list and an error")
		}
		for i := range list {
			if g := &list[i]; g.Subject() == "" || g.Origin == "" {
				t.Errorf("%+v", g)
			}
		}
	})
}
