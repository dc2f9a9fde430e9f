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

// lifetimes lists distribution, release as [Release] spells it, and last day.
//
// Sources: distro-info-data for Debian, where the security tracker keeps a release until its long-term support ends, and
// for Ubuntu, whose later advisories are those of Ubuntu Pro and have releases of their own; for all others their pages of
// releases, as endoflife.date gathers them: Alpine's end of support, Red Hat's maintenance support, Oracle's premier support,
// SUSE's general support without its long-term one, Amazon's maintenance support. CentOS 8 has the date of its Stream, which
// has the same name in os-release; openEuler's lines have that of their last service pack. Where only a month is stated, it is
// the last day of that.
const lifetimes = `debian 1.3 1999-03-09
debian 2.0 2000-03-09
debian 2.2 2003-06-30
debian 3.0 2006-06-30
debian 3.1 2008-03-31
debian 4 2010-02-15
debian 5 2012-02-06
debian 6 2016-02-29
debian 7 2018-05-31
debian 8 2020-06-30
debian 9 2022-06-30
debian 10 2024-06-30
debian 11 2026-08-31
debian 12 2028-06-30
debian 13 2030-06-30
ubuntu 4.10 2006-04-30
ubuntu 5.04 2006-10-31
ubuntu 5.10 2007-04-13
ubuntu 6.06 2011-06-01
ubuntu 6.10 2008-04-25
ubuntu 7.04 2008-10-19
ubuntu 7.10 2009-04-18
ubuntu 8.04 2013-05-09
ubuntu 8.10 2010-04-30
ubuntu 9.04 2010-10-23
ubuntu 9.10 2011-04-30
ubuntu 10.04 2015-04-30
ubuntu 10.10 2012-04-10
ubuntu 11.04 2012-10-28
ubuntu 11.10 2013-05-09
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
ubuntu 26.10 2027-07-15
alpine 3.0 2016-05-01
alpine 3.1 2016-11-01
alpine 3.2 2017-05-01
alpine 3.3 2017-11-01
alpine 3.4 2018-05-01
alpine 3.5 2018-11-01
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
alpine 3.23 2027-11-01
rhel 4 2012-02-29
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
centos 10 2030-01-01
almalinux 8 2029-03-01
almalinux 9 2032-05-31
almalinux 10 2035-05-31
rocky 8 2029-05-31
rocky 9 2032-05-31
rocky 10 2035-05-31
ol 5 2017-06-30
ol 6 2021-03-31
ol 7 2024-12-31
ol 8 2029-07-31
ol 9 2032-06-30
ol 10 2035-06-30
amzn 2014 2023-12-31
amzn 2015 2023-12-31
amzn 2016 2023-12-31
amzn 2017 2023-12-31
amzn 2018 2023-12-31
amzn 2 2026-06-30
amzn 2023 2029-06-30
fedora 20 2015-06-23
fedora 21 2015-12-01
fedora 22 2016-07-19
fedora 23 2016-12-20
fedora 24 2017-08-08
fedora 25 2017-12-12
fedora 26 2018-05-29
fedora 27 2018-11-30
fedora 28 2019-05-28
fedora 29 2019-11-26
fedora 30 2020-05-26
fedora 31 2020-11-24
fedora 32 2021-05-25
fedora 33 2021-11-30
fedora 34 2022-06-07
fedora 35 2022-12-13
fedora 36 2023-05-16
fedora 37 2023-12-05
fedora 38 2024-05-21
fedora 39 2024-11-26
fedora 40 2025-05-13
fedora 41 2025-12-15
fedora 42 2026-05-13
fedora 43 2026-12-09
opensuse-leap 42.1 2017-05-17
opensuse-leap 42.2 2018-01-26
opensuse-leap 42.3 2019-07-01
opensuse-leap 15.0 2019-12-03
opensuse-leap 15.1 2021-02-02
opensuse-leap 15.2 2022-01-04
opensuse-leap 15.3 2022-12-31
opensuse-leap 15.4 2023-12-07
opensuse-leap 15.5 2024-12-31
opensuse-leap 15.6 2026-04-30
opensuse-leap 16.0 2027-10-31
sles 11.4 2019-03-31
sles 12 2016-06-30
sles 12.1 2017-05-31
sles 12.2 2018-03-31
sles 12.3 2019-06-30
sles 12.4 2020-06-30
sles 12.5 2024-10-31
sles 15 2019-12-31
sles 15.1 2021-01-31
sles 15.2 2021-12-31
sles 15.3 2022-12-31
sles 15.4 2023-12-31
sles 15.5 2024-12-31
sles 15.6 2025-12-31
sles 15.7 2031-07-31
photon 1.0 2022-02-28
photon 2.0 2022-12-31
photon 3.0 2025-10-02
photon 4.0 2027-10-11
mariner 1 2023-08-31
mariner 2 2025-07-31
azurelinux 3 2027-08-31
openeuler 20.03 2025-11-30
openeuler 22.03 2026-06-30
openeuler 23.03 2023-09-30
openeuler 23.09 2024-03-31
openeuler 24.09 2025-03-31
openeuler 25.03 2025-09-30
openeuler 25.09 2026-03-31
`
