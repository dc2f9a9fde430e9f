package rpm

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/membudget"
	"github.com/hullmark/hullmark/internal/diagnostic"
	"github.com/hullmark/hullmark/internal/rpmdb"
	"github.com/hullmark/hullmark/internal/testing/hostile"
)

func TestFromHeader(t *testing.T) {
	got := fromHeader(&rpmdb.Header{
		Name: "device-mapper", Epoch: 8, Version: "1.02.181", Release: "3.el8", Arch: "x86_64",
		License: "GPLv2", Vendor: "Red Hat, Inc.", SourceRPM: "lvm2-2.03.14-3.el8.src.rpm",
		ModularityLabel: "storage:1:2:3",
		Files:           []string{"/", "/usr/sbin/dmsetup", "//etc/../etc/x/", "relative"},
		Provides:        []string{"device-mapper", "libdm.so"},
		Requires:        []string{"libdm.so", "/bin/sh", "rpmlib(PayloadIsXz)", "libc.so.6()(64bit)", "/bin/sh", "device-mapper"},
	}, nil)
	if got.Type != "rpm" || !got.System || got.Version != "8:1.02.181-3.el8" || got.Arch != "x86_64" || got.Vendor != "Red Hat, Inc." ||
		got.Namespace != "" || got.Qualifiers["rpmmod"] != "storage:1:2:3" {
		t.Errorf("got %+v", got)
	}
	if o := got.SourcePackage; o == nil || o.Name != "lvm2" || o.Version != "8:2.03.14-3.el8" {
		t.Errorf("got origin %+v", got.SourcePackage)
	}
	if want := []string{"usr/sbin/dmsetup", "etc/x", "relative"}; !slices.Equal(got.Files, want) {
		t.Errorf("got files %q, want %q", got.Files, want)
	}
	if want := []string{"/bin/sh", "libc.so.6()(64bit)"}; !slices.Equal(got.Depends, want) {
		t.Errorf("got depends %q, want %q", got.Depends, want)
	}
}

func TestOrigin(t *testing.T) {
	for file, want := range map[string]string{
		"bash-5.1.8-6.el9.src.rpm":               "bash 5.1.8-6.el9",
		"python-rpm-macros-3-43.el8.src.rpm":     "python-rpm-macros 3-43.el8",
		"kernel-azure-5.14-1.nosrc.rpm":          "kernel-azure 5.14-1",
		"bash-5.1.8-6.el9.x86_64.rpm":            "",
		"bash.src.rpm":                           "",
		"bash-5.src.rpm":                         "",
		"-5-6.src.rpm":                           "",
		"":                                       "",
		"libpng12-1.2.57-2.module_el8+1.src.rpm": "libpng12 1.2.57-2.module_el8+1",
	} {
		got := ""
		if o := origin(file, 0); o != nil {
			got = o.Name + " " + o.Version
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", file, got, want)
		}
	}
}

func TestOperands(t *testing.T) {
	for dependency, want := range map[string][]string{
		"(a and b)":                              {"a", "b"},
		"(a or b or c)":                          {"a", "b", "c"},
		"(a if b)":                               {"a"},
		"(a if b else c)":                        {"a", "c"},
		"(a unless b else c)":                    {"a", "c"},
		"(a >= 1.2-3 or b < 2)":                  {"a", "b"},
		"(a with b)":                             {"a", "b"},
		"(a without b)":                          {"a"},
		"(a or (b and c))":                       {"a", "b", "c"},
		"((a and b) if (c or d))":                {"a", "b"},
		"(libx.so.1()(64bit) if config(y) >= 1)": {"libx.so.1()(64bit)"},
		"( a )":                                  {"a"},

		"()":                        {"()"},
		"(a":                        {"(a"},
		"(a b)":                     {"(a b)"},
		"(a and)":                   {"(a and)"},
		"(a and b) c":               {"(a and b) c"},
		"(a and (b or":              {"(a and (b or"},
		strings.Repeat("(", 100000): {strings.Repeat("(", 100000)},
	} {
		if got := operands(dependency); !slices.Equal(got, want) {
			t.Errorf("%.40s: got %.100q, want %.100q", dependency, got, want)
		}
	}
}

func TestProvidePaths(t *testing.T) {
	pkgs := []analyzer.Package{
		{Name: "app", Depends: []string{"/bin/sh", "/sbin/ldconfig", "/usr/bin/perl", "/no/such", "libc"}},
		{Name: "dash", Files: []string{"bin/dash", "usr/bin/sh"}},
		{Name: "bash", Files: []string{"bin/sh"}, Provides: []string{"bash"}},
		{Name: "glibc", Files: []string{"usr/sbin/ldconfig"}, Provides: []string{"libc"}},
		{Name: "perl", Files: []string{"usr/bin/perl"}, Provides: []string{"/usr/bin/perl"}},
	}
	providePaths(pkgs, nil)
	for i, want := range [][]string{nil, nil, {"bash", "/bin/sh"}, {"libc", "/sbin/ldconfig"}, {"/usr/bin/perl"}} {
		if !slices.Equal(pkgs[i].Provides, want) {
			t.Errorf("%s: got %q, want %q", pkgs[i].Name, pkgs[i].Provides, want)
		}
	}
}

const manifestText = "glibc\t2.35-2.cm2\t1653816591\t1653628955\tMicrosoft Corporation\t(none)\t10855265\tx86_64\t0\tglibc-2.35-2.cm2.src.rpm\n" +
	"gpg-pubkey\t3135ce90-5e6fda74\t0\t0\t(none)\t(none)\t0\t(none)\t0\t(none)\r\n" +
	"vim\t9.0-1.cm2\t1653816591\t1653753130\tMicrosoft Corporation\t2\t45000\tx86_64\t2\tvim-9.0-1.cm2.src.rpm"

func TestManifest(t *testing.T) {
	r, _ := parseManifest(manifestText, nil)
	if len(r.Diagnostics) > 0 || len(r.Packages) != 2 {
		t.Fatalf("got %+v", r)
	}
	p := r.Packages[1]
	if p.Name != "vim" || p.Version != "2:9.0-1.cm2" || p.Arch != "x86_64" || p.Vendor != "Microsoft Corporation" || !p.System ||
		p.SourcePackage == nil || *p.SourcePackage != (analyzer.SourcePackage{Name: "vim", Version: "2:9.0-1.cm2"}) {
		t.Errorf("got %+v", p)
	}
	for line, want := range map[string]string{
		"a\t1-1\t0\t0":                                     "line 1: 4 columns, want 10",
		"a\t11\t0\t0\tv\t0\t0\tx\t0\t(none)":               `line 1: name "a", version and release "11"`,
		"\t1-1\t0\t0\tv\t0\t0\tx\t0\t(none)":               `line 1: name "", version and release "1-1"`,
		"a\t1-1\t0\t0\tv\t0\t0\tx\tone\t(none)":            `line 1: epoch "one": not a number`,
		"a\t1-1\t0\t0\tv\t0\t0\tx\t0\ta.src.rpm":           `line 1: source package "a.src.rpm": not name-version-release.src.rpm`,
		strings.Repeat("x\n", 20):                          "4 more problems",
		"\n\na\t1-1\t0\t0\tv\t0\t0\tx\t4294967296\t(none)": `line 3: epoch "4294967296": not a number`,
	} {
		if err := diagnostic.Err(parseManifest(line, nil)); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%q: got error %v, want %s", line, err, want)
		}
	}
}

// container-manifest-1 is read only where container-manifest-2 does not say the same.
func TestList(t *testing.T) {
	const dir = "var/lib/rpmmanifest/"
	list := []byte("glibc-2.35-2.cm2.x86_64\ngpg-pubkey-3135ce90-5e6fda74\nopenssl-libs-1.1.1k-15.cm2.x86_64\n")
	full := analyzer.NewFile(dir+manifestName, 0o644, []byte(manifestText))
	short := analyzer.NewFile(dir+manifestName, 0o644, []byte("glibc\t2.35-2.cm2\t1653816591\t1653628955\n"))
	for _, c := range []struct {
		name     string
		siblings []*analyzer.File
		want     int
	}{{"alone", nil, 2}, {"beside a manifest", []*analyzer.File{full}, 0}, {"beside one of four columns", []*analyzer.File{short}, 2}} {
		r, err := New().Analyze(t.Context(), analyzer.NewFile(dir+listName, 0o644, list, c.siblings...))
		if err != nil || len(r.Packages) != c.want {
			t.Errorf("%s: got %+v and error %v, want %d packages", c.name, r, err, c.want)
			continue
		}
		if c.want > 0 && (r.Packages[1].Name != "openssl-libs" || r.Packages[1].Version != "1.1.1k-15.cm2" || r.Packages[1].Arch != "x86_64") {
			t.Errorf("%s: got %+v", c.name, r.Packages[1])
		}
	}
	for _, line := range []string{"openssl-libs.1.1.1k-15.cm2.x86_64", "nothing", "a-1.noarch"} {
		if r, _ := parseList(line, nil); len(r.Diagnostics) == 0 || len(r.Packages) > 0 {
			t.Errorf("%s: got %+v", line, r)
		}
	}
}

func TestErrorKinds(t *testing.T) {
	btree := make([]byte, 512)
	copy(btree[12:], []byte{0x62, 0x31, 0x05, 0x00})
	for _, c := range []struct {
		name    string
		content []byte
		want    error
	}{{"B-tree of rpm 5", btree, analyzer.ErrUnsupported}, {"empty", nil, rpmdb.ErrUnknownFormat}} {
		r, err := New().Analyze(t.Context(), analyzer.NewFile("var/lib/rpm/Packages", 0o644, c.content))
		if !errors.Is(err, c.want) || len(r.Packages) != 0 {
			t.Errorf("%s: got %+v and error %v, want %v", c.name, r, err, c.want)
		}
	}
}

func FuzzManifest(f *testing.F) {
	f.Add(manifestText)
	f.Add("glibc-2.35-2.cm2.x86_64\n")
	for _, body := range []string{"p-1-1#.noarch\n", "-1-1.x\n", strings.Repeat("-", 50) + "\n", "p-1-1.\n", strings.Repeat("\t", 9) + "\n", "p\t1-1\t0\t0\t(none)\t(none)\t0\tx\t99999999999\tx.src.rpm\n", "gpg-pubkey\t1-1\n"} {
		f.Add(string(hostile.Times(20, "", body, "")))
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, parse := range []func(string, *membudget.Meter) (*analyzer.Result, error){parseManifest, parseList} {
			r, _ := parse(text, nil)
			for _, p := range r.Packages {
				if p.Name == "" || !strings.Contains(p.Version, "-") {
					t.Fatalf("%+v", p)
				}
			}
		}
	})
}

func FuzzOperands(f *testing.F) {
	f.Add("((a and b) if (c()(64bit) >= 1 or d))")
	for _, s := range []string{strings.Repeat("(", 100) + "a", strings.Repeat("(a and ", 50) + "b" + strings.Repeat(")", 50), "(" + strings.Repeat("a or ", 100) + "b)", "(a if b else)", "(and)", "()", "(a >= )", "(a()()((b)"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if s == "" || s[0] != '(' {
			return
		}
		if got := operands(s); len(got) == 0 || slices.Contains(got, "") {
			t.Fatalf("%q: %q", s, got)
		}
	})
}
