package version

import (
	"regexp"
	"strconv"
	"strings"
)

const osv = "osv-scalibr-semantic/"

// conformance are the lists of TestConformance.
var conformance = []struct {
	scheme, file string
	atLeast      int                                          // lines, so that a list which is not understood does not pass
	split        func(line string) (a, op, b string, ok bool) // nil is splitFields
	refused      string                                       // versions that the ecosystem's own tool refuses
	wrong        map[string]string                            // lines that contradict the ecosystem's own tool, and what it says
}{
	{scheme: "deb", file: osv + "debian-versions.txt", atLeast: 25},
	{scheme: "deb", file: osv + "debian-versions-generated.txt", atLeast: 14_000},
	{scheme: "pypi", file: osv + "pypi-versions.txt", atLeast: 20, refused: pypiLegacy1},
	{scheme: "pypi", file: osv + "pypi-versions-generated.txt", atLeast: 12_000, refused: pypiLegacy2},
	{scheme: "rpm", file: osv + "redhat-versions.txt", atLeast: 150},
	{scheme: "rpm", file: "claircore/rpmver/rpmvercmp", atLeast: 70},
	{scheme: "rpm", file: "claircore/rpmver/compare", atLeast: 5, split: splitNEVRA},
	{scheme: "rpm", file: "rpm-rpmvercmp.at", atLeast: 80, split: splitM4},
	{scheme: "apk", file: "apk-tools-version.data", atLeast: 720, split: splitAPK, refused: apkInvalid1, wrong: apkLetters},
	{scheme: "apk", file: osv + "alpine-versions.txt", atLeast: 700, refused: apkInvalid2},
	{scheme: "apk", file: osv + "alpine-versions-generated.txt", atLeast: 13_000},
	{scheme: "npm", file: osv + "semver-versions.txt", atLeast: 80, refused: semverHuge + semverLong},
	{scheme: "cargo", file: osv + "semver-versions.txt", atLeast: 80, refused: semverHuge + semverLong},
	{scheme: "golang", file: osv + "semver-versions.txt", atLeast: 80, refused: semverLong},
	{scheme: "nuget", file: osv + "nuget-versions.txt", atLeast: 30, refused: semverHuge},
	{scheme: "gem", file: osv + "rubygems-versions.txt", atLeast: 20, refused: gemInvalid},
	{scheme: "gem", file: osv + "rubygems-versions-generated.txt", atLeast: 4000},
	{scheme: "composer", file: osv + "packagist-versions.txt", atLeast: 80, refused: composerInvalid1, wrong: composerRaw1},
	{scheme: "composer", file: osv + "packagist-versions-generated.txt", atLeast: 10_000, refused: composerInvalid2, wrong: composerRaw2},
	{scheme: "cran", file: osv + "cran-versions.txt", atLeast: 20},
	{scheme: "cran", file: osv + "cran-versions-generated.txt", atLeast: 50},
	{scheme: "hackage", file: osv + "hackage-versions.txt", atLeast: 8},
	{scheme: "pub", file: osv + "pub-versions.txt", atLeast: 80, refused: semverHuge + semverLong},
	{scheme: "maven", file: osv + "maven-versions.txt", atLeast: 80, wrong: mavenOld1},
	{scheme: "maven", file: osv + "maven-versions-generated.txt", atLeast: 14_000, wrong: mavenOld2},
	{scheme: "maven", file: "claircore/maven-compare.list", atLeast: 70, wrong: mavenOld3},
}

// Legacy versions, which the lists order before all others. packaging 22 and later refuse them, as PEP 440 does:
// "Invalid version: '0.1-bulbasaur'". TestExceptions asks it.
const (
	pypiLegacy1 = `0.1-bulbasaur 0.1-charmander 0.9-doduo 0.9-eevee 0.9-fearow 0.9-gyarados 0.9-horsea 0.9-ivysaur
		-class.-jw.util.version.version-pre -class.-jw.util.version.version-preview -class.-jw.util.version.version-dev`
	pypiLegacy2 = `0.1-bulbasaur 0.1-charmander 0.9-doduo 0.9-eevee 0.9-fearow 0.9-gyarados 0.9-horsea 0.9-ivysaur 2.0.1rc2-git
		0.7.1.fix1 0.7.4.svn.r2010 2013-01-21T20:33:09+0100 2013-01-23T17:11:52+0100 2013-02-01T20:50:46+0100
		2013-02-02T19:59:03+0100 2013-02-02T20:23:17+0100 2013-02-08T17:40:57+0000 2013-03-27T16:32:26+0100
		2013-05-09T12:47:53+0200 2013-05-10T17:55:56+0200 2013-05-14T20:16:05+0200 2013-06-01T10:32:51+0200
		2013-07-19T09:11:08+0000 2013-08-12T21:48:56+0200 2013-09-11T19-27-10 2013-12-23T17-51-15 2014-01-12T15-52-10
		0.0.1-test1 0.7.10p1 0.7.11p1 0.7.11p2 0.7.11p3 0.8.1p1 0.8.3p1 0.8.4p1 0.8.4p2 0.8.6p1 0.8.7p1
		-class.-jw.util.version.Version- trunk 0.3m1 0.3m2 0.3m3 0.3m4 0.3m5 0.4m1 0.4m2 0.4m3 0.4m4 0.4m5 0.5m1 0.5m2
		0.5m3 0.5m4 0.5m5 0.6m1 0.6m2 0.6m3 0.6m4 0.6m5 0.6m6 1.3.1-STAGING 4.11-final 5.0-final a3 2.0.0-final
		1.0beta6.1 0.3.1-p1 0.4.0-p1`
)

// apk-tools 3 refuses these: its own list has "!0.1bc", "!.1", "!a" and "!0.1_foobar", and marks the line of 1.0bc "invalid. do
// string sort".
const (
	apkInvalid1 = `23_foo 1.0bc`
	apkInvalid2 = `1-r 1-r-0 1-r-1 0.r1 0..1..0 0..1..1 0...1...0 0...1...1 0...1...0.r1 0...1...0.r2 0...1...0r1 0...1...0r2
		0..8 0...8 0.8.21.r2 0.8.21.r1 10.2.24.r0 10.2.22.r0 1.2.0A 1.2.0D 1-ruff 1-r0-1 1-r-2 1-r0-2 1-ruff2 1-ruff1
		1--ruff1 1-r0-ruff2 1-r0-ruff1 1.2_blah 1.2_csv2 .1 .2 a b c 23_foo 1.0bc`
)

// apkLetters is what apk-tools 3 refuses but apk-tools 2 did not; see apk.go.
var apkLetters = map[string]string{"0.1a1 ?10 0": ">"}

// Semantic Versioning has three numbers; npm holds them in 53 bits, Cargo and pub in 64, NuGet in 32.
const (
	semverLong = ` 1.1.3.4.5`
	semverHuge = `999999999999999999999999999991
		999999999999999999999999999999
		999999999999999999999999999991.999999999999999999999999999991.999999999999999999999999999991
		999999999999999999999999999999.999999999999999999999999999991.999999999999999999999999999991`
)

// Gem::Version.correct? says no.
const gemInvalid = `1beta 1gamma`

// Composer does not compare what stands in composer.json but what VersionParser::normalize makes of it, which refuses these.
// The lists compare with version_compare alone, for which "1.0" is less than "1.0.0", and "stable" and "BETA" are words of
// no meaning.
const (
	composerInvalid1 = `4.3-2RC1 4.3-2RC2 4.3-2beta5 4.3-2 4.3-2beta1 1.2.3.# 1.2.3.#.1 1.2.3.#.p3 1.2.3.#.beta
		999999999999999999999999999991 999999999999999999999999999999
		999999999999999999999999999991.999999999999999999999999999991.999999999999999999999999999991
		999999999999999999999999999999.999999999999999999999999999991.999999999999999999999999999991`
	composerInvalid2 = `0.0.1-test1 3.0.0b1.post1 3.0.0b1.post2 3.0.0b2.post1 3.0.0b2.post2 3.1.0.post1 3.2.0rc1.post1 3.5.0.post1
		3.5.2.post1 1.5.1.dev100 1.5.1.dev101`
)

var (
	composerRaw1 = map[string]string{
		"1.0.0 > 1.0": "=",
	}
	composerRaw2 = map[string]string{
		"v3.0 < v3.0.0-beta":             ">",
		"v3.4 < v3.4.0-alpha":            ">",
		"v4-beta4 < v4.0-alpha":          ">",
		"v1.9.0-ALPHA.1 = v1.9.0-BETA.1": "<",
		"v1.9.0-BETA.1 < v1.9.0-ALPHA.2": ">",
		"v1.9.0-ALPHA.2 = v1.9.0-BETA.2": "<",
		"5.1.0-stable < 5.1.0-beta2":     ">",
		"v4.4 < v4.4.0-beta":             ">",
		"v6.5 < v6.5.0-beta-0":           ">",
		"v6.6 < v6.6.0-beta":             ">",
	}
)

// Maven 3.9 says otherwise, mostly since it reads "rc1" and "rc-1" as one item and ".x" as "-x" at the end. (Maven 3.8 has
// another order, which these lists do not follow either.)
var (
	mavenOld1 = map[string]string{
		"1-1.foo-bar-1-baz-0.1 = 1-1.foo-bar1baz-.1": ">",
		"1-1 = 1-ga-1": ">",
	}
	mavenOld2 = map[string]string{
		"3.2.0rc2 < 3.2.0-rc.1":                         ">",
		"4.0.16.Final < 4.0.16.Final-jason1":            ">",
		"4.0.17.Final < 4.0.17.Final-wildfly-1":         ">",
		"1.1.3.RELEASE < 1.1.3.RELEASE-A":               ">",
		"1.0.0-RC16 < 1.0.0.RC8-beta":                   ">",
		"1.0.0-gradle-rework-beta3 < 1.0.0.RC7-3":       ">",
		"2.9.0-1 < 2.9.0.RC1":                           ">",
		"7.4.3.20 < 7.4.3.20-ga20":                      "=",
		"7.4.3.21 < 7.4.3.21-ga21":                      "=",
		"6.1.12.rc5 < 6.1.12rc1":                        ">",
		"1.0.0-beta11 < 1.0.0-beta.6":                   ">",
		"1.1.31.sec10 < 1.1.31_noneautotype":            ">",
		"1.1.34.sec10 < 1.1.34_noneautotype":            ">",
		"1.1.46.sec10 < 1.1.46_noneautotype":            ">",
		"1.2.8.sec10_noneautotype < 1.2.8_noneautotype": ">",
		"1.2.31.sec10 < 1.2.31_noneautotype":            ">",
		"1.2.48.sec10 < 1.2.48_noneautotype":            ">",
		"1.2.50.sec10 < 1.2.50_noneautotype":            ">",
		"1.2.54.sec10 < 1.2.54_noneautotype":            ">",
		"1.2.57.sec10 < 1.2.57_noneautotype":            ">",
		"1.2.60.sec10 < 1.2.60_noneautotype":            ">",
		"1.2.67.sec10 < 1.2.67_noneautotype":            ">",
		"1.0.0rc0 < 1.0.beta8":                          ">",
		"1.5.9.RC1 < 1.5.9-RC0":                         ">",
		"3.5.0-CR-2 < 3.5.0.Beta-1":                     ">",
		"1.1.0-01-glassfish < 1.1.0.Beta1":              ">",
		"v3.7.0rc2 < v3.7.0-rc.3":                       ">",
	}
	mavenOld3 = map[string]string{
		"2.0.a < 2.0.0.a": "=",
	}
)

// splitM4 reads "RPMVERCMP(a, b, 1)", also where it is commented out.
func splitM4(line string) (a, op, b string, ok bool) {
	f := strings.Split(strings.TrimPrefix(line, "dnl "), "RPMVERCMP(")
	if len(f) != 2 || f[0] != "" {
		return "", "", "", false
	}
	if f = strings.Split(strings.TrimSuffix(f[1], ")"), ", "); len(f) != 3 {
		return "", "", "", false
	}
	c, err := strconv.Atoi(f[2])
	return f[0], string("<=>"[c+1]), f[1], err == nil
}

// splitAPK also reads "version", which is valid, and "!version", which is not. The operators with "~" are about prefixes,
// not about order.
func splitAPK(line string) (a, op, b string, ok bool) {
	line, _, _ = strings.Cut(line, "#")
	f := strings.Fields(line)
	switch {
	case len(f) == 1 && f[0][0] == '!':
		return f[0][1:], "?10", "0", true
	case len(f) == 1:
		return f[0], "=", f[0], true
	case len(f) == 3 && !strings.Contains(f[1], "~"):
		return f[0], f[1], f[2], true
	}
	return "", "", "", false
}

// splitNEVRA reads "name-epoch:version-release.arch op ...", where only the version is not optional. Lines that are about
// names or architectures are left out.
func splitNEVRA(line string) (a, op, b string, ok bool) {
	a, op, b, ok = splitFields(line)
	nevra := regexp.MustCompile(`^(?:(.*)-)?([^-]+-[^-]+?)(?:\.(noarch|aarch64|riscv))?$`)
	left, right := nevra.FindStringSubmatch(a), nevra.FindStringSubmatch(b)
	if !ok || left == nil || right == nil || left[1] != right[1] || left[3] != right[3] {
		return "", "", "", false
	}
	return left[2], op, right[2], true
}
