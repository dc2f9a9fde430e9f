package distro

import (
	"slices"
	"strings"
)

// ReleaseOf spells a release of a distribution as the keys of advisories do, given ID, VERSION_ID and VERSION_CODENAME of
// os-release(5). Feeds use it as well, so that both sides agree: Debian by its major number ("8", or "sid"), Ubuntu by year
// and month ("22.04"), Alpine by its branch ("3.19", or "edge"), most RPM distributions by their major number.
//
// A codename counts if there is no VERSION_ID, and either argument may be one. ReleaseOf returns an unknown codename
// unchanged. A rolling release is "". VERSION_ID may be text of a release file or of another tool, such as "2 (Karoo)",
// "AMI release 2018.03", "15 SP5" and "22.03-LTS-SP1".
func ReleaseOf(id, versionID, codename string) string {
	d := find(id)
	switch {
	case id == "" || d != nil && d.Rolling:
		return ""
	case d == nil:
		d = &Distro{Elements: 1}
	}
	version := d.normalRelease(versionID)
	if version == "" {
		version = d.normalRelease(codename)
	}
	for i := range d.Releases {
		if r := &d.Releases[i]; r.Codename == version && version != "" {
			return r.Version
		}
	}
	if d.ID == "alpine" && strings.Contains(version, "_alpha") { // "3.22_alpha20250108", of the branch before a release
		return "edge"
	}
	short := elements(version, d.Elements)
	for v := version; len(v) > len(short); v = v[:strings.LastIndexByte(v, '.')] { // "3.1" of Debian, "0.4" of elementary OS
		if d.release(v) != nil {
			return v
		}
	}
	return short
}

// normalRelease returns the number or codename of a release in a text, in lower case. A service pack of SUSE is the second element
// of the number: "15 SP5" is "15.5". Service packs of other distributions are not part of the release.
func (d *Distro) normalRelease(text string) string {
	fields := strings.Fields(strings.ToLower(text))
	if len(fields) == 0 {
		return ""
	}
	i := max(0, slices.IndexFunc(fields, startsNumber)) // a codename has no number, "Mantic Minotaur"
	version := strings.TrimPrefix(fields[i], "v")
	if !startsNumber(fields[i]) {
		version, _, _ = strings.Cut(fields[i], "/") // "trixie/sid", the release before it has a number
		return version
	}
	if strings.Contains(version, "_alpha") {
		return version
	}
	version, rest, _ := strings.Cut(version, "-")
	if rest == "" && len(fields) > i+1 {
		rest = fields[i+1]
	}
	pack := strings.TrimPrefix(rest, "sp")
	if j := strings.IndexFunc(pack, func(r rune) bool { return r < '0' || r > '9' }); j >= 0 {
		pack = pack[:j]
	}
	if strings.HasPrefix(rest, "sp") && pack != "" && !strings.Contains(version, ".") && slices.Contains(d.Namespaces, "suse") {
		version += "." + pack
	}
	return version
}

// startsNumber reports whether a word begins with a digit, or with "v" and a digit.
func startsNumber(word string) bool {
	word = strings.TrimPrefix(word, "v")
	return word != "" && '0' <= word[0] && word[0] <= '9'
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
