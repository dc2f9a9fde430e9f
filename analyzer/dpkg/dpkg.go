// Package dpkg reads the package databases of Debian's family: dpkg's own, the split one of distroless images, Ubuntu's
// manifest of chiselled ones, and that of opkg, which OpenWrt and Yocto use. A database may be many files; [New] reads
// each on its own:
//
//	status, status.d/NAME           packages
//	info/NAME.list, NAME.md5sums    fragments with Files
//	usr/share/doc/NAME/copyright    fragments with Licenses
//	manifest.wall                   packages that Chisel cut, without dpkg
//
// The format of the databases is deb822(5), its fields are those of deb-control(5), and which packages count as installed
// follows dpkg-query(1).
package dpkg

import (
	"context"
	"path"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
)

const (
	typeDeb  = "deb"
	typeOpkg = "opkg"
)

// New returns the analyzer. Packages are of type "deb", or "opkg" where opkg wrote them.
//
// A package's Vendor is its Maintainer. Its Namespace is empty where nothing says that somebody other than the
// distribution built it, and else names who did; see internal/thirdparty for the evidence.
func New() analyzer.Analyzer {
	return analyzer.Func(analyzer.Info{
		Name:    "dpkg",
		Version: 1,
		Patterns: []string{
			"var/lib/dpkg/status",
			"var/lib/dpkg/status.d/*",
			"var/lib/dpkg/info/*.list",
			"var/lib/dpkg/info/*.md5sums",
			"usr/lib/dpkg/status", // where some image builders move it
			"usr/lib/dpkg/info/*.list",
			"usr/lib/dpkg/info/*.md5sums",
			"usr/lib/opkg/status",
			"usr/lib/opkg/info/*.list",
			"var/lib/opkg/status",
			"var/lib/opkg/info/*.list",
			"usr/share/doc/*/copyright",
			"**/manifest.wall", // usually in var/lib/chisel
		},
	}, analyze)
}

func analyze(_ context.Context, f *analyzer.File) (*analyzer.Result, error) {
	dir, base := path.Split(f.Path)
	typ := typeDeb
	if strings.Contains(dir, "lib/opkg/") {
		typ = typeOpkg
	}
	if base == "manifest.wall" {
		pkgs, err := parseManifest(f.Open())
		return &analyzer.Result{Packages: pkgs}, err
	}
	stem, ext := base, path.Ext(base)
	switch ext {
	case ".list", ".md5sums":
		stem = strings.TrimSuffix(base, ext)
	case ".conffiles", ".config", ".postinst", ".postrm", ".preinst", ".prerm", ".shlibs", ".symbols", ".templates", ".triggers":
		return nil, nil // further members of a package's control archive, which status.d keeps beside it
	}
	text, err := f.Bytes()
	if err != nil {
		return nil, err
	}
	name, arch, _ := strings.Cut(stem, ":")
	part := analyzer.Package{Type: typ, Name: name, Arch: arch}
	switch {
	case ext == ".list":
		part.Files = parseList(text)
	case ext == ".md5sums":
		part.Files, err = parseMD5Sums(text)
	case base == "copyright":
		part.Name, part.Arch = path.Base(path.Clean(dir)), ""
		part.Licenses, err = parseCopyright(text)
	default:
		split := path.Base(path.Clean(dir)) == "status.d"
		var pkgs []analyzer.Package
		pkgs, err = parseStatus(text, typ, split)
		return &analyzer.Result{Packages: pkgs}, err
	}
	if len(part.Files) == 0 && len(part.Licenses) == 0 {
		return nil, err
	}
	return &analyzer.Result{Fragments: []analyzer.Package{part}}, err
}
