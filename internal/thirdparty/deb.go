// Package thirdparty tells packages that somebody else built from those of a distribution, for analyzers and for documents
// that say less than package databases.
package thirdparty

import "strings"

// Deb names who built a package where its control fields say that it was not the distribution, and is empty
// where they do not. Nothing in Debian's format states it, so this is evidence, strongest first:
//
//   - Origin names somebody else. The distributions that fill it name themselves.
//   - The version carries the suffix that one third party puts on its builds of a distribution's packages.
//   - The maintainer's address is of a company or project that publishes a repository of its own.
//   - There is a Vendor field. dpkg's tools write none; fpm, nfpm and CPack do.
//   - The maintainer's address has a host without a domain: built by hand, as checkinstall and fpm do by default. The
//     host, which may be a container's, is not worth keeping; the name is "local".
//
// Maintainers of the distributions' own packages have addresses of every kind, so an address that is unknown is no
// evidence. Advisories of the distribution do not hold for a package that it did not build, nor does the distribution
// care for the libraries inside it. The name is the third party's domain where it has one.
func Deb(version, maintainer, origin, vendor string) string {
	if origin != "" {
		if isDistribution(origin) {
			return ""
		}
		return slug(origin)
	}
	if name := suffixOwner(version); name != "" {
		return name
	}
	address := maintainer[strings.IndexByte(maintainer, '<')+1:]
	address = strings.ToLower(strings.TrimSuffix(strings.TrimSpace(address), ">"))
	_, host, _ := strings.Cut(address, "@")
	if name := repositoryOf(address, host); name != "" {
		return name
	}
	domain := strings.Contains(host, ".")
	switch {
	case vendor != "" && !isDistribution(vendor):
		switch {
		case domain:
			return slug(host)
		case vendor != "none": // what fpm writes for want of a better name
			return slug(vendor)
		}
		return "local"
	case host != "" && !domain:
		return "local"
	}
	return ""
}

// isDistribution reports whether an Origin or Vendor is one of the distributions that use dpkg.
func isDistribution(name string) bool {
	switch strings.ToLower(name) {
	case "debian", "debian gnu/linux", "ubuntu", "raspbian", "devuan", "kali", "linuxmint", "linux mint", "pureos":
		return true
	}
	return false
}

// suffixOwner knows parts of versions that only one third party's builds have.
func suffixOwner(version string) string {
	switch has := func(part string) bool { return strings.Contains(version, part) }; {
	case has("+deb.sury"):
		return "sury.org"
	case has("+dotdeb"):
		return "dotdeb.org"
	case has("+maria~"):
		return "mariadb.org"
	case has(".pgdg"), has("~pgdg"):
		return "postgresql.org"
	case has("+rpt"), has("~rpt"):
		return "raspberrypi.com"
	case has("~ppa"):
		return "launchpad.net"
	}
	return ""
}

// repositoryOf knows maintainers whose packages come from repositories of their own. Whole addresses stand where people
// of the same company also maintain packages of a distribution.
func repositoryOf(address, host string) string {
	switch host {
	case "nginx.com":
		return "nginx.org"
	case "nodesource.com":
		return "nodesource.com"
	}
	switch address {
	case "chrome-linux@google.com":
		return "google.com"
	case "contact@grafana.com":
		return "grafana.com"
	case "cudatools@nvidia.com":
		return "nvidia.com"
	case "dotnetcore@microsoft.com", "dotnetpackages@microsoft.com", "vscode-linux@microsoft.com":
		return "microsoft.com"
	case "hello@hashicorp.com":
		return "hashicorp.com"
	case "https://code.google.com/p/google-cloud-sdk/":
		return "cloud.google.com"
	case "info@elastic.co":
		return "elastic.co"
	case "info@rabbitmq.com":
		return "rabbitmq.com"
	case "kubernetes-dev+release@googlegroups.com":
		return "kubernetes.io"
	case "mysql-build@oss.oracle.com":
		return "mysql.com"
	case "nginx-packaging@f5.com":
		return "nginx.org"
	case "package@datadoghq.com":
		return "datadoghq.com"
	case "packages@clickhouse.com":
		return "clickhouse.com"
	case "packaging@mongodb.com":
		return "mongodb.com"
	case "support@docker.com":
		return "docker.com"
	case "support@gitlab.com":
		return "gitlab.com"
	case "support@influxdb.com":
		return "influxdata.com"
	case "support@proxmox.com":
		return "proxmox.com"
	case "temurin-dev@eclipse.org":
		return "adoptium.net"
	case "yarn@dan.cx":
		return "yarn"
	}
	return ""
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
