package maven

import (
	"path"
	"slices"
	"strings"
)

// Evidence is all that an archive without complete metadata states about itself.
type evidence struct {
	name     string      // path of the file, or name of the entry
	partial  coordinates // from an incomplete pom.properties
	manifest manifest
	home     string      // package of most classes: "org.apache.catalina"
	native   coordinates // group and artifact of a directory META-INF/native-image
	groups   *groupTable
}

// identify derives coordinates from evidence. The version is empty if no evidence contains one, and the group is empty if none
// is certain. A wrong group would hide vulnerabilities; without a group, the matcher can look for the artifact in all groups.
func (e *evidence) identify() coordinates {
	if c, ok := jenkins(e.manifest); ok {
		return c
	}
	if c, ok := repository(e.name); ok {
		return c
	}
	c := e.partial
	if m := e.manifest; isArtifact(m["short-name"]) && isVersion(firstWord(m["plugin-version"])) { // an older plugin of Jenkins
		c.artifact, c.version = m["short-name"], firstWord(m["plugin-version"])
	}
	if artifact, version := e.artifact(); c.artifact == "" || c.version == "" {
		if c.artifact != "" && !same(c.artifact, artifact) {
			c = coordinates{} // of a library merged into the archive
		}
		c.artifact, c.version = orElse(c.artifact, artifact), orElse(c.version, version)
	}
	if !isCoordinate(c.artifact) || !isCoordinate(c.version) {
		base := stem(e.name)
		return coordinates{artifact: base}
	}
	if c.group == "" {
		c.group, c.artifact = e.group(c.artifact, c.version)
	}
	return c
}

// jenkins returns the coordinates that the manifest of a Jenkins plugin states.
func jenkins(m manifest) (coordinates, bool) {
	c := coordinates{m["group-id"], m["short-name"], m["plugin-version"]}
	if c.artifact == "" {
		c.artifact = m["extension-name"]
	}
	c.version = firstWord(c.version)
	return c, c.complete()
}

// firstWord returns the text before the first blank: "2.2" of "2.2 (private-1a2b)".
func firstWord(s string) string {
	word, _, _ := strings.Cut(s, " ")
	return word
}

// artifact returns the artifact ID and version: from the file name, or else from the manifest.
func (e *evidence) artifact() (name, version string) {
	base := stem(e.name)
	m := e.manifest
	if name, version, ok := splitBundle(base); ok {
		return name, version
	}
	name, version = splitVersion(base, firstWord(m["implementation-version"]))
	if v := m.version(); v != "" && hasWord(version) && release(v) != release(version) {
		name, version = base, "" // log4j-1.2-api.jar
	}
	if bundle := e.bundleName(name); bundle != "" {
		if version == "" && isVersion(m["bundle-version"]) {
			version = m["bundle-version"]
		}
		name = bundle
	}
	if version != "" {
		return name, version
	}
	version = m.version()
	if c, ok := titled(m["implementation-title"]); ok {
		return c.artifact, orElse(c.version, version)
	}
	title := m["implementation-title"]
	if version != "" && isArtifact(title) && !isGroup(title) && !strings.Contains(name, title) {
		return title, version // the file was renamed, as in "COPY target/x-1.0.jar app.jar"
	}
	return name, version
}

// bundleName returns the name of an OSGi bundle if it is an artifact ID that ends in name, and the bundle's symbolic name ends in
// it. Tomcat's catalina.jar has the name tomcat-catalina and the symbolic name org.apache.tomcat-catalina. Older versions have
// Tomcat's title only.
func (e *evidence) bundleName(name string) string {
	m := e.manifest
	bundle := m["bundle-name"]
	if isArtifact(bundle) && strings.HasSuffix(bundle, "-"+name) && strings.HasSuffix(m.symbolicName(), "."+bundle) {
		return bundle
	}
	if m["implementation-title"] == "Apache Tomcat" && !strings.HasPrefix(name, "tomcat-") {
		return "tomcat-" + name
	}
	return ""
}

// titled reads the coordinates in a title that a plugin of Gradle writes, "io.micrometer#micrometer-core;1.11.4", or that
// separates them by colons.
func titled(title string) (c coordinates, ok bool) {
	var rest string
	if c.group, rest, ok = strings.Cut(title, "#"); ok {
		c.artifact, c.version, _ = strings.Cut(rest, ";")
	} else if c.group, rest, ok = strings.Cut(title, ":"); ok {
		c.artifact, c.version, _ = strings.Cut(rest, ":")
	}
	return c, ok && isGroup(c.group) && isArtifact(c.artifact) && (c.version == "" || isVersion(c.version))
}

// group returns the group of an artifact, or "", and the artifact's name without a group in front of it. What names the group
// comes first, then the table of well-known libraries, then names that by custom begin with the group.
func (e *evidence) group(artifact, version string) (group, name string) {
	if group, name, ok := e.split(artifact, version); ok {
		return group, name
	}
	m := e.manifest
	if c, ok := titled(m["implementation-title"]); ok && c.artifact == artifact {
		return c.group, artifact
	}
	if e.native.artifact == artifact {
		return e.native.group, artifact
	}
	known, family := e.groups.find(artifact, version)
	if known != "" && (family || !strings.ContainsAny(artifact, "-_.")) && e.contradicts(known) {
		known = ""
	}
	if known != "" && !family {
		return known, artifact
	}
	if vendor := e.vendor(); vendor != "" {
		if g := groupOf(m.symbolicName(), artifact, true); strings.HasPrefix(g, vendor+".") {
			return g, artifact // org.hibernate.orm, from the vendor org.hibernate
		}
		return vendor, artifact
	}
	if known != "" {
		return known, artifact
	}
	if g := activated(m["bundle-activator"], artifact); g != "" {
		return g, artifact
	}
	for _, dotted := range []string{m.symbolicName(), m["automatic-module-name"], m["implementation-title"]} {
		if g := groupOf(dotted, artifact, true); g != "" {
			return g, artifact
		}
	}
	if g := started(m["start-class"], artifact); g != "" {
		return g, artifact
	}
	if g := groupOf(e.home, artifact, false); g != "" {
		return g, artifact
	}
	return bundleGroup(artifact), artifact
}

// vendor returns the vendor's ID if it can be a group.
func (e *evidence) vendor() string {
	if v := e.manifest["implementation-vendor-id"]; isGroup(v) && !isUmbrella(v) {
		return v
	}
	return ""
}

// contradicts reports whether the vendor or the package of the classes is of another origin than a group. Names of one word and
// names of families are not unique: many companies have a library of their own whose name begins with "struts".
func (e *evidence) contradicts(group string) bool {
	for _, dotted := range []string{e.vendor(), e.home} {
		elements := strings.SplitN(dotted, ".", 3)
		api := elements[0] == "javax" || elements[0] == "jakarta" // which several implement
		shared := len(elements) > 1 && isUmbrella(elements[0]+"."+elements[1])
		if dotted != "" && !api && !shared && !related(dotted, group) {
			return true
		}
	}
	return false
}

// related reports whether a dotted name has the domain of a group, or an element that the group contains.
func related(dotted, group string) bool {
	elements := strings.Split(dotted, ".")
	if len(elements) > 1 && strings.HasPrefix(group+".", elements[0]+"."+elements[1]+".") {
		return true
	}
	for i, element := range elements {
		inDomain := i == 0 && isTop(element) || i == 1 && isUmbrella(elements[0]+"."+element)
		if !inDomain && len(element) > 1 && strings.Contains(group, element) {
			return true
		}
	}
	return false
}

// split divides a name with a group in front, as Quarkus and sbt write it: "io.netty.netty-codec-http".
func (e *evidence) split(name, version string) (group, artifact string, ok bool) {
	if !strings.Contains(name, ".") {
		return "", "", false
	}
	if vendor := e.vendor(); vendor != "" {
		if rest, ok := strings.CutPrefix(name, vendor+"."); ok && isArtifact(rest) {
			return vendor, rest, true
		}
	}
	for i := range len(name) {
		if name[i] != '.' {
			continue
		}
		group, artifact := name[:i], name[i+1:]
		known, _ := e.groups.find(artifact, version)
		if isArtifact(artifact) && (known == group || isGroup(group) && strings.HasPrefix(artifact, group)) {
			return group, artifact, true // the last: javax.inject.javax.inject
		}
	}
	elements := strings.Split(name, ".")
	if !isTop(elements[0]) {
		return "", "", false
	}
	last := len(elements) - 1
	cut := slices.IndexFunc(elements, func(s string) bool { return strings.ContainsAny(s, "-_") })
	for cut >= 0 && (cut < 2 || isUmbrella(strings.Join(elements[:cut], "."))) {
		next := slices.IndexFunc(elements[cut+1:], func(s string) bool { return strings.ContainsAny(s, "-_") })
		if next < 0 {
			cut = -1
			break
		}
		cut += 1 + next
	}
	if cut < 0 && last >= 2 && (elements[last] == elements[last-1] || inQuarkus(e.name)) {
		cut = last
	}
	if cut < 0 {
		return "", "", false
	}
	group, artifact = strings.Join(elements[:cut], "."), strings.Join(elements[cut:], ".")
	return group, artifact, isGroup(group) && isArtifact(artifact)
}

// inQuarkus reports whether a path is in a directory of libraries that Quarkus writes.
func inQuarkus(name string) bool {
	dir := path.Dir(name)
	return strings.HasSuffix(dir, "lib/main") || strings.HasSuffix(dir, "lib/boot")
}
