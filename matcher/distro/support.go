package distro

import "time"

// SupportEnds returns the last day on which a distribution supports a release free of charge, at midnight UTC, given its
// ID and the release as [ReleaseOf] spells it. After that day its advisories don't mention new vulnerabilities. It reports
// false if the date is unknown, as for a rolling release.
//
// Debian's date is the end of long-term support, until which its security tracker keeps a release. Ubuntu's is the end of
// standard support: advisories of Ubuntu Pro have releases of their own.
func SupportEnds(id, release string) (time.Time, bool) {
	d := find(id)
	if d == nil || release == "" {
		return time.Time{}, false
	}
	r := d.release(release)
	if r == nil || r.Ends == "" {
		return time.Time{}, false
	}
	t, err := time.Parse(time.DateOnly, r.Ends)
	return t, err == nil
}

// SystemSupportEnds returns the last day of support of an installed system, given its ID, VERSION_ID, VERSION_CODENAME and
// PRETTY_NAME in os-release(5). For a derivative it is the earlier of its own and its base's: CentOS Linux 8 ended before RHEL 8.
func SystemSupportEnds(id, versionID, codename, name string) (time.Time, bool) {
	if d := findEdition(id, name); d != nil {
		id = d.ID
	}
	last, ok := SupportEnds(id, ReleaseOf(id, versionID, codename))
	base, release, derived := BaseOf(id, versionID, codename, name)
	if !derived {
		return last, ok
	}
	if end, known := SupportEnds(base, release); known && (!ok || end.Before(last)) {
		return end, true
	}
	return last, ok
}
