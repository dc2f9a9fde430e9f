package maven

import (
	"path"
	"slices"
	"strings"
)

// stem returns the base name without the extension of an archive. A program may lack one: "tool-1.2".
func stem(name string) string {
	base := path.Base(name)
	if ext := path.Ext(base); len(ext) < len(base) && slices.Contains(extensions[:], strings.ToLower(ext)) {
		return strings.TrimSuffix(base, ext)
	}
	return base
}

// splitVersion splits a stem such as "guava-27.0-jre" into name and version. A stated version from the manifest wins if the
// stem ends in it, which tells "log4j-1.2" 1.2.17 from "zstd-jni" 1.3.8-5. Otherwise the version begins at the first "-" before
// a digit such that the rest contains no part of a name: the version of "log4j-1.2-api-2.19.0" is 2.19.0. Version is empty if
// the stem has no version.
func splitVersion(stem, stated string) (name, version string) {
	if stated != "" {
		if name, ok := strings.CutSuffix(stem, "-"+stated); ok && name != "" {
			return name, stated
		}
	}
	for i := 1; i+1 < len(stem); i++ {
		if stem[i] == '-' && isDigit(stem[i+1]) && looksVersion(stem[i+1:]) {
			return stem[:i], withoutClassifier(stem[i+1:])
		}
	}
	return stem, ""
}

// splitBundle splits the stem of a bundle in a repository of Eclipse's p2: "org.eclipse.osgi_3.10.1.v20140909-1633". Bundles have
// dotted names, and versions of three numbers and a qualifier.
func splitBundle(stem string) (name, version string, ok bool) {
	at := strings.LastIndexByte(stem, '_')
	for at > 0 && !isBundleVersion(stem[at+1:]) {
		at = strings.LastIndexByte(stem[:at], '_')
	}
	if at <= 0 || !strings.Contains(stem[:at], ".") || !isArtifact(stem[:at]) {
		return "", "", false
	}
	return stem[:at], stem[at+1:], true
}

// isBundleVersion reports whether s has the form of OSGi versions: three numbers, and maybe a qualifier.
func isBundleVersion(s string) bool {
	parts := strings.SplitN(s, ".", 4)
	if len(parts) < 3 || !isCoordinate(s) {
		return false
	}
	for _, number := range parts[:3] {
		if number == "" || strings.Trim(number, "0123456789") != "" {
			return false
		}
	}
	return true
}

// looksVersion reports whether s is a version without a part of a name. A word that versions don't use is part of a name if it
// precedes another number ("1.2-api-2.19.0") or follows a number without a dot ("2-server").
func looksVersion(s string) bool {
	first, _, _ := strings.Cut(s, "-")
	word := false
	for part := range strings.SplitSeq(withoutClassifier(s), "-") {
		switch {
		case part == "":
			return false
		case !isDigit(part[0]):
			word = word || !isQualifier(part)
		case word:
			return false
		}
	}
	return isVersion(s) && (!word || strings.Contains(first, "."))
}

// hasWord reports whether a version has a part that versions don't use.
func hasWord(version string) bool {
	for part := range strings.SplitSeq(version, "-") {
		if part != "" && !isDigit(part[0]) && !isQualifier(part) {
			return true
		}
	}
	return false
}

// isQualifier reports whether versions use the word s.
func isQualifier(s string) bool {
	switch strings.TrimRight(strings.ToLower(s), "0123456789.") {
	case "snapshot", "release", "final", "ga", "alpha", "beta", "a", "b", "m", "rc", "cr", "sp", "ea", "pre", "preview",
		"milestone", "build", "rev", "r", "v", "jre", "android", "jdk", "java", "incubating", "redhat", "dev", "patch", "p",
		"u", "hadoop", "spark", "scala", "empty":
		return true
	}
	return false
}

// withoutClassifier removes the classifier, which distinguishes artifacts of one release, from a version.
func withoutClassifier(version string) string {
	for _, c := range [...]string{
		"sources", "javadoc", "tests", "test", "shaded", "shadow", "all", "fat", "uber", "exec", "plain", "boot", "standalone",
		"bundle", "jar-with-dependencies", "with-dependencies", "runner", "no_aop", "nodep", "bin", "client", "native",
		"linux-x86_64", "linux-aarch_64", "osx-x86_64", "osx-aarch_64", "windows-x86_64", "linux-riscv64",
		"natives-linux", "natives-windows", "natives-macos", "linux-x86_64-fedora", "linux-aarch_64-fedora", "linux-ppcle_64", "linux-s390_64",
		"linux-x86_32", "jpms", "jakarta",
	} {
		if v, ok := strings.CutSuffix(version, "-"+c); ok {
			return v
		}
	}
	if v, jdk, ok := cutLast(version, "-jdk"); ok && jdk != "" && strings.Trim(jdk, "0123456789") == "" {
		return v // the build for a version of Java
	}
	return version
}

// cutLast is strings.Cut at the last sep.
func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// repository returns the coordinates of an archive in a repository or cache of Maven or Gradle. Maven's layout is
// group/as/directories/artifact/version/ below "repository" or "maven-repo"; Gradle's is group/artifact/version/checksum/ below
// "files-2.1". The base name must agree.
func repository(name string) (coordinates, bool) {
	elements := strings.Split(name, "/")
	last := len(elements) - 1
	fits := func(artifact, version string) bool {
		return strings.HasPrefix(elements[last], artifact+"-"+version) && isVersion(version)
	}
	var c coordinates
	switch {
	case last >= 5 && elements[last-5] == "files-2.1":
		c = coordinates{elements[last-4], elements[last-3], elements[last-2]}
	case last >= 4:
		root := max(lastIndex(elements[:last-2], "repository"), lastIndex(elements[:last-2], "maven-repo"))
		if root < 0 {
			return c, false
		}
		c = coordinates{strings.Join(elements[root+1:last-2], "."), elements[last-2], elements[last-1]}
	}
	return c, c.complete() && fits(c.artifact, c.version)
}

func lastIndex(list []string, s string) int {
	for i := len(list) - 1; i >= 0; i-- {
		if list[i] == s {
			return i
		}
	}
	return -1
}
