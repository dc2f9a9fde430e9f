package policy_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/matcher/policy"
)

// good is a document with everything; each line that TestLoadErrors changes is there once.
const good = `version: 1
policies:
  - name: production
    description: what customers get
    vex: trust
    otherwise: warn
    rules:
      - name: exploited
        on: match
        when: match.exploited
        action: stop
        message: ${match.id} is used
      - name: noise
        on: match
        when: |
          match.severity < LOW &&
            !match.exploited
        action: go
        hide: true
  - name: second
    otherwise: go
allow:
  - name: accepted
    entries:
      - vulnerability: CVE-2019-13627
        package: pkg:deb/debian/libgcrypt20
        path: usr/**
        rule: production/exploited
        reason: not reachable
        expires: 2026-12-31
        by: me
images:
  allow:
    - {tag: scratch, reason: tests, expires: never}
  deny:
    - repository: bad/*
      reason: no
mappings:
  - registry: registry.example
    tag: v*
    policies: [production]
    allow: [accepted]
default:
  policies: [second]
`

// TestLoadErrors changes the good document in one place, and asks for the error and its line.
func TestLoadErrors(t *testing.T) {
	for _, c := range []struct {
		old, new string
		line     int
		want     string
	}{
		{"version: 1", "version: 3", 1, `version "3" is not known; these are 1 and 2`},
		{"    vex: trust", "    mode: all", 5, `mode all of policy "production" needs version: 2`},
		{"    vex: trust", "    mode: last", 5, `mode "last" of policy "production" is neither all nor first`},
		{"version: 1\n", "", 1, `the document has no "version"`},
		{"version: 1", "version: 1\nwhat: 1", 2, `the document has no key "what"`},
		{"version: 1", "version: 1\nversion: 1", 2, `the document has "version" twice`},
		{"version: 1", "version: [1]", 1, `"version" of the document must be a text, not a list`},
		{"    vex: trust", "    vex: &a trust\n    vex2: *a", 6, `no key "vex2"`},
		{"vex: trust", "vex: *none", 0, "not YAML: unknown anchor"},
		{"vex: trust\n    otherwise: warn", "vex: &a trust\n    otherwise: *a", 6, `"otherwise" of policy "production" must be a text, not an alias of YAML`},
		{"vex: trust", "vex: maybe", 5, `vex "maybe" of policy "production" is neither trust nor ignore`},
		{"    otherwise: warn", "    otherwise: perhaps", 6, `otherwise "perhaps" of policy "production" is not one of stop, warn and go`},
		{"    otherwise: warn\n", "", 3, `policy "production" has no "otherwise"`},
		{"  - name: production\n    description", "  - description", 3, `policy 1 has no "name"`},
		{"name: production", "name: a/b", 3, "has a slash"},
		{"name: second", "name: production", 20, `there are two policies "production"`},
		{"    rules:\n", "    rulez:\n", 7, `policy 1 has no key "rulez"; it has name, description, mode, vex, otherwise, rules`},
		{"    rules:\n", "    rule:\n", 7, `did you mean rules?`},
		{"      - name: exploited\n        on: match", "      - on: match", 8, `rule 1 of policy "production" has no "name"`},
		{"name: noise", "name: exploited", 13, `policy "production" has two rules "exploited"`},
		{"name: noise", "name: otherwise", 13, "is called otherwise"},
		{"        on: match\n        when: match.exploited", "        when: match.exploited", 8, `rule "exploited" of policy "production" has no "on"`},
		{"on: match\n        when: match.exploited", "on: layer\n        when: match.exploited", 9, `on "layer" of rule "exploited" of policy "production" is not one of image, distro, package, match, finding, record, file`},
		{"        when: match.exploited\n", "", 8, `rule "exploited" of policy "production" has no "when"`},
		{"when: match.exploited", "when: ''", 10, `"when" of rule "exploited" of policy "production" is empty`},
		{"when: match.exploited", "when: match.exploted", 10, `rule "exploited" of policy "production": undefined field 'exploted'; match has id, kind, status,`},
		{"when: match.exploited", "when: match.exploted", 10, "; did you mean exploited?"},
		{"when: match.exploited", "when: mtach.exploited", 10, "undeclared reference to 'mtach'; a rule on match has image, distro, now, packages, matches, findings, records, files, accounts, database, coverage, examined, package, match; did you mean match?"},
		{"when: match.exploited", "when: packages.exists(p, p.nam == '')", 10, "undefined field 'nam'; package has type, namespace, name,"},
		{"when: match.exploited", "when: match.scores.exists(s, s.scor > 1.0)", 10, "undefined field 'scor'; score has source, severity, score, vector, word; did you mean score?"},
		{"when: match.exploited", "when: image.base.nme == ''", 10, "did you mean name?"},
		{"when: match.exploited", "when: globe(package.path, 'x')", 10, "undeclared reference to 'globe'; a rule on match has"},
		{"when: match.exploited", "when: match.severity", 10, `"match.severity" is a severity; a condition is true or false`},
		{"when: match.exploited", "when: match.score > 'high'", 10, "found no matching overload"},
		{"when: match.exploited", "when: match.severity > 'high'", 10, "match.severity is a severity and compares only with another; write match.severity > HIGH"},
		{"${match.id} is", "${package.version < '2'} is", 12, "write package.version < version(\"2\")"},
		{"            !match.exploited", "            package.version < '2'", 17, "write package.version < version(\"2\")"},
		{"when: match.exploited", "when: finding.rule == ''", 10, "undeclared reference to 'finding'"},
		{"when: match.exploited", "when: package.nam == ''", 10, "undefined field 'nam'"},
		{"when: match.exploited", "when: '(match.exploited'", 10, "Syntax error"},
		{"            !match.exploited", "            !match.exploted", 17, "undefined field 'exploted'"},
		{"match.severity < LOW", "match.severity < LOWER", 16, "undeclared reference to 'LOWER'"},
		{"when: match.exploited", "when: '" + strings.Repeat("(", 100) + "true" + strings.Repeat(")", 100) + "'", 10, "recursion limit"},
		{"when: match.exploited", "when: '" + strings.Repeat("true || ", 3000) + "true'", 10, "expression code point size exceeds limit"},
		{"action: stop", "action: halt", 11, `action "halt" of rule "exploited" of policy "production" is not one of stop, warn and go`},
		{"        action: stop\n", "", 8, `has no "action"`},
		{"${match.id} is", "${match.id is", 12, "a ${ has no }"},
		{"${match.id} is", "${match.idd} is", 12, `message of rule "exploited" of policy "production": undefined field 'idd'`},
		{"action: go\n        hide: true", "action: warn\n        hide: true", 19, "has hide, but its action is not go"},
		{"hide: true", "hide: perhaps", 19, `hide "perhaps" of rule "noise" of policy "production" is neither true nor false`},
		{"on: match\n        when: |\n          match.severity < LOW &&\n            !match.exploited", "on: image\n        when: |\n          true &&\n            true", 19, "has hide, but is not on matches"},
		{"  - name: accepted\n", "  - nam: accepted\n", 23, `allow list 1 has no "name"`},
		{"    entries:\n      - vuln", "    entry:\n      - vuln", 23, `allow list "accepted" has no "entries"`},
		{"images:\n", "  - {name: accepted, entries: []}\nimages:\n", 32, `there are two allow lists "accepted"`},
		{"        reason: not reachable\n", "", 25, `entry 1 of allow list "accepted" has no "reason"`},
		{"reason: not reachable", "reason: ' '", 29, `"reason" of entry 1 of allow list "accepted" is empty`},
		{"        expires: 2026-12-31\n", "", 25, `entry 1 of allow list "accepted" has no "expires"`},
		{"expires: 2026-12-31", "expires: 2026-02-30", 30, `expires "2026-02-30" of entry 1 of allow list "accepted" is neither a day`},
		{"package: pkg:deb/debian/libgcrypt20", "package: libgcrypt20", 26, "package of entry 1 of allow list"},
		{"rule: production/exploited", "rule: produktion/exploited", 28, `there is no policy "produktion"`},
		{"rule: production/exploited", "rule: production/exploded", 28, `policy "production" has no rule "exploded"`},
		{"rule: production/exploited", "finding: x", 25, "which nothing is both"},
		{"vulnerability: CVE-2019-13627\n        package: pkg:deb/debian/libgcrypt20\n        path: usr/**\n        rule: production/exploited", "path: usr/**", 25, "and would allow everything"},
		{"{tag: scratch, reason: tests, expires: never}", "{reason: tests, expires: never}", 34, "would be about every image"},
		{"{tag: scratch, reason: tests, expires: never}", "{tag: scratch, reason: tests}", 34, `entry 1 of images.allow has no "expires"`},
		{"      reason: no\n", "", 36, `entry 1 of images.deny has no "reason"`},
		{"  deny:", "  denied:", 35, `images has no key "denied"; it has allow, deny`},
		{"policies: [production]", "policies: [produktion]", 41, `mapping 1: there is no policy "produktion"`},
		{"policies: [production]", "policies: []", 41, "mapping 1 chooses no policies"},
		{"policies: [production]", "policies: [production, production]", 41, `mapping 1 chooses policy "production" twice`},
		{"policies: [production]", "policies: production", 41, `"policies" of mapping 1 must be a list, not a text`},
		{"    policies: [production]\n", "", 39, `mapping 1 has no "policies"`},
		{"allow: [accepted]", "allow: [excepted]", 42, `mapping 1: there is no allow list "excepted"`},
		{"allow: [accepted]", "allow: [accepted, accepted]", 42, `mapping 1 chooses allow list "accepted" twice`},
		{"mappings:\n", "mappings:\n  - {policies: [second]}\n", 40, "mapping 2 is never reached"},
		{"tag: v*\n", "tag: ''\n", 40, `"tag" of mapping 1 is empty`},
		{"  policies: [second]", "  policies: [third]", 44, `the default: there is no policy "third"`},
		{"default:\n  policies: [second]", "default: second", 43, "the default must be a mapping with policies, allow"},
		{"default:", "  bad\nindent: [", 43, "not YAML"},
		{"default:", "---\ndefault:", 43, "a second document"},
		{good[strings.Index(good, "mappings:"):], "", 1, "there are neither mappings nor a default"},
		{good[strings.Index(good, "policies:"):], "policies: []\ndefault: {policies: []}\n", 2, "there are no policies"},
		{good, "", 0, "empty"},
		{good, "- a\n", 1, "the document must be a mapping with "},
		{good, "just text", 1, "the document must be a mapping with "},
	} {
		if strings.Count(good, c.old) != 1 {
			t.Fatalf("%q is %d times in the document", c.old, strings.Count(good, c.old))
		}
		_, err := policy.Load(strings.NewReader(strings.Replace(good, c.old, c.new, 1)), "p.yaml")
		if !slices.ContainsFunc(faults(err), func(e *policy.Error) bool { return e.Line == c.line && strings.Contains(e.Text, c.want) }) {
			t.Errorf("%.60q instead of %.60q: want line %d: %s; got\n%v", c.new, c.old, c.line, c.want, err)
		}
	}
	d := load(t, good)
	if d.Rules != 2 || d.Entries != 1 || strings.Join(d.Policies, " ") != "production second" || d.Name != "p.yaml" {
		t.Errorf("%d rules, %d entries, policies %v", d.Rules, d.Entries, d.Policies)
	}
}

// faults returns the faults that an error of Load joins.
func faults(err error) []*policy.Error {
	var list []*policy.Error
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			list = append(list, e.(*policy.Error))
		}
	}
	return list
}

// TestAllErrors requires that all faults are reported at once, by line.
func TestAllErrors(t *testing.T) {
	text := strings.NewReplacer("version: 1", "version: 7", "match.exploited\n        action", "match.explited\n        action", "expires: 2026-12-31", "expires: soon", "[second]", "[third]").Replace(good)
	_, err := policy.Load(strings.NewReader(text), "p.yaml")
	list := faults(err)
	if len(list) != 5 {
		t.Fatalf("%v", err)
	}
	var lines []int
	for _, e := range list {
		lines = append(lines, e.Line)
	}
	if fmt.Sprint(lines) != "[1 10 17 30 44]" {
		t.Errorf("lines %v\n%v", lines, err)
	}
	var one *policy.Error
	if !errors.As(err, &one) || one.Error() != `p.yaml:1: version "7" is not known; these are 1 and 2` {
		t.Errorf("%v", one)
	}
}

func TestTooLarge(t *testing.T) {
	_, err := policy.Load(endless{}, "p.yaml")
	if err == nil || !strings.Contains(err.Error(), "larger than 16 MiB") {
		t.Errorf("%v", err)
	}
}

type endless struct{}

func (endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = '#'
	}
	return len(b), nil
}

// FuzzLoad asks that no document panics, when it is read or when it judges.
func FuzzLoad(f *testing.F) {
	f.Add(good)
	for _, name := range policy.Presets() {
		text, err := os.ReadFile(filepath.Join("presets", name+".yaml"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := policy.Load(strings.NewReader(text), "p.yaml")
		if err != nil {
			return
		}
		v, err := d.Evaluate(t.Context(), input())
		if err == nil && (v.Action == 0 || len(v.Policies) == 0) {
			t.Errorf("no verdict: %+v", v)
		}
	})
}
