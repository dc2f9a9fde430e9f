package distro

import (
	"slices"
	"strings"
)

// A publisher builds dpkg packages for distributions and serves them from a repository of its own.
type publisher struct {
	name      string   // its domain, if it has one: the PURL namespace of its packages
	marks     []string // parts of versions that only its packages have
	hosts     []string // hosts of maintainers' addresses
	addresses []string // whole addresses, where colleagues also maintain packages of a distribution
}

// publishers lists third parties. Their marks are stronger evidence than an address.
var publishers = []publisher{
	{name: "adoptium.net", addresses: []string{"temurin-dev@eclipse.org"}},
	{name: "clickhouse.com", addresses: []string{"packages@clickhouse.com"}},
	{name: "cloud.google.com", addresses: []string{"https://code.google.com/p/google-cloud-sdk/"}},
	{name: "datadoghq.com", addresses: []string{"package@datadoghq.com"}},
	{name: "docker.com", addresses: []string{"support@docker.com"}},
	{name: "dotdeb.org", marks: []string{"+dotdeb"}},
	{name: "elastic.co", addresses: []string{"info@elastic.co"}},
	{name: "gitlab.com", addresses: []string{"support@gitlab.com"}},
	{name: "google.com", addresses: []string{"chrome-linux@google.com"}},
	{name: "grafana.com", addresses: []string{"contact@grafana.com"}},
	{name: "hashicorp.com", addresses: []string{"hello@hashicorp.com"}},
	{name: "influxdata.com", addresses: []string{"support@influxdb.com"}},
	{name: "kubernetes.io", addresses: []string{"kubernetes-dev+release@googlegroups.com"}},
	{name: "launchpad.net", marks: []string{"~ppa"}},
	{name: "mariadb.org", marks: []string{"+maria~"}},
	{name: "microsoft.com", addresses: []string{"dotnetcore@microsoft.com", "dotnetpackages@microsoft.com", "vscode-linux@microsoft.com"}},
	{name: "mongodb.com", addresses: []string{"packaging@mongodb.com"}},
	{name: "mysql.com", addresses: []string{"mysql-build@oss.oracle.com"}},
	{name: "nginx.org", hosts: []string{"nginx.com"}, addresses: []string{"nginx-packaging@f5.com"}},
	{name: "nodesource.com", hosts: []string{"nodesource.com"}},
	{name: "nvidia.com", addresses: []string{"cudatools@nvidia.com"}},
	{name: "postgresql.org", marks: []string{".pgdg", "~pgdg"}},
	{name: "proxmox.com", addresses: []string{"support@proxmox.com"}},
	{name: "redis.io", marks: []string{"rl1~"}, hosts: []string{"redis.io", "redis.com", "redislabs.com"}},
	{name: "rabbitmq.com", addresses: []string{"info@rabbitmq.com"}},
	{name: "raspberrypi.com", marks: []string{"+rpt", "~rpt"}},
	{name: "sury.org", marks: []string{"+deb.sury", "~1.gbp"}},
	{name: "yarn", addresses: []string{"yarn@dan.cx"}},
}

// DebThirdParty names the publisher of a dpkg package if its control fields show that the distribution did not build it,
// and returns "" otherwise. The name is the publisher's domain if it has one. Advisories of the distribution don't hold for
// such a package, and the distribution doesn't fix the libraries inside it.
//
// No field of Debian's format states the builder. This is the evidence, strongest first:
//
//   - Origin is not a distribution. The distributions that fill it write their own name.
//   - The version has the mark of a publisher's builds.
//   - The maintainer's address belongs to a publisher.
//   - The version names a release of a distribution by its codename, "~bookworm" or "+jammy1", as builds for several releases do. The
//     distributions write the number of the release: "+deb12u1", "~22.04.1".
//   - There is a Vendor field. dpkg's tools write none; fpm, nfpm and CPack do.
//   - The host of the maintainer's address has no domain: someone built the package by hand, as checkinstall and fpm do by
//     default. The host may be a container's, so the name is "local".
//
// An unknown address is no evidence: maintainers of the distributions' own packages have addresses of every kind.
func DebThirdParty(version, maintainer, origin, vendor string) string {
	if origin != "" {
		if shipsDeb(origin) {
			return ""
		}
		return slug(origin)
	}
	address := maintainer[strings.IndexByte(maintainer, '<')+1:]
	address = strings.ToLower(strings.TrimSuffix(strings.TrimSpace(address), ">"))
	_, host, _ := strings.Cut(address, "@")
	if name := publisherOf(version, address, host); name != "" {
		return name
	}
	domain := strings.Contains(host, ".")
	if namesRelease(version) {
		for _, family := range [][]Distro{debianFamily, ubuntuFamily} { // it rebuilds a package of this maintainer
			for i := range family {
				if family[i].isMaintainerHost(host) {
					return "local"
				}
			}
		}
		if !domain {
			return "local"
		}
		return slug(host)
	}
	switch {
	case vendor != "" && !shipsDeb(vendor):
		switch {
		case domain:
			return slug(host)
		case vendor != "none": // fpm's default
			return slug(vendor)
		}
		return "local"
	case host != "" && !domain:
		return "local"
	}
	return ""
}

// namesRelease reports whether a version has a codename of Debian or Ubuntu after "~", "+", "-" or ".", and a number at most before the
// next one: "~bookworm", "+jammy1".
func namesRelease(version string) bool {
	parts := strings.FieldsFunc(version, func(r rune) bool { return strings.ContainsRune("~+-.:", r) })
	for i, p := range parts {
		if i == 0 {
			continue
		}
		p = strings.TrimRight(p, "0123456789")
		for _, id := range []string{"debian", "ubuntu"} {
			for _, r := range find(id).Releases {
				if p == r.Codename && len(p) > 3 { // "sid"
					return true
				}
			}
		}
	}
	return false
}

// isMaintainerHost reports whether the distribution's maintainers have addresses at a host.
func (d *Distro) isMaintainerHost(host string) bool {
	return slices.ContainsFunc(d.Maintainers, func(domain string) bool {
		return host == domain || strings.HasSuffix(host, "."+domain)
	})
}

// RPMThirdParty names the builder of an RPM package if its Vendor shows that the distribution with an ID, or the one that it derives
// from, did not build it, and returns "" otherwise. It returns the ID of another distribution, as for EPEL's packages outside Fedora. It
// returns "" for an empty vendor, an unknown distribution, and one whose vendors the table lacks.
func RPMThirdParty(id, vendor string) string {
	d := find(id)
	if d == nil || len(d.Vendors) == 0 || vendor == "" {
		return ""
	}
	if base := find(d.Base); d.isVendor(vendor) || base != nil && base.isVendor(vendor) {
		return ""
	}
	for _, family := range [][]Distro{redHatFamily, suseFamily, rpmFamily} {
		for i := range family {
			if family[i].isVendor(vendor) {
				return family[i].ID
			}
		}
	}
	return slug(vendor)
}

// isVendor reports whether a Vendor begins with one of the distribution's: "Red Hat, Inc. <http://bugzilla.redhat.com>".
func (d *Distro) isVendor(vendor string) bool {
	vendor = fold(vendor)
	return slices.ContainsFunc(d.Vendors, func(v string) bool { return strings.HasPrefix(vendor, fold(v)) })
}

// shipsDeb reports whether an Origin or Vendor is a distribution that uses dpkg.
func shipsDeb(name string) bool {
	d := find(name)
	return d != nil && d.Type == "deb"
}

// publisherOf returns the name of the publisher that a version's mark, or else an address, belongs to.
func publisherOf(version, address, host string) string {
	byAddress := ""
	for i := range publishers {
		p := &publishers[i]
		for _, mark := range p.marks {
			if strings.Contains(version, mark) {
				return p.name
			}
		}
		if slices.Contains(p.hosts, host) || slices.Contains(p.addresses, address) {
			byAddress = p.name
		}
	}
	return byAddress
}

// slug turns a name into the form of a PURL namespace.
func slug(name string) string {
	out := make([]byte, 0, len(name))
	for _, c := range []byte(strings.ToLower(name)) {
		switch {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '.':
			out = append(out, c)
		case len(out) > 0 && out[len(out)-1] != '-':
			out = append(out, '-')
		}
		if len(out) == 64 {
			break
		}
	}
	if s := strings.Trim(string(out), "-."); s != "" {
		return s
	}
	return "unknown"
}
