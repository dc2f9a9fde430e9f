package distro

import "strings"

// BaseOf returns the distribution and release whose packages a derivative ships, as keys spell them, given its ID,
// VERSION_ID, VERSION_CODENAME and PRETTY_NAME in os-release(5). It reports false if the distribution is no derivative, or
// if the table doesn't know the release.
//
// The table states facts that the distributions publish. ID_LIKE doesn't count: it names similar distributions (Amazon
// Linux: "fedora"), which may ship other packages.
func BaseOf(id, versionID, codename, name string) (base, release string, ok bool) {
	d := findEdition(id, name)
	if d == nil {
		return "", "", false
	}
	switch {
	case d.Base == "":
		return "", "", false
	case d.BaseRelease != "":
		return d.Base, d.BaseRelease, true
	case len(d.Releases) == 0 || d.Releases[0].Base == "": // they number alike
		release = ReleaseOf(d.Base, versionID, codename)
	default:
		if r := d.release(ReleaseOf(d.ID, versionID, codename)); r != nil {
			release = r.Base
		}
	}
	if release == "" && !find(d.Base).Rolling {
		return "", "", false
	}
	return d.Base, release, true
}

// findEdition returns the row of a distribution or of its edition, given its ID and PRETTY_NAME, or nil.
func findEdition(id, name string) *Distro {
	d := find(id)
	if d == nil {
		return nil
	}
	for _, e := range d.editions {
		if strings.Contains(name, e.word) {
			return find(e.id)
		}
	}
	return d
}
