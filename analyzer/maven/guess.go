package maven

import "strings"

// guess derives the coordinates of an archive that does not state them all, from what it does state, from where it lies
// and from its manifest. The version is empty where nothing tells it.
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

// guessGroup returns the group of an artifact, and its name without the group where a packager put that in front.
func guessGroup(artifact string, m manifest) (group, name string) {
	vendor := m["implementation-vendor-id"]
	if !isGroup(vendor) || vendor == "org.apache" { // which is no project's group
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
		return artifact[:strings.LastIndexByte(artifact, '.')], artifact // named as a bundle: org.eclipse.sisu.inject
	}
	return artifact, artifact
}

// groupOf returns the group in the symbolic name of a bundle or the name of a module, both of which begin with the group
// by custom: where the last element is the artifact or a word of it, what stands before, "org.jctools" for jctools-core
// and "org.jctools.core"; where that is one element only, all, "io.netty" for netty-all.
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
