package traces_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/dpkg"
	"github.com/hullmark/hullmark/analyzer/osrelease"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/analyzer/traces"
	"github.com/hullmark/hullmark/internal/testing/imagetest"
)

// Each trace is a file as its package manager installs it.
func TestTraces(t *testing.T) {
	for path, want := range map[string]string{
		"var/lib/pacman/local/zlib-1:1.3-2/desc":                          "alpm",
		"var/db/pkg/dev-libs/openssl-3.0.9/PF":                            "ebuild",
		"nix/store/0000000000000000000000000000000a-zlib-1.3/lib/libz.so": "nix",
		"gnu/store/0000000000000000000000000000000a-guile-3.0/bin/guile":  "guix",
		"var/db/xbps/pkgdb-0.38.plist":                                    "xbps",
		"var/lib/pkgtools/packages/bash-5.1-x86_64-1":                     "slackware",
		"home/linuxbrew/.linuxbrew/Cellar/jq/1.7/INSTALL_RECEIPT.json":    "brew",
		"usr/local/lib/erlang/lib/ssl-11.0/ebin/ssl.app":                  "otp",
		"usr/local/lib/perl5/site_perl/5.38.0/auto/Moose/.packlist":       "cpan",
		"usr/local/lib/luarocks/rocks-5.1/lpeg/1.0/lpeg-1.0.rockspec":     "luarocks",
		"opt/ghc/lib/package.conf.d/base-4.18.conf":                       "hackage",
		"root/.julia/packages/JSON/abcde/Project.toml":                    "julia",
		"app/pubspec.lock":        "pub",
		"app/mix.lock":            "hex",
		"app/Package.resolved":    "swift",
		"app/Cargo.lock":          "cargo",
		"app/conda-lock.yml":      "conda",
		"app/pixi.lock":           "conda",
		"app/deno.lock":           "npm",
		"usr/share/doc/zlib/desc": "",
		"usr/lib/x/DESCRIPTION":   "",
	} {
		r, err := scan.Scanner{Analyzers: []analyzer.Analyzer{traces.New()}}.ScanFS(t.Context(), fstest.MapFS{path: {Data: []byte("x")}})
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, d := range r.Diagnostics {
			got += d.Type
			if lock := strings.HasPrefix(path, "app/"); lock != (d.Code == analyzer.Unsupported) {
				t.Errorf("%s: %s", path, d.Code)
			}
		}
		if got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}

// An image has one diagnostic for each manager, at the first file that no package of the distribution owns.
func TestOneDiagnosticPerManager(t *testing.T) {
	status := "Package: libperl-a\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n\n"
	lower := new(imagetest.Layer).File("etc/os-release", "ID=debian\nVERSION_ID=12\n").File("var/lib/dpkg/status", status).
		File("var/lib/dpkg/info/libperl-a.list", "/.\n/usr/lib/perl5/auto/a/.packlist\n").
		File("usr/lib/perl5/auto/a/.packlist", "").File("app/pubspec.lock", "")
	upper := new(imagetest.Layer).File("app/.wh.pubspec.lock", "")
	for i := range 100 {
		lower.File(fmt.Sprintf("nix/store/%d-x/bin/x", i), strings.Repeat("x", i))
		upper.File(fmt.Sprintf("usr/lib/perl5/auto/p%02d/.packlist", i), "")
	}
	img, err := imagetest.Image(lower, upper)
	if err != nil {
		t.Fatal(err)
	}
	r, err := scan.Scanner{Analyzers: []analyzer.Analyzer{dpkg.New(), osrelease.New(), traces.New()}}.Scan(t.Context(), img)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range r.Diagnostics {
		got = append(got, fmt.Sprint(d.Code, " ", d.Layer, " ", d.Path, ": ", d))
	}
	want := []string{
		"not-read 0 nix/store/0-x/bin/x: packages of Nix are not read",
		"not-read 1 usr/lib/perl5/auto/p00/.packlist: packages of Perl are not read",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// A distribution without a package of its own is mentioned only by a scan that looks for such packages.
func TestNoDatabase(t *testing.T) {
	root := fstest.MapFS{"etc/os-release": {Data: []byte("ID=alpine\nVERSION_ID=3.20.3\nPRETTY_NAME=\"Alpine Linux v3.20\"\n")}}
	for want, list := range map[int][]analyzer.Analyzer{1: {osrelease.New(), dpkg.New()}, 0: {osrelease.New()}} {
		r, err := scan.Scanner{Analyzers: list}.ScanFS(t.Context(), root)
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Diagnostics) != want || want > 0 && r.Diagnostics[0].Code != analyzer.NotRead {
			t.Errorf("%v, want %d", r.Diagnostics, want)
		}
	}
}
