package main

import (
	"strings"
	"testing"
)

// demoBundle stops on packages with vulnerabilities that have a fix, except one.
const demoBundle = `{
  "id": "b", "version": "1_0",
  "policies": [{"id": "p", "version": "1_0", "rules": [
    {"id": "fixable", "gate": "vulnerabilities", "trigger": "package", "action": "STOP", "params": [{"name": "package_type", "value": "all"}, {"name": "fix_available", "value": "true"}]}
  ]}],
  "mappings": [{"name": "all", "registry": "*", "repository": "*", "image": {"type": "tag", "value": "*"}, "policy_ids": ["p"], "whitelist_ids": []}]
}
`

// TestBundle judges by a bundle of Anchore Engine, with the exit codes of policies.
func TestBundle(t *testing.T) {
	bundle := file(t, "bundle.json", demoBundle)
	harmless := file(t, "harmless.json", strings.Replace(demoBundle, "STOP", "WARN", 1))
	unmapped := file(t, "unmapped.json", strings.Replace(demoBundle, `"registry": "*"`, `"registry": "other.example"`, 1))
	faulty := file(t, "faulty.json", strings.NewReplacer("package_type", "package_typ", "STOP", "BLOCK").Replace(demoBundle))
	for _, c := range []struct {
		name           string
		args           []string
		code           int
		stdout, stderr []string
	}{
		{"stops", []string{"scan", "--cache", "off", "demo:", "--policy", bundle, "--allow-uncovered"}, exitDisallowed, []string{"verdict: stop by policy p of " + bundle}, []string{"policy p of " + bundle + " stops"}},
		{"warns", []string{"scan", "--cache", "off", "demo:", "--policy", harmless, "--allow-uncovered"}, exitOK, []string{"verdict: warn"}, nil},
		{"no mapping", []string{"scan", "--cache", "off", "demo:", "--policy", unmapped}, exitFailed, nil, []string{"no mapping fits the image; add a mapping or a default"}},
		{"faulty", []string{"scan", "--cache", "off", "demo:", "--policy", faulty}, exitFailed, nil, []string{faulty + `:4: action "BLOCK" of rule "fixable"`, `parameter package_type is missing`, `no parameter "package_typ"`}},
		{"check", []string{"policy", "check", bundle}, exitOK, []string{bundle + ": 1 policy (p), 1 rule, 0 entries of lists"}, nil},
	} {
		stdout, stderr, code := hullmark(t, c.args...)
		if code != c.code {
			t.Errorf("%s: exit code %d, want %d\n%s", c.name, code, c.code, stderr)
		}
		for _, want := range c.stdout {
			if !strings.Contains(stdout, want) {
				t.Errorf("%s: no %q in\n%s", c.name, want, stdout)
			}
		}
		for _, want := range c.stderr {
			if !strings.Contains(stderr, want) {
				t.Errorf("%s: no %q in\n%s", c.name, want, stderr)
			}
		}
	}
}
