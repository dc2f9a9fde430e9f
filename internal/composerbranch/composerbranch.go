// Package composerbranch knows the branches among the versions of Composer packages.
package composerbranch

import "strings"

// Is reports whether a version is a named branch, such as "dev-main". Composer orders such a branch with no other version, so that it
// satisfies no range of versions, only its own name. Numeric branches ("1.x-dev") have an order. Source: composer/semver,
// VersionParser::normalizeBranch and Constraint::versionCompare.
func Is(version string) bool {
	version = strings.ToLower(strings.TrimSpace(version))
	if strings.HasPrefix(version, "dev-") {
		return true
	}
	name, _, _ := strings.Cut(version, "@") // a stability flag
	name, _, _ = strings.Cut(name, " ")     // an alias
	return name == "master" || name == "trunk" || name == "default"
}
