package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// foundInFiles is a document of an image in which clamav found a virus and history something low.
const foundInFiles = `{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [
  {"type": "library", "bom-ref": "a", "name": "nothing-known", "version": "1", "purl": "pkg:pypi/nothing-known@1"},
  {"type": "file", "bom-ref": "f", "name": "opt/eicar.com", "properties": [
    {"name": "hullmark:layer", "value": "0"},
    {"name": "hullmark:finding:0:rule", "value": "clamav:Eicar-Test-Signature"}, {"name": "hullmark:finding:0:title", "value": "a test virus"},
    {"name": "hullmark:finding:0:severity", "value": "SEVERITY"}, {"name": "hullmark:finding:0:analyzer", "value": "clamav"}]},
  {"type": "file", "bom-ref": "c", "name": "image configuration", "properties": [
    {"name": "hullmark:configuration", "value": "true"},
    {"name": "hullmark:finding:0:rule", "value": "sudo"}, {"name": "hullmark:finding:0:title", "value": "uses sudo"},
    {"name": "hullmark:finding:0:severity", "value": "low"}, {"name": "hullmark:finding:0:analyzer", "value": "history"}]}],
  "metadata": {"properties": [
    {"name": "hullmark:examined:0:analyzer", "value": "clamav"}, {"name": "hullmark:examined:0:version", "value": "1"},
    {"name": "hullmark:examined:0:finds", "value": "malware"}, {"name": "hullmark:examined:0:data", "value": "ClamAV 27833"}]}}`

// TestFileFindings is what the flags that judge and hide do with findings in files. A threshold that did not count them, or not in this
// letter case, let images pass elsewhere: https://github.com/kubescape/kubescape/issues/1856. Exit code and output agree:
// https://github.com/google/osv-scanner/issues/1975. Lists know rules: https://github.com/aquasecurity/trivy/issues/3311; an entry that
// hides nothing is reported: https://github.com/aquasecurity/trivy/issues/3775.
func TestFileFindings(t *testing.T) {
	t.Chdir(t.TempDir())
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(".", name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("image.cdx.json", strings.ReplaceAll(foundInFiles, "SEVERITY", "high"))
	write("unknown.cdx.json", strings.ReplaceAll(foundInFiles, "SEVERITY", "severe"))
	write("list", "clamav:Eicar-Test-Signature path:/opt/**  # for tests\n")
	write("other", "clamav:Eicar-Test-Signature path:/srv/**\n")
	for _, c := range []struct {
		name, args     string
		code           int
		stdout, stderr string
	}{
		{"no gate", "image.cdx.json", 0, "high\tclamav:Eicar-Test-Signature\topt/eicar.com\t0\ta test virus", ""},
		{"what was looked for", "image.cdx.json", 0, "looked for malware (clamav with ClamAV 27833); not looked for: packages, accounts", ""},
		{"high", "--fail-on high image.cdx.json", 4, "2 findings in files: 1 high, 1 low", "1 finding in files is high or worse, which --fail-on disallows"},
		{"in upper case", "--fail-on HIGH image.cdx.json", 4, "", "1 finding in files is high or worse"},
		{"critical", "--fail-on critical image.cdx.json", 0, "", ""},
		{"high, and critical is shown", "--fail-on high --severity critical image.cdx.json", 4, "1 finding hidden\n  1: severity low", "1 finding in files is high or worse"},
		{"critical is shown", "--severity critical image.cdx.json", 0, "2 findings hidden", ""},
		{"ignored rule", "--fail-on high --ignore clamav:Eicar-Test-Signature image.cdx.json", 0, "1: ignored by --ignore", ""},
		{"ignored rule without a colon", "--fail-on low --ignore rule:sudo image.cdx.json", 4, "1: ignored by --ignore", "1 finding in files is low or worse"},
		{"a list", "--fail-on high --ignore-file list image.cdx.json", 0, "1: ignored by list:1: for tests", ""},
		{"a list about other files", "--fail-on high --ignore-file other image.cdx.json", 4, "", "other:1: clamav:Eicar-Test-Signature hides nothing in the image"},
		{"excluded", "--fail-on high --exclude /opt image.cdx.json", 0, "Left out by --exclude /opt: 1 finding.", ""},
		{"skipped", "--fail-on high --skip clamav image.cdx.json", 0, "clamav (left out by --skip clamav)", ""},
		{"a word that is no severity", "--fail-on low --ignore rule:sudo unknown.cdx.json", 0, "1 unknown", "1 finding in files of unknown severity: --fail-on lets them pass"},
		{"a preset", "--policy preset:severity image.cdx.json", 4, "stop: a test virus in opt/eicar.com", "policy severity of preset:severity stops: a test virus in opt/eicar.com"},
	} {
		stdout, stderr, code := hullmark(t, append([]string{"match", "--allow-uncovered"}, strings.Fields(c.args)...)...)
		if c.name == "no gate" {
			stdout, stderr, code = hullmark(t, "match", "image.cdx.json")
		}
		if code != c.code || !strings.Contains(stdout, c.stdout) || !strings.Contains(stderr, c.stderr) {
			t.Errorf("%s: exit code %d, want %d, with %q and %q:\n%s%s", c.name, code, c.code, c.stdout, c.stderr, stdout, stderr)
		}
	}
}

// TestListFiles requires that every form of the list follows --exclude, and says so.
func TestListFiles(t *testing.T) {
	for format, want := range map[string]string{"json-lines": `{"path":`, "csv": "path,type,", "cyclonedx": `"alg": "SHA-256"`} {
		stdout, stderr, code := hullmark(t, "files", "-f", format, "--exclude", "/etc", "demo:")
		if code != 0 || !strings.Contains(stdout, want) || strings.Contains(stdout, "etc/os-release") || !strings.Contains(stderr, "Left out by --exclude /etc: ") || !strings.Contains(stderr, "listed file") {
			t.Errorf("%s: exit code %d, %s\n%.2000s", format, code, stderr, stdout)
		}
	}
	if _, stderr, code := hullmark(t, "files", "-f", "xml", "demo:"); code == 0 || !strings.Contains(stderr, "json-lines, csv or cyclonedx") {
		t.Errorf("exit code %d, %s", code, stderr)
	}
}
