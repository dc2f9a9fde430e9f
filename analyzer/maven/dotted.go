package maven

import "strings"

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

// groupOf returns the group in a dotted name, or "". By custom the symbolic name of a bundle and the name of a module begin with
// the group. If the last element is the artifact or a word of it, the group is the elements before: "org.jctools" for jctools-core
// and "org.jctools.core". If these are no group, it is the whole name: "io.netty" for netty-all, "org.apache.groovy" for groovy. If
// the artifact begins with the name of the domain, that is the group: "org.elasticsearch" for elasticsearch-core. With strict, a word
// of the artifact does not suffice.
func groupOf(dotted, artifact string, strict bool) string {
	dotted, artifact = strings.ToLower(dotted), strings.ToLower(artifact)
	elements := strings.Split(dotted, ".")
	if !isGroup(dotted) || !isTop(elements[0]) || dotted == artifact {
		return ""
	}
	n := len(elements)
	words := strings.FieldsFunc(artifact, func(r rune) bool { return r == '-' || r == '.' || r == '_' })
	last := elements[n-1]
	fits := squeeze(last) == squeeze(artifact)
	for _, w := range words {
		fits = fits || w == last && !strict
	}
	if fits {
		group := strings.Join(elements[:n-1], ".")
		if n-1 >= 2 && !isUmbrella(group) {
			return group
		}
		return dotted
	}
	if len(words) == 0 {
		return ""
	}
	for i := 1; i < n && i <= 2; i++ {
		if elements[i] == words[0] && (i == 1 || isUmbrella(strings.Join(elements[:2], "."))) {
			return strings.Join(elements[:i+1], ".")
		}
	}
	return ""
}

// squeeze removes separators.
func squeeze(s string) string { return strings.NewReplacer("-", "", "_", "", ".", "").Replace(s) }

// activated returns the group in the class name of a bundle's activator, or "": "org.eclipse.persistence" for javax.persistence and
// "org.eclipse.persistence.javax.persistence.osgi.Activator".
func activated(class, artifact string) string {
	group, _, ok := strings.Cut(class, "."+artifact+".")
	switch {
	case !ok || !isGroup(group+"."+artifact):
		return ""
	case !strings.Contains(group, ".") || isUmbrella(group):
		return group + "." + artifact
	}
	return group
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
