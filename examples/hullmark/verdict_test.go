package main

import (
	encoding "encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/matcher/report/json"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// file writes a file and returns its name.
func file(t *testing.T, name, text string) string {
	t.Helper()
	name = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

const demoVEX = `{"@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://vex.example/1", "author": "Security Team", "timestamp": "2024-06-01T00:00:00Z", "version": 1, "statements": [
  {"vulnerability": {"name": "CVE-2019-14232"}, "products": [{"@id": "pkg:pypi/django"}], "status": "not_affected", "justification": "vulnerable_code_not_present"},
  {"vulnerability": {"name": "CVE-2019-14233"}, "products": [{"@id": "pkg:pypi/django@1.11.20"}], "status": "under_investigation"}]}`

const demoPolicy = `version: 1
policies:
  - name: production
    otherwise: go
    rules:
      - {name: no-dsa, on: match, when: 'match.reason.contains("no-dsa")', action: go, hide: true}
      - {name: django, on: match, when: package.name == "Django" && match.fixed != "", action: stop, message: 'update to ${match.fixed} for ${match.id}'}
      - {name: root, on: image, when: 'image.user == ""', action: warn, message: runs as root}
allow:
  - name: accepted
    entries:
      - {vulnerability: CVE-2019-19844, reason: not reachable, expires: 2025-06-30}
      - {vulnerability: CVE-2020-7471, reason: until the update, expires: 2024-06-30}
mappings:
  - {registry: registry.example, policies: [production], allow: [accepted]}
`

// TestVerdicts is what the flags that judge and hide come to, on the first of January 2025.
func TestVerdicts(t *testing.T) {
	vexFile, policyFile := file(t, "app.vex.json", demoVEX), file(t, "policy.yaml", demoPolicy)
	other := file(t, "other.vex.json", strings.ReplaceAll(demoVEX, "django", "flask"))
	named := []string{"--image-name", "registry.example/app:1"}
	judged := append([]string{"--policy", policyFile}, named...)
	for _, c := range []struct {
		name           string
		args           []string
		code           int
		stdout, stderr []string
	}{
		{"vex", []string{"--vex", vexFile}, 0,
			[]string{"1 finding hidden\n  1: not affected by a VEX statement", "VEX: under investigation; fix available"},
			[]string{"app.vex.json: OpenVEX, 2 statements: decides 2 matches, suppresses 1 of them"}},
		{"vex, hidden shown", []string{"--vex", vexFile, "--show-hidden"}, 0, []string{"unknown\tCVE-2019-14232\tDjango 1.11.20\tvulnerable_code_not_present; " + vexFile + " statements[0]"}, nil},
		{"a document about something else", []string{"--vex", other}, 0, nil, []string{"other.vex.json: OpenVEX, 2 statements: matches nothing in the image"}},
		{"no document", []string{"--vex", policyFile}, 1, nil, []string{"--vex: vex: " + policyFile}},
		{"policy", append([]string{"--allow-uncovered"}, judged...), 4,
			[]string{"verdict: stop by policy production of " + policyFile + " (mapping 1, line 15)", "warn: runs as root", "allowed until 2025-06-30: CVE-2019-19844, not reachable (accepted, line 12)", "expired on 2024-06-30: CVE-2020-7471, until the update (accepted, line 13)", "policy production, no-dsa"},
			[]string{"policy production of " + policyFile + " stops: update to", "other decisions)"}},
		{"policy, going on", append([]string{"--continue"}, judged...), 0, []string{"verdict: stop"}, []string{"continuing, because of --continue"}},
		{"policy and vex", append([]string{"--vex", vexFile, "--format", "json"}, judged...), 4, []string{`"why": "not affected by a VEX statement"`, `"action": "stop"`}, nil},
		{"policy, no mapping", []string{"--policy", policyFile}, 1, nil, []string{`"demo:": no mapping fits, and there is no default; add a mapping or a default, or name the image with --image-name`}},
		{"policy, preset", []string{"--policy", "preset:fixable"}, 4, nil, []string{"policy fixable of preset:fixable stops: update "}},
		{"policy, no such preset", []string{"--policy", "preset:no"}, 1, nil, []string{`there is no preset "no", but severity`}},
		{"policy that passes, something uncovered", []string{"--policy", "preset:kev"}, 3, nil, []string{"no advisories for deb nodesource.com 8"}},
		{"policy that passes", []string{"--policy", "preset:kev", "--allow-uncovered"}, 0, []string{"verdict: go"}, nil},
		{"broken policy", []string{"--policy", file(t, "bad.yaml", strings.NewReplacer("version: 1", "version: 9", "stop", "halt").Replace(demoPolicy))}, 1, nil, []string{`bad.yaml:1: version "9" is not known`, `bad.yaml:7: action "halt"`}},
		{"only fixed", []string{"--only-fixed", "--fail-on", "negligible", "--allow-uncovered"}, 4, []string{"no fix available"}, []string{"which --fail-on disallows"}},
		{"nothing left", []string{"--only-fixed", "--ignore-status", "affected,fixed", "--fail-on", "negligible", "--allow-uncovered"}, 0, []string{"status affected", "no vulnerabilities besides the hidden ones"}, nil},
		{"no such status", []string{"--ignore-status", "bad"}, 1, nil, []string{`unknown status --ignore-status "bad"; use affected`}},
		{"since nothing", []string{"--since", vexFile}, 1, nil, []string{"it takes a report of --format json"}},
		{"template", []string{"--format", "template", "--template", file(t, "t.tmpl", `{{range .Findings}}{{if eq .ID "CVE-2019-12308"}}{{csv .ID .Subject.Name .Fixed}}{{end}}{{end}}`)}, 0, []string{"CVE-2019-12308,Django,1.11.21"}, nil},
		{"template without one", []string{"--format", "template"}, 1, nil, []string{"--format template needs --template FILE"}},
		{"a template for nothing", []string{"--template", vexFile}, 1, nil, []string{"--template needs --format template"}},
		{"a broken template", []string{"--format", "template", "--template", file(t, "bad.tmpl", "{{.Nothing")}, 1, nil, []string{"bad.tmpl:1"}},
		{"failures of junit", []string{"--format", "junit", "--fail-on", "medium", "--allow-uncovered"}, 4, []string{`failures="27"`}, nil},
	} {
		stdout, stderr, code := hullmark(t, append([]string{"scan", "--cache", "off", "demo:"}, c.args...)...)
		if code != c.code {
			t.Errorf("%s: exit code %d, want %d: %s", c.name, code, c.code, stderr)
		}
		for _, w := range c.stdout {
			if !strings.Contains(stdout, w) {
				t.Errorf("%s: no %q in\n%s", c.name, w, stdout)
			}
		}
		for _, w := range c.stderr {
			if !strings.Contains(stderr, w) {
				t.Errorf("%s: no %q in\n%s", c.name, w, stderr)
			}
		}
		if code == 1 && stdout != "" {
			t.Errorf("%s: it failed, and wrote results", c.name)
		}
	}
}

// What a former result had is hidden, and what is suppressed is in JSON; what is left is new.
func TestSince(t *testing.T) {
	former := filepath.Join(t.TempDir(), "former.json")
	if _, stderr, code := hullmark(t, "scan", "--cache", "off", "--format", "json="+former, "demo:"); code != 0 {
		t.Fatal(stderr)
	}
	stdout, _, code := hullmark(t, "scan", "--cache", "off", "--since", former, "--fail-on", "negligible", "--allow-uncovered", "demo:")
	if code != 0 || !strings.Contains(stdout, "not new") || !strings.Contains(stdout, "no vulnerabilities") {
		t.Errorf("exit code %d\n%s", code, stdout)
	}
	text, err := os.ReadFile(former)
	if err != nil {
		t.Fatal(err)
	}
	x := assessment(t, string(text))
	all := len(x.Result.Matches)
	x.Result.Matches = slices.DeleteFunc(x.Result.Matches, func(m matcher.Match) bool { return m.ID == "CVE-2019-12308" }) // not known then
	for i := range x.Report.Components {                                                                                   // another version has it too
		if c := &x.Report.Components[i]; c.Name == "Django" {
			c.Version = "1.11.19"
		}
	}
	var earlier strings.Builder
	if err := json.Write(&earlier, report.New(x.Report, x.Result, report.Options{})); err != nil {
		t.Fatal(err)
	}
	stdout, _, _ = hullmark(t, "scan", "--cache", "off", "--since", file(t, "former.json", earlier.String()), "--format", "json", "demo:")
	now := assessment(t, stdout)
	if len(now.Findings) != 1 || now.Findings[0].ID != "CVE-2019-12308" || len(now.Result.Matches) != all || now.Hidden[0].Reason.Code != report.ReasonNotNew {
		t.Errorf("findings %v, %d matches, hidden %v", now.Findings, len(now.Result.Matches), now.Hidden)
	}
}

// An analysis that is written into the SBOM of an image speaks of that image's components: the document's references are ours.
func TestOwnSBOM(t *testing.T) {
	stdout, _, _ := hullmark(t, "scan", "--cache", "off", "--format", "cyclonedx", "demo:")
	var bom map[string]any
	if err := encoding.Unmarshal([]byte(stdout), &bom); err != nil {
		t.Fatal(err)
	}
	for _, v := range bom["vulnerabilities"].([]any) {
		if v := v.(map[string]any); v["id"] == "CVE-2019-12308" {
			v["analysis"] = map[string]any{"state": "not_affected", "justification": "code_not_reachable"}
		}
	}
	text, err := encoding.Marshal(bom)
	if err != nil {
		t.Fatal(err)
	}
	name := file(t, "app.cdx.json", string(text))
	stdout, stderr, _ := hullmark(t, "scan", "--cache", "off", "--vex", name, "--format", "json", "demo:")
	x := assessment(t, stdout)
	if x.HiddenCount != 1 || x.Hidden[0].Findings[0].ID != "CVE-2019-12308" || x.VEX[0].Suppressed != 1 || !strings.Contains(stderr, "suppresses 1 of them") {
		t.Errorf("hidden %v, %s", x.Hidden, stderr)
	}
	cdx, _, _ := hullmark(t, "scan", "--cache", "off", "--vex", name, "--format", "cyclonedx", "demo:")
	if !strings.Contains(cdx, `"state": "not_affected"`) {
		t.Error("the analysis does not reach CycloneDX")
	}
}

func TestPolicyCommand(t *testing.T) {
	stdout, _, code := hullmark(t, "policy", "preset")
	if code != 0 || stdout != "severity\nfixable\nvendor-only\nkev\nstrict\n" {
		t.Errorf("%d, %q", code, stdout)
	}
	for name := range strings.Lines(stdout) {
		name = strings.TrimSpace(name)
		text, _, code := hullmark(t, "policy", "preset", name)
		if code != 0 || !strings.Contains(text, "version: ") {
			t.Errorf("%s: %d", name, code)
		}
		got, stderr, code := hullmark(t, "policy", "check", file(t, "p.yaml", text))
		if code != 0 || !strings.Contains(got, "1 policy ("+name+")") {
			t.Errorf("%s: %d, %q, %s", name, code, got, stderr)
		}
	}
	if _, stderr, code := hullmark(t, "policy", "check", file(t, "p.yaml", "version: 1\nx: 1\n")); code != 1 || strings.Count(stderr, "\n") != 3 {
		t.Errorf("%d, %s", code, stderr)
	}
	if _, stderr, code := hullmark(t, "policy", "preset", "no"); code != 1 || !strings.Contains(stderr, "there is no preset") {
		t.Errorf("%d, %s", code, stderr)
	}
}

// The forms that have schemas keep to them on a real image, not only on a made one.
func TestFormSchemas(t *testing.T) {
	schema, err := os.ReadFile("../../matcher/report/testdata/gitlab.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := jsonschema.UnmarshalJSON(strings.NewReader(string(schema)))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("https://schema.example/s.json", parsed); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("https://schema.example/s.json")
	if err != nil {
		t.Fatal(err)
	}
	stdout, _, _ := hullmark(t, "scan", "--cache", "off", "--format", "gitlab", "demo:")
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(stdout))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(doc); err != nil {
		t.Error(err)
	}
}

// TestUnreadDatabase requires exit code 3 for an image with a damaged package database, whatever the flags allow.
func TestUnreadDatabase(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{
		"etc/os-release":      "ID=debian\nVERSION_ID=8\n",
		"var/lib/dpkg/status": "Package: tar\nStatus: install ok installed\nVersion: 1.27.1-2\nArchitecture: amd64\n\ngarbage\n",
	} {
		name = filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	sbom := filepath.Join(root, "app.cdx.json")
	if _, stderr, code := hullmark(t, "sbom", "rootfs:"+root, "-o", sbom); code != exitOK {
		t.Fatal(stderr)
	}
	for _, args := range [][]string{
		{"scan", "--fail-on", "critical", "--allow-uncovered", "rootfs:" + root},
		{"scan", "--policy", "preset:kev", "--allow-uncovered", "rootfs:" + root},
		{"match", "--fail-on", "critical", "--allow-uncovered", sbom},
		{"in-build", "--fail-on", "critical", "--allow-uncovered", "--root", root},
	} {
		_, stderr, code := hullmark(t, args...)
		if code != exitUncovered || !strings.Contains(stderr, "package data could not be read: var/lib/dpkg/status: line 6: ") {
			t.Errorf("%v: exit code %d, %s", args, code, stderr)
		}
	}
	if _, _, code := hullmark(t, "scan", "rootfs:"+root); code != exitOK {
		t.Errorf("exit code %d without a gate", code)
	}
}

// Explain shows the values that a rule saw, test runs cases on a report of this command, and spec prints the language and a schema.
func TestPolicyExplain(t *testing.T) {
	stdout, stderr, code := hullmark(t, "policy", "explain", "--cache", "off", "--policy", "preset:severity", "demo:", "severe")
	if code != 0 || !strings.Contains(stdout, "severity/severe (line") || !strings.Contains(stdout, "match.severity = ") {
		t.Errorf("%d, %s%s", code, stdout, stderr)
	}
	if _, stderr, code := hullmark(t, "policy", "explain", "--cache", "off", "--policy", "preset:severity", "demo:", "sever"); code != 1 || !strings.Contains(stderr, "did you mean severe?") {
		t.Errorf("%d, %s", code, stderr)
	}
	if _, stderr, code := hullmark(t, "policy", "explain", "demo:"); code != 1 || !strings.Contains(stderr, "--policy is missing") {
		t.Errorf("%d, %s", code, stderr)
	}
	report, _, _ := hullmark(t, "scan", "--cache", "off", "--format", "json", "demo:")
	dir := t.TempDir()
	for name, text := range map[string]string{
		"r.json": report, "good.yaml": "policy: preset:severity\nnow: 2026-06-15\ncases:\n  - {name: demo, report: r.json, image: 'demo:', action: stop}\n  - {name: high, rule: severity/severe, given: {match: {severity: high}}, holds: true}\n",
		"bad.yaml": "policy: preset:severity\nnow: 2026-06-15\ncases:\n  - {name: low, rule: severity/severe, given: {match: {severity: low}}, holds: true}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if stdout, stderr, code := hullmark(t, "policy", "test", filepath.Join(dir, "good.yaml")); code != 0 || !strings.Contains(stdout, "2 cases passed") {
		t.Errorf("%d, %s%s", code, stdout, stderr)
	}
	if _, stderr, code := hullmark(t, "policy", "test", filepath.Join(dir, "bad.yaml")); code != 1 || !strings.Contains(stderr, "bad.yaml:4: low: rule severity/severe holds: false, not true; it saw match.severity = low") {
		t.Errorf("%d, %s", code, stderr)
	}
	for flag, want := range map[string]string{"": `"name": "image"`, "--schema": `"$schema"`} {
		args := []string{"policy", "spec"}
		if flag != "" {
			args = append(args, flag)
		}
		if stdout, _, code := hullmark(t, args...); code != 0 || !strings.Contains(stdout, want) {
			t.Errorf("%s: %d", flag, code)
		}
	}
}
