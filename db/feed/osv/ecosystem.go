package osv

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/db/feed/internal/suseproduct"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/distro"
)

// errEcosystem reports a package whose ecosystem has no known PURL type.
var errEcosystem = errors.New("unknown ecosystem")

// keyOf returns the key of a package from OSV's names of the ecosystem and the package. Sources:
// https://ossf.github.io/osv-schema/#defined-ecosystems and the PURL types.
//
// Names have the normal form of their type, see matcher.PackageKey. keyOf ignores a suffix of the ecosystem that is not a release, such as
// the URL of another registry.
func keyOf(ecosystem, name string) (matcher.Key, error) {
	eco, suffix, _ := strings.Cut(ecosystem, ":")
	if name == "" || eco == "" {
		return matcher.Key{}, errors.New("no package")
	}
	if k, ok := distribution(eco, suffix); ok {
		k.Name = name
		return k, nil
	}
	switch eco {
	case "Root", "TuxCare": // patched packages of other ecosystems: "Root:Alpine:3.18"
		if inner, _, _ := strings.Cut(suffix, ":"); inner == "Root" || inner == "TuxCare" {
			return matcher.Key{}, fmt.Errorf("%w %.80q", errEcosystem, ecosystem)
		}
		return keyOf(suffix, name)
	case "Linux": // the kernel of kernel.org
		return matcher.PackageKey("generic", "", name), nil
	case "Kubernetes", "kubernetes": // modules of Go: "k8s.io/kubernetes"
		return keyOf("Go", name)
	case "Maven":
		group, artifact, ok := strings.Cut(name, ":")
		if !ok || group == "" || artifact == "" {
			return matcher.Key{}, fmt.Errorf("%.80q is not group:artifact", name)
		}
		return matcher.PackageKey("maven", group, artifact), nil
	case "SwiftURL":
		name = strings.TrimSuffix(strings.TrimPrefix(name, "https://"), ".git")
	}
	if l, ok := languages[eco]; ok {
		namespace := ""
		if i := strings.LastIndexByte(name, '/'); i >= 0 && l.namespaces {
			namespace, name = name[:i], name[i+1:]
		}
		return matcher.PackageKey(l.purlType, namespace, name), nil
	}
	return matcher.Key{}, fmt.Errorf("%w %.80q", errEcosystem, ecosystem)
}

// repository returns the key of a block without a package, which has commits of repositories: that of the first repository at GitHub. OSV calls
// such records GIT. Their versions are tags.
func (b *affected) repository() (matcher.Key, bool) {
	for _, r := range b.Ranges {
		path, ok := strings.CutPrefix(r.Repo, "https://github.com/")
		owner, name, two := strings.Cut(strings.TrimSuffix(strings.TrimSuffix(path, "/"), ".git"), "/")
		if r.Type == "GIT" && ok && two && owner != "" && name != "" && !strings.Contains(name, "/") {
			return matcher.PackageKey("github", owner, name), true
		}
	}
	return matcher.Key{}, false
}

// languages lists the ecosystems other than distributions: their PURL type, and whether names contain a namespace, which ends at the last
// slash.
var languages = map[string]struct {
	purlType   string
	namespaces bool
}{
	"PyPI":           {"pypi", false},
	"npm":            {"npm", true},
	"Packagist":      {"composer", true},
	"Go":             {"golang", true}, // "stdlib" and "toolchain" have no namespace
	"crates.io":      {"cargo", false},
	"RubyGems":       {"gem", false},
	"NuGet":          {"nuget", false},
	"Hex":            {"hex", true},
	"Pub":            {"pub", false},
	"SwiftURL":       {"swift", true},
	"GitHub Actions": {"github", true},
	"CRAN":           {"cran", false},
	"Bioconductor":   {"bioconductor", false},
	"Hackage":        {"hackage", false},
	"ConanCenter":    {"conan", false},
	"Julia":          {"julia", false},
	"opam":           {"opam", false},
	"Bitnami":        {"bitnami", false},
}

// distribution returns the key of a distribution's packages. The namespace is the distribution's ID in os-release(5).
func distribution(ecosystem, suffix string) (matcher.Key, bool) {
	if ecosystem == hardened { // "Debian:13"
		base, release, ok := strings.Cut(suffix, ":")
		d, known := distro.Lookup(base)
		return matcher.Key{Type: d.Type, Namespace: "dhi", Release: release}, ok && known && release != ""
	}
	i := slices.IndexFunc(distributions, func(d exported) bool { return d.ecosystem == ecosystem })
	if i < 0 {
		return matcher.Key{}, false
	}
	d := distributions[i].row()
	switch d.ID {
	case "ubuntu":
		return ubuntu(suffix)
	case "rhel": // "enterprise_linux:9::appstream", the end of a CPE
		product, rest, _ := strings.Cut(suffix, ":")
		suffix, _, _ = strings.Cut(rest, ":")
		if product != "enterprise_linux" {
			return matcher.Key{}, false
		}
	case "sles": // "Linux Enterprise Server 15 SP5"
		return suseproduct.Ecosystem("SUSE " + suffix), suffix != ""
	case "opensuse-leap":
		leap, ok := strings.CutPrefix(suffix, "Leap ")
		if micro, ok := strings.CutPrefix(leap, "Micro "); ok {
			return matcher.Key{Type: "rpm", Namespace: "opensuse-leap-micro", Release: micro}, true
		}
		if suffix == "Tumbleweed" {
			return matcher.Key{Type: "rpm", Namespace: "opensuse-tumbleweed"}, true
		} else if !ok {
			return matcher.Key{}, false
		}
		suffix = leap
	}
	release := distro.ReleaseOf(d.ID, suffix, "")
	return matcher.Key{Type: d.Type, Namespace: d.ID, Release: release}, d.Rolling == (suffix == "")
}

// ubuntu parses "22.04:LTS", "23.10", "Pro:16.04:LTS" and "Pro:FIPS-updates:20.04:LTS". The updates of Ubuntu Pro are not on every machine,
// so they have releases of their own: "16.04/pro", "20.04/pro/fips-updates".
func ubuntu(suffix string) (matcher.Key, bool) {
	version, pocket := "", ""
	for _, part := range strings.Split(suffix, ":") {
		switch {
		case part == "LTS" && version != "":
		case part != "" && part[0] >= '0' && part[0] <= '9' && version == "":
			version = part
		case part != "" && version == "":
			pocket += "/" + strings.ToLower(part)
		default:
			return matcher.Key{}, false
		}
	}
	if version == "" {
		return matcher.Key{}, false
	}
	return matcher.Key{Type: "deb", Namespace: "ubuntu", Release: distro.ReleaseOf("ubuntu", version, "") + pocket}, true
}
