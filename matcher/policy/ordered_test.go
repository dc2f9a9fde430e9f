package policy_test

import (
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/policy"
	"github.com/hullmark/hullmark/matcher/report"
)

// installed is an image with one package, and a match of it that a version fixes.
func installed(p analyzer.Package, fixed string, about ...matcher.Advisory) report.PolicyInput {
	in := input()
	in.Report.Components = []analyzer.Component{{ID: "p", Package: p}}
	in.Report.Findings = nil
	in.Result.Matches = []matcher.Match{{ID: "CVE-2026-0001", Component: "p", Fixed: fixed, Advisories: about}}
	return in
}

// Versions compare by the order of the package's type. https://github.com/temporalio/deputy/issues/165
func TestVersions(t *testing.T) {
	for _, c := range []struct {
		typ, version, when string
		want               bool
	}{
		{"npm", "1.10.0", `package.version < version("1.9")`, false}, // the order of texts says otherwise
		{"npm", "1.8.9", `package.version < version("1.9")`, true},
		{"npm", "1.10.0", `version("1.9") < package.version && version("1.10.0-rc.1") <= package.version`, true},
		{"deb", "1:1.0-1", `package.version > version("9.0-1") && package.source_version >= version("1:1.0-1")`, true},
		{"deb", "2.0~rc1-1", `package.version < version("2.0-1")`, true},
		{"rpm", "0:4.18.0-80.el8", `package.version < version("4.18.0-348.el8")`, true},
		{"apk", "1.2.3-r10", `package.version > version("1.2.3-r9")`, true},
		{"maven", "2.0.Final", `package.version == version("2.0")`, true},
		{"gradle", "10.0", `package.version > version("9.0")`, true}, // the type stands for maven
		{"pypi", "1.0rc1", `package.version < version("1.0") && package.version == version("1.0-rc.1")`, true},
		{"gem", "1.10.0-x86_64-linux-gnu", `package.version >= version("1.9.3") && package.version in [version("1.10.0"), version("2")]`, true},
		{"golang", "v1.10.0", `package.version > version("v1.9.0")`, true},
		{"npm", "1.0.0", `package.version in [version("1.0.1"), version("1.0.2")]`, false},
		{"npm", "1.0.0", `package.version != version("1.0.0")`, false},
		{"npm", "", `package.version == ""`, true},
		{"npm", "1", `package.version != "" && "" != package.version`, true},
		{"npm", "1.2.3-beta", `package.version.contains("beta") && package.version.startsWith("1.2") && package.version.endsWith("beta") && package.version.matches("^1[.]2")`, true},
		{"npm", "1.2.3", `string(package.version) == "1.2.3"`, true},
		{"novel", "r5", `package.version == version("r5") && package.version != version("r6")`, true}, // without an order, texts are equal or not
		{"novel", "r5", `package.name == "other" && package.version < version("9")`, false},           // what decides already needs no order
	} {
		for _, when := range []string{c.when, "(" + c.when + ") && distro.id != ''"} {
			in := installed(analyzer.Package{Type: c.typ, Name: "p", Version: c.version}, "")
			v := evaluate(t, rule("package", when, "stop"), in)
			if got := v.Action == report.Stop; got != c.want {
				t.Errorf("%s %s when %s: %v, want %v", c.typ, c.version, when, got, c.want)
			}
		}
	}
}

// The fixed version has the order of the package, and versions without a package that of numbers with dots.
func TestFixedVersions(t *testing.T) {
	for _, c := range []struct {
		p     analyzer.Package
		fixed string
		about []matcher.Advisory
		when  string
		want  bool
	}{
		{analyzer.Package{Type: "npm", Version: "1.2.0"}, "1.10.0", nil, `match.fixed < version("1.9")`, false},
		{analyzer.Package{Type: "npm", Version: "1.2.0"}, "1.10.0", nil, `match.fixed != "" && package.version < match.fixed`, true},
		{analyzer.Package{Type: "npm", Version: "1.2.0"}, "", nil, `match.fixed != "" && match.fixed < version("2")`, false},
		{analyzer.Package{Type: "generic", Version: "1.0.2k", Qualifiers: map[string]string{"cpe": "cpe:2.3:a:openssl:openssl:1.0.2k:*:*:*:*:*:*:*"}}, "1.0.2za",
			[]matcher.Advisory{{Key: matcher.Key{Type: "cpe"}}}, `package.version < match.fixed && match.fixed > version("1.0.2z")`, true},
		{analyzer.Package{Type: "npm", Version: "1.2.0"}, "1.2.1", nil, `version(distro.version) < version("10") && version(distro.version) == version("8.0")`, true},
	} {
		v := evaluate(t, rule("match", c.when, "stop"), installed(c.p, c.fixed, c.about...))
		if got := v.Action == report.Stop; got != c.want {
			t.Errorf("%s %s, fixed %q, when %s: %v, want %v", c.p.Type, c.p.Version, c.fixed, c.when, got, c.want)
		}
	}
}

// What cannot be compared is an error of the evaluation, so that the image does not pass.
func TestIncomparableVersions(t *testing.T) {
	for _, c := range []struct{ typ, version, when, want string }{
		{"novel", "r5", `package.version < version("9")`, "versions of type novel have no order"},
		{"", "1", `package.version < version("9")`, "versions of type unknown have no order"},
		{"npm", "one", `package.version < version("9")`, "invalid version"},
		{"npm", "1.0.0", `package.version < version("nine")`, "invalid version"},
		{"npm", "", `package.version < version("9")`, "a version is empty, and has no order"},
		{"npm", "1.0.0", `version("sid") < version("9")`, "invalid version"},
		{"npm", "1.0.0", `dyn(package.version) < "9"`, "no such overload"},
	} {
		in := installed(analyzer.Package{Type: c.typ, Name: "p", Version: c.version}, "")
		_, err := load(t, rule("package", c.when, "stop")).Evaluate(t.Context(), in)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), `rule "r" of policy "p" on p`) {
			t.Errorf("%s %q when %s: %v, want %s", c.typ, c.version, c.when, err, c.want)
		}
	}
}

// Comparing a version or a severity with a text is an error that says what to write, and so is ordering texts.
func TestOrderedErrors(t *testing.T) {
	for _, c := range []struct{ on, when, want string }{
		{"package", `package.version < "1.9"`, `package.version is a version and compares only with another; write package.version < version("1.9")`},
		{"package", `"1.9" > package.version`, `write version("1.9") > package.version`},
		{"package", `true && package.version == "1.9"`, `write package.version == version("1.9")`},
		{"package", `package.source_version != "1.9"`, `write package.source_version != version("1.9")`},
		{"package", `package.version in ["1.9", "2"]`, `write package.version in [version("1.9"), version("2")]`},
		{"package", `package.version in [version("1.9"), "2"]`, `write package.version in [version("1.9"), version("2")]`},
		{"package", `"1.9" in [package.version]`, `write version("1.9") in [package.version]`},
		{"package", `["1.9"].exists(v, v == package.version)`, `write version(v) == package.version`},
		{"package", `package.version == dyn("1.9")`, `write package.version == version(dyn("1.9"))`},
		{"package", `package.version < 2`, `write package.version < version("2")`},
		{"package", `package.version < distro.version`, `write package.version < version(distro.version)`},
		{"package", `[package.version] == ["1.9"]`, `write [package.version] == [version("1.9")]`},
		{"package", `package.name + package.version == "x"`, `write string(package.version) for its text`},
		{"package", `package.version.size() > 3`, `write string(package.version) for its text`},
		{"package", `matches(package.version, "1")`, `write string(package.version) for its text`},
		{"image", `image.tag < "v2"`, `texts have no order; write version(image.tag) < version("v2")`},
		{"distro", `distro.version >= "9"`, `texts have no order; write version(distro.version) >= version("9")`},
		{"match", `match.fixed > "4"`, `write match.fixed > version("4")`},
		{"match", `match.severity >= "high"`, `match.severity is a severity and compares only with another; write match.severity >= HIGH`},
		{"match", `match.severity >= 4`, `write match.severity >= HIGH`},
		{"match", `match.severity in ["low", "critical"]`, `write match.severity in [LOW, CRITICAL]`},
		{"match", `match.severity > 7.5`, `write match.severity > UNKNOWN, NEGLIGIBLE, LOW, MEDIUM, HIGH or CRITICAL`},
		{"finding", `finding.severity == "info"`, `write finding.severity == NEGLIGIBLE`},
		{"finding", `finding.severity != ""`, `write finding.severity != UNKNOWN`},
		{"finding", `finding.severity.startsWith("h")`, `write string(finding.severity) for its text`},
	} {
		_, err := policy.Load(strings.NewReader(rule(c.on, c.when, "stop")), "p.yaml")
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "Package") {
			t.Errorf("%s: %v, want %s", c.when, err, c.want)
		}
	}
}

// Findings have the severities of matches.
func TestSeverityOfFindings(t *testing.T) {
	for word, when := range map[string]string{
		"critical": "finding.severity == CRITICAL && finding.severity > HIGH", "high": "finding.severity in [HIGH, CRITICAL]", "Medium": "finding.severity >= LOW && finding.severity < HIGH",
		"low": "finding.severity == LOW", "info": "finding.severity == NEGLIGIBLE && finding.severity > UNKNOWN", "": "finding.severity == UNKNOWN", "odd": "finding.severity < NEGLIGIBLE",
	} {
		in := input()
		in.Report.Findings[0].Severity = word
		if v := evaluate(t, rule("finding", when, "stop"), in); v.Action != report.Stop {
			t.Errorf("%q when %s: %v", word, when, v.Action)
		}
	}
}
