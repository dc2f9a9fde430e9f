// Package traces finds traces of package managers that no analyzer of this module reads, so that a scan reports these gaps: the
// store of Nix, the databases of pacman and Portage, the libraries of R, Perl and others.
//
// It finds no packages. Each trace is a [analyzer.NotRead] diagnostic, or [analyzer.Unsupported] for a lock file. A report has one for each
// manager.
package traces

import (
	"context"
	"fmt"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/pattern"
)

// A manager is a package manager that no analyzer reads.
type manager struct {
	purlType string // by the registered types of purl-spec, else the manager's name
	name     string
	patterns []string // of files that packages have once they are installed
}

// A lock is a lock file that no analyzer reads. It is no evidence of installation, so it does not fail gates.
type lock struct{ purlType, name, pattern string }

var locks = []lock{
	{"hex", "Mix", "**/mix.lock"},
	{"pub", "pub", "**/pubspec.lock"},
	{"swift", "Swift", "**/Package.resolved"},
	{"cocoapods", "CocoaPods", "**/Podfile.lock"},
	{"conan", "Conan", "**/conan.lock"},
	{"cargo", "Cargo", "**/Cargo.lock"},
	{"conda", "conda", "**/conda-lock.yml"},
	{"conda", "pixi", "**/pixi.lock"},
	{"npm", "Deno", "**/deno.lock"},
}

// managers lists the places where each manager keeps installed packages, by its own documentation.
var managers = []manager{
	{"alpm", "pacman (Arch Linux)", []string{"var/lib/pacman/local/*/desc"}},
	{"ebuild", "Portage (Gentoo)", []string{"var/db/pkg/*/*/PF", "var/db/pkg/*/*/CONTENTS"}},
	{"nix", "Nix", []string{"nix/store/**"}},
	{"guix", "Guix", []string{"gnu/store/**"}},
	{"xbps", "XBPS (Void Linux)", []string{"var/db/xbps/pkgdb-*.plist"}},
	{"slackware", "pkgtools (Slackware)", []string{"var/lib/pkgtools/packages/*", "var/log/packages/*"}},
	{"eopkg", "eopkg (Solus)", []string{"var/lib/eopkg/package/*/metadata.xml"}},
	{"swupd", "swupd (Clear Linux)", []string{"usr/share/clear/bundles/*"}},
	{"pkgng", "pkg (FreeBSD)", []string{"var/db/pkg/local.sqlite"}},
	{"brew", "Homebrew", []string{"home/linuxbrew/.linuxbrew/Cellar/*/*/INSTALL_RECEIPT.json", "opt/homebrew/Cellar/*/*/INSTALL_RECEIPT.json", "usr/local/Cellar/*/*/INSTALL_RECEIPT.json"}},
	{"snap", "snapd", []string{"var/lib/snapd/snaps/*.snap"}},
	{"flatpak", "Flatpak", []string{"var/lib/flatpak/app/*/*/*/*/metadata", "var/lib/flatpak/runtime/*/*/*/*/metadata"}},
	{"spack", "Spack", []string{"**/.spack-db/index.json", "**/.spack/spec.json"}},
	{"otp", "Erlang and Elixir", []string{"**/ebin/*.app"}},
	{"cpan", "Perl", []string{"**/.packlist", "**/perllocal.pod", "**/.meta/*/install.json"}},
	{"luarocks", "LuaRocks", []string{"**/*.rockspec", "**/rock_manifest"}},
	{"hackage", "GHC (Haskell)", []string{"**/package.conf.d/*.conf"}},
	{"opam", "opam (OCaml)", []string{"**/.opam-switch/switch-state"}},
	{"julia", "Julia", []string{"**/.julia/packages/*/*/Project.toml"}},
	{"conan", "Conan", []string{"**/conaninfo.txt"}},
	{"vcpkg", "vcpkg", []string{"**/vcpkg/status", "**/vcpkg/info/*.list"}},
}

// New returns the analyzer.
func New() analyzer.Analyzer {
	info := analyzer.Info{Name: "traces", Version: 3, NamesOnly: true}
	index := new(pattern.Index)
	var found []analyzer.Diagnostic // by the numbers in index
	add := func(d analyzer.Diagnostic, patterns ...string) {
		info.Patterns = append(info.Patterns, patterns...)
		if err := pattern.Compile(len(found), patterns, nil, index, nil); err != nil {
			panic(err) // a fault of the tables, which the tests find
		}
		found = append(found, d)
	}
	for _, m := range managers {
		add(analyzer.Diagnostic{Code: analyzer.NotRead, Type: m.purlType, Message: fmt.Sprintf("packages of %s are not read", m.name)}, m.patterns...)
	}
	for _, l := range locks {
		add(analyzer.Diagnostic{Code: analyzer.Unsupported, Type: l.purlType, Message: fmt.Sprintf("lock files of %s are not read", l.name)}, l.pattern)
	}
	return analyzer.Func(info, func(_ context.Context, f *analyzer.File) (*analyzer.Result, error) {
		r := new(analyzer.Result)
		for _, i := range index.Find(f.Path, nil) {
			r.Diagnostics = append(r.Diagnostics, found[i])
		}
		return r, nil
	})
}
