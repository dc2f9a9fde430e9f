package distro

import "strings"

// ReleaseOf spells a release of a distribution as the keys of advisories do, given ID, VERSION_ID and VERSION_CODENAME of
// os-release(5). Feeds use it as well, so that both sides agree: Debian by its major number ("8", or "sid"), Ubuntu by year
// and month ("22.04"), Alpine by its branch ("3.19", or "edge"), most RPM distributions by their major number.
//
// A codename counts if there is no VERSION_ID, and either argument may be one. ReleaseOf returns an unknown codename
// unchanged. A rolling release is "".
func ReleaseOf(id, versionID, codename string) string {
	d := find(id)
	switch {
	case id == "" || d != nil && d.Rolling:
		return ""
	case d == nil:
		d = &Distro{Elements: 1}
	}
	version := strings.ToLower(versionID)
	if version == "" {
		version = strings.ToLower(codename)
	}
	for i := range d.Releases {
		if r := &d.Releases[i]; r.Codename == version && version != "" {
			return r.Version
		}
	}
	if d.ID == "alpine" && strings.Contains(version, "_alpha") { // "3.22_alpha20250108", of the branch before a release
		return "edge"
	}
	if len(version) > 1 && version[0] == 'v' && '0' <= version[1] && version[1] <= '9' {
		version = version[1:]
	}
	short := elements(version, d.Elements)
	for v := version; len(v) > len(short); v = v[:strings.LastIndexByte(v, '.')] { // "3.1" of Debian, "0.4" of elementary OS
		if d.release(v) != nil {
			return v
		}
	}
	return short
}

// elements returns the first n dot-separated elements of a version, or all if n is 0.
func elements(version string, n int) string {
	for i := range len(version) {
		if version[i] == '.' {
			if n--; n == 0 {
				return version[:i]
			}
		}
	}
	return version
}

// release returns the row of a release, or nil.
func (d *Distro) release(version string) *Release {
	for i := range d.Releases {
		if d.Releases[i].Version == version {
			return &d.Releases[i]
		}
	}
	return nil
}
