// Package osrelease finds the Linux distribution of an image in the files that name it: os-release(5) in both of its places,
// and the older files that stand in for it.
//
// It finds no packages. Each file gives at most one [analyzer.Distro], in the words of os-release(5), and a rank: the
// file with the lowest rank counts, the others fill gaps. Package matcher/distro knows the parents of distributions;
// ID_LIKE is only a hint.
package osrelease

import (
	"context"
	"errors"
	"slices"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/diagnostic"
)

// maxSize is far above any of the files, the busybox executable included.
const maxSize = 16 << 20

// New returns the analyzer. It gives a Distro for each of the files it knows, and a Diagnostic for each line that it cannot read.
func New() analyzer.Analyzer {
	info := analyzer.Info{Name: "osrelease", Version: 2, MaxSize: maxSize}
	for _, s := range sources() {
		info.Patterns = append(info.Patterns, s.path)
	}
	return analyzer.Func(info, analyze)
}

// A source is a file that names the distribution, and how far it is to be trusted.
type source struct {
	path  string
	rank  int
	parse func(text []byte, d *analyzer.Distro, bad *diagnostic.List)
}

// sources lists the files in the order of precedence. os-release(5) puts /etc before /usr/lib. A file that
// only one distribution writes stands before redhat-release and debian_version, which derivatives leave as they found
// them: Oracle Linux's redhat-release says Red Hat, Ubuntu's debian_version says Debian.
func sources() []source {
	return []source{
		{"etc/os-release", 0, parseOSRelease},
		{"usr/lib/os-release", 1, parseOSRelease},
		{"etc/lsb-release", 2, parseLSBRelease},
		{"etc/openwrt_release", 2, parseLSBRelease},
		{"etc/alpine-release", 3, parseAlpineRelease},
		{"etc/almalinux-release", 3, parseRelease},
		{"etc/amazon-linux-release", 3, parseRelease},
		{"etc/azurelinux-release", 3, parseRelease},
		{"etc/centos-release", 3, parseRelease},
		{"etc/enterprise-release", 3, parseRelease},
		{"etc/fedora-release", 3, parseRelease},
		{"etc/gentoo-release", 3, parseRelease},
		{"etc/mariner-release", 3, parseRelease},
		{"etc/openEuler-release", 3, parseRelease},
		{"etc/oracle-release", 3, parseRelease},
		{"etc/photon-release", 3, parseRelease},
		{"etc/rocky-release", 3, parseRelease},
		{"etc/SuSE-release", 3, parseSUSERelease},
		{"etc/redhat-release", 4, parseRelease},
		{"etc/system-release", 4, parseRelease},
		{"etc/system-release-cpe", 5, parseSystemCPE},
		{"usr/lib/system-release-cpe", 5, parseSystemCPE},
		{"etc/debian_version", 6, parseDebianVersion},
		{"bin/busybox", 9, parseBusybox},
		{"usr/bin/busybox", 9, parseBusybox},
	}
}

func analyze(_ context.Context, f *analyzer.File) (*analyzer.Result, error) {
	all := sources()
	i := slices.IndexFunc(all, func(s source) bool { return s.path == f.Path })
	if i < 0 {
		return nil, errors.New("osrelease: not a file that names a distribution")
	}
	text, err := f.Bytes()
	if err != nil {
		return nil, err
	}
	d := &analyzer.Distro{}
	var bad diagnostic.List
	all[i].parse(text, d, &bad)
	r := &analyzer.Result{Diagnostics: bad.Diagnostics()}
	if d.ID != "" || d.VersionID != "" || d.Codename != "" || d.Name != "" || d.Like != nil || d.CPE != "" {
		d.Rank = all[i].rank
		r.Distro = d
	}
	return r, nil
}
