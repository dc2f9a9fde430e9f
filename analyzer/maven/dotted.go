package maven

import (
	"slices"
	"strings"
)

// isTop reports whether s begins names that are reversed domain names.
func isTop(s string) bool {
	switch s {
	case "com", "org", "net", "edu", "gov", "mil", "info", "biz", "dev", "app", "cloud", "tech", "tools", "software", "redis", "javax", "jakarta":
		return true
	}
	return len(s) == 2 && 'a' <= s[0] && s[0] <= 'z' && 'a' <= s[1] && s[1] <= 'z'
}

// isUmbrella reports whether projects of many kinds share a domain, so that it is no group.
func isUmbrella(domain string) bool {
	switch domain {
	case "org.apache", "org.eclipse", "org.codehaus", "org.jboss", "org.ow2", "org.kohsuke", "org.sonatype", "com.google", "com.googlecode", "com.github",
		"com.sun", "com.ibm", "com.oracle", "com.microsoft", "com.amazon", "io.github", "io.gitlab", "net.sf", "net.sourceforge", "net.java":
		return true
	}
	return false
}

// groupOf returns the group in a dotted name, or "". The symbolic name of a bundle and the name of a module by custom have one of
// these forms, as the bundle plugin of Maven makes them:
//
//	org.jctools.core           the group, then the artifact jctools-core without the last element of the group
//	com.carrotsearch.hppc      the group, then the artifact
//	org.hibernate.orm.envers   the group, then the artifact hibernate-envers without a word of the group
//	org.apache.groovy          the group, for the artifact groovy, groovy-json and all others
//	io.grpc.internal           the group, for the artifact grpc-core, then anything
//
// Packages of classes often have the first and third form without being made of the group, so only the last one counts if
// stated is false.
func groupOf(dotted, artifact string, stated bool) string {
	dotted, artifact = strings.ToLower(dotted), strings.ToLower(artifact)
	if group, ok := strings.CutSuffix(dotted, "."+artifact); ok && stated && isGroup(group) && !isUmbrella(group) {
		return group
	}
	artifact = withoutScala(artifact)
	elements := strings.Split(dotted, ".")
	if !isGroup(dotted) || !isTop(elements[0]) || dotted == artifact || isUmbrella(dotted) {
		return ""
	}
	if stated {
		if group := groupBefore(elements, flatten(artifact)); group != "" {
			return group
		}
	}
	first, _, _ := strings.Cut(flatten(artifact), ".")
	inUmbrella := isUmbrella(strings.Join(elements[:2], "."))
	switch {
	case !inUmbrella && elements[1] == first:
		return elements[0] + "." + elements[1]
	case stated && inUmbrella && elements[2] == first:
		return strings.Join(elements[:3], ".")
	}
	return ""
}

// groupBefore returns the elements before those that an artifact, with dots, accounts for, or "".
func groupBefore(elements []string, artifact string) string {
	last := len(elements) - 1
	for cut := last; cut >= 2; cut-- {
		rest := strings.Join(elements[cut:], ".")
		group := strings.Join(elements[:cut], ".")
		if flatten(elements[cut-1]+"."+rest) == artifact && !isUmbrella(group) {
			return group
		}
	}
	group := strings.Join(elements[:last], ".")
	if flatten(elements[last]) == artifact {
		switch {
		case last >= 2 && !isUmbrella(group):
			return group
		case strings.Contains(artifact, ".") && (group == "org.apache" || group == "org.eclipse"):
			first, _, _ := strings.Cut(artifact, ".")
			return group + "." + first // org.apache.tomcat-catalina
		}
		return strings.Join(elements, ".")
	}
	first, rest, _ := strings.Cut(artifact, ".")
	if rest == elements[last] && last >= 3 && slices.Contains(elements[1:last], first) {
		return group
	}
	return ""
}

// flatten replaces separators within an artifact or an element by dots.
func flatten(s string) string { return strings.NewReplacer("-", ".", "_", ".").Replace(s) }

// withoutScala removes the version of Scala from an artifact: "akka-actor_2.13".
func withoutScala(artifact string) string {
	if name, version, ok := strings.Cut(artifact, "_"); ok && (version == "3" || strings.HasPrefix(version, "2.")) {
		return name
	}
	return artifact
}

// activated returns the group in the class name of a bundle's activator, or "": "org.eclipse.persistence" for javax.persistence and
// "org.eclipse.persistence.javax.persistence.osgi.Activator", "org.apache.derby" for derby and "org.apache.derby.osgi.Activator".
func activated(class, artifact string) string {
	group, _, ok := strings.Cut(class, "."+artifact+".")
	switch {
	case !ok || !isGroup(group+"."+artifact):
		return ""
	case isUmbrella(group):
		return group + "." + artifact
	case strings.Contains(artifact, ".") && isGroup(group):
		return group
	}
	return ""
}

// bundleGroup returns the group of a bundle whose artifact ID is its symbolic name, or "": "org.eclipse.sisu" for
// org.eclipse.sisu.inject. Such names begin with the group.
func bundleGroup(artifact string) string {
	elements := strings.Split(artifact, ".")
	if !isGroup(artifact) || !isTop(elements[0]) || len(elements) < 3 {
		return ""
	}
	if isUmbrella(strings.Join(elements[:2], ".")) {
		return strings.Join(elements[:3], ".")
	}
	return strings.Join(elements[:len(elements)-1], ".")
}

// started returns the group in the name of the class that Spring Boot starts, if the name also has the artifact: those of com.example.shop.Main,
// com.example.Shop and com.example.ShopApplication are com.example, for the artifact shop. Otherwise it returns "".
func started(class, artifact string) string {
	flat := strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(artifact))
	name := strings.ToLower(class)
	i := strings.LastIndexByte(name, '.')
	for _, dotted := range []string{name[:max(i, 0)], name, strings.TrimSuffix(name, "application")} {
		group, ok := strings.CutSuffix(dotted, "."+flat)
		if top, _, _ := strings.Cut(group, "."); ok && isTop(top) && isGroup(group) && !isUmbrella(group) {
			return group
		}
	}
	return ""
}
