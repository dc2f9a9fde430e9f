// Package dpkg reads the package databases of Debian's family: dpkg's own, the split one of distroless images, the manifest of
// Ubuntu's chiselled images, and that of opkg, which OpenWrt and Yocto use. A database may have many files. The analyzer reads
// each separately:
//
//	status, status.d/NAME           packages
//	info/NAME.list, NAME.md5sums    fragments with Files
//	usr/share/doc/NAME/copyright    fragments with Licenses
//	manifest.wall                   packages that Chisel installed without dpkg
//
// The format of the databases is deb822(5) with the fields of deb-control(5). A package is installed in the sense of
// dpkg-query(1).
package dpkg

import (
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/membudget"
	"github.com/hullmark/hullmark/internal/diagnostic"
)

const (
	typeDeb  = "deb"
	typeOpkg = "opkg"
)

// The sizes in bytes of the largest files that are read, and of their largest results. TestLargeInput reads a status of 200,000
// packages and the lists of a package with 500,000 files.
const (
	maxSize      = 96 << 20
	maxCopyright = 16 << 20
	maxPackages  = 96 << 20 // result of a status
	maxFiles     = 64 << 20 // result of a list of files
)

// New returns the analyzer. Packages have type "deb", or "opkg" if opkg installed them.
//
// Vendor is the Maintainer of the package. Namespace names the builder if the package's data shows that the distribution did
// not build it, and is empty otherwise; see distro.DebThirdParty for the evidence.
func New() analyzer.Analyzer {
	return analyzer.Func(analyzer.Info{
		Name:    "dpkg",
		Version: 1,
		Patterns: []string{
			"var/lib/dpkg/status",
			"var/lib/dpkg/status.d/*",
			"var/lib/dpkg/info/*.list",
			"var/lib/dpkg/info/*.md5sums",
			"usr/lib/dpkg/status", // some image builders move it here
			"usr/lib/dpkg/info/*.list",
			"usr/lib/dpkg/info/*.md5sums",
			"usr/lib/opkg/status",
			"usr/lib/opkg/info/*.list",
			"var/lib/opkg/status",
			"var/lib/opkg/info/*.list",
			"usr/share/doc/*/copyright",
			"**/manifest.wall", // usually in var/lib/chisel
		},
		MaxSize: maxSize,
	}, analyze)
}

func analyze(ctx context.Context, f *analyzer.File) (*analyzer.Result, error) {
	dir, base := path.Split(f.Path)
	typ := typeDeb
	if strings.Contains(dir, "lib/opkg/") {
		typ = typeOpkg
	}
	if base == "manifest.wall" {
		return parseManifest(f.Open(), membudget.New(ctx, f, maxPackages))
	}
	stem, ext := base, path.Ext(base)
	switch ext {
	case ".list", ".md5sums":
		stem = strings.TrimSuffix(base, ext)
	case ".conffiles", ".config", ".postinst", ".postrm", ".preinst", ".prerm", ".shlibs", ".symbols", ".templates", ".triggers":
		return nil, nil // other members of the control archive in status.d
	}
	if base == "copyright" && f.Size() > maxCopyright {
		return nil, fmt.Errorf("dpkg: copyright: %d bytes, more than %d: %w", f.Size(), maxCopyright, analyzer.ErrTooLarge)
	}
	text, err := f.Bytes()
	if err != nil {
		return nil, err
	}
	name, arch, _ := strings.Cut(stem, ":")
	part := analyzer.Package{Type: typ, Name: name, Arch: arch}
	var bad diagnostic.List
	switch {
	case ext == ".list":
		part.Files, err = parseList(text, membudget.New(ctx, f, maxFiles))
	case ext == ".md5sums":
		part.Files, err = parseMD5Sums(text, &bad, membudget.New(ctx, f, maxFiles))
	case base == "copyright":
		part.Name, part.Arch = path.Base(path.Clean(dir)), ""
		part.Licenses = parseCopyright(text, &bad)
	default:
		return parseStatus(text, typ, path.Base(path.Clean(dir)) == "status.d", membudget.New(ctx, f, maxPackages))
	}
	r := &analyzer.Result{Diagnostics: bad.Diagnostics()}
	if len(part.Files) > 0 || len(part.Licenses) > 0 {
		r.Fragments = []analyzer.Package{part}
	}
	return r, err
}
