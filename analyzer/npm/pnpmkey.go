package npm

import "strings"

// pnpmKey returns the name and version in a key of "packages". The version is empty if the key has a source instead:
//
//	/name/1.0.0, /@scope/name/1.0.0, /name/1.0.0_peer@2.0.0, host/name/1.0.0      versions 5.0 to 5.4
//	/name@1.0.0, /@scope/name@1.0.0(peer@2.0.0), host/name@1.0.0                  version 6
//	name@1.0.0, @scope/name@1.0.0(peer@2.0.0), name@https://host/archive.tgz     version 9
//
// The forms are distinct, so pnpmKey does not need the version of the file.
func pnpmKey(key string) (name, version string) {
	key = withoutPeers(key)
	if strings.HasPrefix(key, "file:") {
		return "", ""
	}
	rest, fromRoot := strings.CutPrefix(key, "/")
	name, version, ok := splitSpec(rest)
	if !ok || strings.Count(name, "/") > strings.Count(name[:min(1, len(name))], "@") {
		// A path. An "@" in it does not separate name and version.
		if !fromRoot {
			if _, rest, ok = strings.Cut(rest, "/"); !ok {
				return "", ""
			}
			return pnpmKey("/" + rest)
		}
		elements := strings.SplitN(rest, "/", 4)
		n := 1
		if strings.HasPrefix(rest, "@") {
			n = 2
		}
		if len(elements) <= n {
			return "", ""
		}
		name, version = strings.Join(elements[:n], "/"), elements[n]
		version, _, _ = strings.Cut(version, "_")
		if !isVersion(version) {
			return "", ""
		}
		return name, version
	}
	if !isVersion(version) {
		return name, ""
	}
	return name, version
}

// withoutPeers removes the peers, "(react@18.0.0)(...)", and the hash of a patch from a key.
func withoutPeers(key string) string {
	if i := strings.IndexByte(key, '('); i > 0 {
		return key[:i]
	}
	return key
}

// pnpmTarget returns the key of a dependency. The value of an alias or archive is a key; otherwise the key is name@value.
func pnpmTarget(name, value string) string {
	base := withoutPeers(value)
	if strings.HasPrefix(base, "/") || strings.HasPrefix(base, "@") {
		return value
	}
	if at := strings.IndexByte(base, '@'); at > 0 && !isVersion(base) && !strings.ContainsAny(base[:at], ":/") {
		return value
	}
	if strings.HasPrefix(base, "file:") || strings.HasPrefix(base, "link:") {
		return value
	}
	return name + "@" + value
}
