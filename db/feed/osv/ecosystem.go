package osv

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hullmark/hullmark/matcher"
)

// ErrEcosystem is the error of a package whose ecosystem has no PURL type, or none that is known here.
var ErrEcosystem = errors.New("unknown ecosystem")

// Key returns what advisories of a package are filed under, given the names of its ecosystem and of itself as OSV
// writes them. Sources: https://ossf.github.io/osv-schema/#defined-ecosystems and the PURL types.
//
// Names are in the normal form of their type: of PyPI by PEP 503, of Packagist, Go, NuGet, Hex, Pub and GitHub in lower
// case; those that hold a namespace are split. Of an ecosystem with a suffix that is no release, such as the URL of another
// registry, the suffix is dropped.
func Key(ecosystem, name string) (matcher.Key, error) {
	eco, suffix, _ := strings.Cut(ecosystem, ":")
	if name == "" || eco == "" {
		return matcher.Key{}, errors.New("no package")
	}
	if k, ok := distribution(eco, suffix); ok {
		k.Name = name
		return k, nil
	}
	lower := strings.ToLower(name)
	switch eco {
	case "PyPI":
		return matcher.Key{Type: "pypi", Name: pep503(name)}, nil
	case "npm":
		return namespaced("npm", name), nil
	case "Maven":
		group, artifact, ok := strings.Cut(name, ":")
		if !ok || group == "" || artifact == "" {
			return matcher.Key{}, fmt.Errorf("%.80q is not group:artifact", name)
		}
		return matcher.Key{Type: "maven", Namespace: group, Name: artifact}, nil
	case "Packagist":
		return namespaced("composer", lower), nil
	case "Go":
		return namespaced("golang", lower), nil // "stdlib" and "toolchain" have no namespace
	case "crates.io":
		return matcher.Key{Type: "cargo", Name: name}, nil
	case "RubyGems":
		return matcher.Key{Type: "gem", Name: name}, nil
	case "NuGet":
		return matcher.Key{Type: "nuget", Name: lower}, nil
	case "Hex":
		return namespaced("hex", lower), nil
	case "Pub":
		return matcher.Key{Type: "pub", Name: lower}, nil
	case "SwiftURL":
		return namespaced("swift", strings.TrimSuffix(strings.TrimPrefix(name, "https://"), ".git")), nil
	case "GitHub Actions":
		return namespaced("github", lower), nil
	case "CRAN":
		return matcher.Key{Type: "cran", Name: name}, nil
	case "Hackage":
		return matcher.Key{Type: "hackage", Name: name}, nil
	case "ConanCenter":
		return matcher.Key{Type: "conan", Name: name}, nil
	case "Julia":
		return matcher.Key{Type: "julia", Name: name}, nil
	case "opam":
		return matcher.Key{Type: "opam", Name: name}, nil
	case "Bitnami":
		return matcher.Key{Type: "bitnami", Name: lower}, nil
	}
	return matcher.Key{}, fmt.Errorf("%w %.80q", ErrEcosystem, ecosystem)
}

// distribution returns the key of a distribution's packages. Its namespace is the distribution's ID in os-release(5).
func distribution(eco, suffix string) (matcher.Key, bool) {
	var typ, id, version string
	switch eco {
	case "Debian":
		typ, id, version = "deb", "debian", suffix
	case "Ubuntu":
		return ubuntu(suffix)
	case "Alpine":
		typ, id, version = "apk", "alpine", suffix
	case "Wolfi", "Chainguard", "MinimOS":
		return matcher.Key{Type: "apk", Namespace: strings.ToLower(eco)}, suffix == ""
	case "AlmaLinux":
		typ, id, version = "rpm", "almalinux", suffix
	case "Rocky Linux":
		typ, id, version = "rpm", "rocky", suffix
	case "Red Hat": // "enterprise_linux:9::appstream", the end of a CPE
		product, rest, _ := strings.Cut(suffix, ":")
		release, _, _ := strings.Cut(rest, ":")
		if product != "enterprise_linux" {
			return matcher.Key{}, false
		}
		typ, id, version = "rpm", "rhel", release
	case "Azure Linux":
		typ, id, version = "rpm", "azurelinux", suffix
	case "Photon OS":
		typ, id, version = "rpm", "photon", suffix
	case "Mageia":
		typ, id, version = "rpm", "mageia", suffix
	case "openSUSE":
		leap, ok := strings.CutPrefix(suffix, "Leap ")
		if suffix == "Tumbleweed" {
			return matcher.Key{Type: "rpm", Namespace: "opensuse-tumbleweed"}, true
		} else if !ok {
			return matcher.Key{}, false
		}
		typ, id, version = "rpm", "opensuse-leap", leap
	default:
		return matcher.Key{}, false
	}
	if version == "" {
		return matcher.Key{}, false
	}
	return matcher.Key{Type: typ, Namespace: id, Release: matcher.Release(id, strings.TrimPrefix(version, "v"), "")}, true
}

// ubuntu reads "22.04:LTS", "23.10", "Pro:16.04:LTS" and "Pro:FIPS-updates:20.04:LTS". What Ubuntu Pro publishes is not
// on every machine, so that it has releases of its own: "16.04/pro", "20.04/pro/fips-updates".
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
	return matcher.Key{Type: "deb", Namespace: "ubuntu", Release: matcher.Release("ubuntu", version, "") + pocket}, true
}

// namespaced splits name at its last slash.
func namespaced(typ, name string) matcher.Key {
	i := strings.LastIndexByte(name, '/')
	if i < 0 {
		return matcher.Key{Type: typ, Name: name}
	}
	return matcher.Key{Type: typ, Namespace: name[:i], Name: name[i+1:]}
}

// pep503 returns the normal form of a Python project's name: https://peps.python.org/pep-0503/#normalized-names.
func pep503(name string) string {
	b := make([]byte, 0, len(name))
	for i := range len(name) {
		switch c := name[i]; {
		case c == '-' || c == '_' || c == '.':
			if len(b) == 0 || b[len(b)-1] != '-' {
				b = append(b, '-')
			}
		case 'A' <= c && c <= 'Z':
			b = append(b, c+'a'-'A')
		default:
			b = append(b, c)
		}
	}
	return string(b)
}
