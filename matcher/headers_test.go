package matcher_test

import (
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
)

// TestHeaders marks the matches of packages that have headers of the kernel, as other scanners' users ask for:
// github.com/aquasecurity/trivy/issues/1106, 1596 and 4226, github.com/anchore/grype/issues/1762, github.com/docker-library/ruby/issues/466,
// github.com/quay/clair/issues/428.
func TestHeaders(t *testing.T) {
	source := advisories{}
	for _, k := range []matcher.Key{
		{Type: "deb", Namespace: "debian", Release: "12", Name: "linux"},
		{Type: "rpm", Namespace: "amzn", Release: "2023", Name: "kernel"},
		{Type: "apk", Namespace: "alpine", Release: "3.20", Name: "linux"},
	} {
		source = append(source, matcher.Advisory{ID: "CVE-2024-1086", Key: k})
	}
	for purlType, c := range map[string]struct {
		distro           analyzer.Distro
		source           string
		headers, kernels []string
	}{
		"deb": {analyzer.Distro{ID: "debian", VersionID: "12"}, "linux",
			[]string{"linux-libc-dev", "linux-libc-dev-arm64-cross", "linux-headers-amd64", "linux-headers-6.1.0-13-common", "linux-aws-headers-6.5.0-1014"},
			[]string{"linux-image-6.1.0-13-amd64", "linux-perf", "linux-source-6.1", "bpftool", "linux-kbuild-6.1"}},
		"rpm": {analyzer.Distro{ID: "amzn", VersionID: "2023"}, "kernel",
			[]string{"kernel-headers", "kernel-devel", "kernel6.12-headers", "kernel-uek-devel", "kernel-cross-headers", "linux-glibc-devel"},
			[]string{"kernel", "kernel-core", "kernel-tools", "kernel-modules", "bpftool", "perf"}},
		"apk": {analyzer.Distro{ID: "alpine", VersionID: "3.20.1"}, "linux",
			[]string{"linux-headers", "linux-lts-dev", "linux-virt-dev"}, []string{"linux-lts", "linux-virt", "perf"}},
	} {
		for i, name := range append(c.headers, c.kernels...) {
			report := &analyzer.Report{Distro: &c.distro, Components: []analyzer.Component{{ID: "a", Package: analyzer.Package{
				Type: purlType, Namespace: c.distro.ID, Name: name, Version: "6.1.1-r1", System: true, SourcePackage: &analyzer.SourcePackage{Name: c.source},
			}}}}
			result, err := matcher.Matcher{Source: source}.Match(t.Context(), report)
			if err != nil || len(result.Matches) != 1 || result.Matches[0].Headers != (i < len(c.headers)) {
				t.Errorf("%s %s: %+v, %v", purlType, name, result, err)
			}
		}
	}
}
