package maven

import "strings"

// guess derives the coordinates of an archive without complete metadata from its partial coordinates, path and manifest. The
// version is empty if none of these contains one.
func guess(name string, partial coordinates, m manifest) coordinates {
	if c, ok := jenkins(m); ok {
		return c
	}
	if c, ok := repository(name); ok {
		return c
	}
	base, _ := stem(name)
	stated, _, _ := strings.Cut(m["implementation-version"], " ")
	c := partial
	if c.artifact == "" || c.version == "" {
		c.artifact, c.version = splitVersion(base, stated)
	}
	if c.version == "" {
		c.version = m.version()
		if title := m["implementation-title"]; c.version != "" && isArtifact(title) && !strings.Contains(base, title) {
			c.artifact = title // the file was renamed, as in "COPY target/x-1.0.jar app.jar"
		}
	}
	if !isCoordinate(c.artifact) || !isCoordinate(c.version) {
		return coordinates{artifact: base}
	}
	if c.group == "" {
		c.group, c.artifact = guessGroup(c.artifact, m)
	}
	return c
}

// jenkins returns the coordinates that the manifest of a Jenkins plugin states.
func jenkins(m manifest) (coordinates, bool) {
	c := coordinates{m["group-id"], m["short-name"], m["plugin-version"]}
	if c.artifact == "" {
		c.artifact = m["extension-name"]
	}
	c.version, _, _ = strings.Cut(c.version, " ")
	return c, c.complete()
}

// guessGroup returns the group of an artifact, and the artifact's name without a group that a packager put in front of it.
func guessGroup(artifact string, m manifest) (group, name string) {
	vendor := m["implementation-vendor-id"]
	if !isGroup(vendor) || vendor == "org.apache" { // no project's group
		vendor = ""
	}
	if rest, ok := strings.CutPrefix(artifact, vendor+"."); ok && vendor != "" {
		return vendor, rest
	}
	if known := knownGroup(artifact); known != "" {
		return known, artifact
	}
	if vendor != "" {
		return vendor, artifact
	}
	for _, dotted := range []string{m.symbolicName(), m["automatic-module-name"]} {
		if g := groupOf(dotted, artifact); g != "" {
			return g, artifact
		}
	}
	if isGroup(artifact) && strings.Count(artifact, ".") >= 2 {
		return artifact[:strings.LastIndexByte(artifact, '.')], artifact // the name of a bundle: org.eclipse.sisu.inject
	}
	return artifact, artifact
}

// groupOf returns the group in the symbolic name of a bundle or the name of a module. By custom both begin with the group. If
// the last element is the artifact or a word of it, the group is the elements before: "org.jctools" for jctools-core and
// "org.jctools.core". If only one element precedes it, the group is the whole name: "io.netty" for netty-all.
func groupOf(dotted, artifact string) string {
	if !isGroup(strings.ToLower(dotted)) {
		return ""
	}
	dotted = strings.ToLower(dotted)
	artifact = strings.ToLower(artifact)
	cut := strings.LastIndexByte(dotted, '.')
	group, last := dotted[:cut], dotted[cut+1:]
	words := strings.FieldsFunc(artifact, func(r rune) bool { return r == '-' || r == '.' || r == '_' })
	match := last == artifact || strings.ReplaceAll(last, "_", "-") == artifact
	for _, w := range words {
		match = match || w == last
	}
	switch {
	case !match:
		return ""
	case !strings.Contains(group, "."):
		return dotted
	}
	return group
}
