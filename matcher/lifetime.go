package matcher

import (
	"strings"
	"time"
)

// SupportEnds returns the last day on which a distribution looked after a release free of charge, at midnight UTC, given its
// Namespace and Release in keys. After it, advisories say nothing about new vulnerabilities. It reports false for a
// release of which no date is known, such as a rolling one.
func SupportEnds(namespace, release string) (time.Time, bool) {
	if namespace == "" || release == "" {
		return time.Time{}, false
	}
	_, rest, ok := strings.Cut("\n"+lifetimes, "\n"+namespace+" "+release+" ")
	if !ok {
		return time.Time{}, false
	}
	day, _, _ := strings.Cut(rest, "\n")
	t, err := time.Parse(time.DateOnly, day)
	return t, err == nil
}

// ended reports whether a release is past its life at a time.
func ended(c *Coverage, now time.Time) bool {
	last, ok := SupportEnds(c.Namespace, c.Release)
	return ok && now.After(last.AddDate(0, 0, 1))
}

// lifetimes lists distribution, release and last day.
//
// Sources: distro-info-data for Debian, where the security tracker keeps a release until its long-term support ends, and
// for Ubuntu, whose later advisories are those of Ubuntu Pro and have releases of their own; Alpine's table of releases,
// https://alpinelinux.org/releases/; the life cycle pages of Red Hat, Rocky Linux, AlmaLinux, Oracle (premier support) and
// Amazon Linux. CentOS 8 has the date of its Stream, which has the same name in os-release.
const lifetimes = `debian 6 2016-02-29
debian 7 2018-05-31
debian 8 2020-06-30
debian 9 2022-06-30
debian 10 2024-06-30
debian 11 2026-08-31
debian 12 2028-06-30
debian 13 2030-06-30
ubuntu 12.04 2017-04-28
ubuntu 12.10 2014-05-16
ubuntu 13.04 2014-01-27
ubuntu 13.10 2014-07-17
ubuntu 14.04 2019-04-25
ubuntu 14.10 2015-07-23
ubuntu 15.04 2016-02-04
ubuntu 15.10 2016-07-28
ubuntu 16.04 2021-04-30
ubuntu 16.10 2017-07-20
ubuntu 17.04 2018-01-13
ubuntu 17.10 2018-07-19
ubuntu 18.04 2023-05-31
ubuntu 18.10 2019-07-18
ubuntu 19.04 2020-01-23
ubuntu 19.10 2020-07-17
ubuntu 20.04 2025-05-29
ubuntu 20.10 2021-07-22
ubuntu 21.04 2022-01-20
ubuntu 21.10 2022-07-14
ubuntu 22.04 2027-06-01
ubuntu 22.10 2023-07-20
ubuntu 23.04 2024-01-25
ubuntu 23.10 2024-07-11
ubuntu 24.04 2029-05-31
ubuntu 24.10 2025-07-10
ubuntu 25.04 2026-01-15
ubuntu 25.10 2026-07-09
ubuntu 26.04 2031-05-29
alpine 3.6 2019-05-01
alpine 3.7 2019-11-01
alpine 3.8 2020-05-01
alpine 3.9 2020-11-01
alpine 3.10 2021-05-01
alpine 3.11 2021-11-01
alpine 3.12 2022-05-01
alpine 3.13 2022-11-01
alpine 3.14 2023-05-01
alpine 3.15 2023-11-01
alpine 3.16 2024-05-23
alpine 3.17 2024-11-22
alpine 3.18 2025-05-09
alpine 3.19 2025-11-01
alpine 3.20 2026-04-01
alpine 3.21 2026-11-01
alpine 3.22 2027-05-01
rhel 5 2017-03-31
rhel 6 2020-11-30
rhel 7 2024-06-30
rhel 8 2029-05-31
rhel 9 2032-05-31
rhel 10 2035-05-31
centos 5 2017-03-31
centos 6 2020-11-30
centos 7 2024-06-30
centos 8 2024-05-31
centos 9 2027-05-31
almalinux 8 2029-05-31
almalinux 9 2032-05-31
almalinux 10 2035-05-31
rocky 8 2029-05-31
rocky 9 2032-05-31
rocky 10 2035-05-31
ol 6 2021-03-31
ol 7 2024-12-31
ol 8 2029-07-31
ol 9 2032-06-30
amzn 2018 2023-12-31
amzn 2 2026-06-30
`
