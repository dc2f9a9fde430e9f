package main

import (
	"bytes"
	"encoding/json"
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/hullmark/hullmark/internal/demo"
)

// withEnv runs the command with variables of the environment, "NAME=VALUE" each.
func withEnv(t *testing.T, env []string, stdin string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	a := testApp(&out, &errs)
	a.environ, a.stdin = env, strings.NewReader(stdin)
	code = a.run(t.Context(), args)
	return out.String(), errs.String(), code
}

// TestHabits is what users of trivy, grype, crane and kubectl type.
func TestHabits(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	demoSBOM, stderr, code := hullmark(t, "sbom", "-q", "--cache", "off", "demo:")
	if code != 0 {
		t.Fatal(stderr)
	}
	if err := os.WriteFile("app.cdx.json", []byte(demoSBOM), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		args           string
		code           int
		stdout, stderr string
	}{
		{"--version", 0, "hullmark ", ""},
		{"completion bash", 0, "__start_hullmark", ""},
		{"completion zsh", 0, "#compdef hullmark", ""},
		{"completion fish", 0, "complete -c hullmark", ""},
		{"completion powershell", 0, "Register-ArgumentCompleter", ""},
		{"__complete scan --fail-on c", 0, "critical\n", ""},
		{"__complete scan --format cy", 0, "cyclonedx\n", ""},
		{"__complete sbom --skip dp", 0, "dpkg\n", ""},
		{"completion tcsh", 1, "", `unknown shell "tcsh"; use bash, zsh, fish or powershell`},
		{"scan -q --cache off -f json demo:", 0, `"schema": 3`, ""},
		{"scan --cache off -o json demo:", 1, "", "-o json: -o names a file; write -f json for the format, or -o ./json for a file of that name"},
		{"scan --cache off -o json=report.json demo:", 1, "", "-o json=report.json: -o names a file; write -f json=report.json for the format"},
		{"sbom --cache off -o spdx-json demo:", 1, "", "write -f spdx-json for the format"},
		{"scan -f nothing demo:", 1, "", `unknown --format "nothing"`},
		{"scan app.cdx.json", 0, "app.cdx.json  Debian GNU/Linux 8", "app.cdx.json is an SBOM: its packages are matched, as hullmark match does"},
		{"scan sbom:app.cdx.json", 0, "app.cdx.json  Debian GNU/Linux 8", "is an SBOM"},
		{"match sbom:app.cdx.json", 0, "app.cdx.json  Debian GNU/Linux 8", ""},
		{"match --cache off demo:", 0, "demo:  Debian GNU/Linux 8", "demo: is not a file with an SBOM: it is scanned, as hullmark scan does"},
		{"match nothing.cdx.json", 1, "", "no such file or directory"},
		{"scan DEBIAN:12", 1, "", "image names are lower case: debian:12"},
		{"scan docker:alpine", 1, "", "write daemon:alpine for an image of the Docker daemon, or registry:docker:alpine"},
		{"scan container:0123", 1, "", "docker export -o container.tar 0123"},
		{"scan containerd:app:1", 1, "", "ctr images export image.tar app:1"},
		{"sbom dir:" + dir, 0, "CycloneDX", ""},
		{"demo:", 1, "", "did you mean hullmark scan demo:?"},
		{"image demo:", 1, "", `unknown command "image"; did you mean scan?`},
		{"filesystem /srv", 1, "", `unknown command "filesystem"; did you mean scan?`},
		{"sbom -q --cache off -f cyclonedx demo:", 0, `"specVersion": "1.6"`, ""},
		{"scan -q --cache off -f cyclonedx-json demo:", 0, `"vulnerabilities"`, ""},
		{"scan -f spdx-json demo:", 1, "", "hullmark sbom writes other SBOMs"},
		{"scan ./nothing.tar", 1, "", "no such file or directory; hullmark --help lists the forms of an image"},

		// aquasecurity/trivy#529: a flag before the command had no effect, and the exit code was 0
		{"--fail-on high scan demo:", 4, "", "10 vulnerabilities are high or worse"},
		{"scan --severity terrible demo:", 1, "", `unknown severity --severity "terrible"; use unknown, negligible`},
		{"scan --sort-by size demo:", 1, "", `unknown order --sort-by "size"; use package, severity, risk, epss, id or name`},
		{"scan --group-by size demo:", 1, "", "--group-by size"},
		{"scan --top -1 demo:", 1, "", "--top -1"},
		{"scan --skip dpgk demo:", 1, "", `unknown analyzer --skip "dpgk"; known are `},
		{"scan --content accounts demo:", 1, "", `write --content=accounts: with a space, "accounts" is an argument; see hullmark scan --help`},
		{"scan --content accounts,-verify", 1, "", "write --content=accounts,-verify: "},
		{"scan --content=users demo:", 1, "", `--content: content: no analyzer "users"; known are accounts, files, `},
		{"scan -q --cache off --skip accounts demo:", 0, "", "--skip accounts left nothing out"},
		{"scan --search-in /etc demo:", 1, "", "--search-in needs --search NAME=REGEXP"},
		{"scan --search curl demo:", 1, "", `--search: retrieve: expression "curl": not NAME=REGEXP`},
		{"scan --search A=( demo:", 1, "", "--search: retrieve: expression A: error parsing regexp"},
		{"scan --search A=x --search A=y demo:", 1, "", "--search: two expressions have the name A"},
		{"scan --search A=x --search-in ** --search-in [ demo:", 1, "", "--search-in: analyzer: search: pattern"},
		{"scan --retrieve /etc/[a] demo:", 1, "", "--retrieve: analyzer: retrieve: pattern"},
		{"scan --retrieve /etc --retrieve-size 0 demo:", 1, "", "--retrieve-size 0 is less than 1"},
		{"scan -q --cache off --retrieve /none demo:", 0, "", "--retrieve /none matches no regular file"},
		{"scan --include installed demo:", 1, "", `unknown place --include "installed"`},
		{"scan --cache off --exclude [ demo:", 1, "", `--exclude: report: "[": malformed pattern`},
		{"scan --ignore openssl demo:", 1, "", `--ignore: ignore: "openssl" is neither the identifier of a vulnerability nor rule:NAME`},
		{"scan --ignore-file none demo:", 1, "", "--ignore-file: open none: no such file or directory"},
		{"scan --stall-timeout 0s demo:", 1, "", "--stall-timeout 0s is not more than 0"},
		{"scan --insecure http://x.example demo:", 1, "", `--insecure "http://x.example" is not the host of a registry`},
		{"scan --registry-mirror mirror.example demo:", 1, "", "is not of the form HOST=MIRROR"},
		{"scan --ca-file app.cdx.json demo:", 1, "", "--ca-file: app.cdx.json has no certificate in PEM form"},
		{"scan --username me registry.example/app", 1, "", "--username needs --password-stdin, or a password in HULLMARK_PASSWORD"},
		{"scan --password-stdin registry.example/app", 1, "", "--password-stdin needs --username NAME"},
		{"scan --username me --password-stdin registry.example/app", 1, "", "standard input has no password"},
		{"scan -q --cache off --top 2 --sort-by severity demo:", 0, "  and 80 more\n", ""},
		{"scan -q --cache off --group-by layer demo:", 0, "\nlayer 2 RUN pip install", ""},
		{"scan -q --cache off --group-by file demo:", 0, "\nvar/lib/dpkg/status\n", ""},
		{"scan -q --cache off --severity HIGH,CRITICAL demo:", 0, "  31: severity negligible\n", ""},
		// aquasecurity/trivy#1875: what is listed and what fails are two questions
		{"scan -q --cache off --severity critical --fail-on high demo:", 4, "10 findings: ", "10 vulnerabilities are high or worse"},
	} {
		stdout, stderr, code := hullmark(t, strings.Fields(test.args)...)
		if code != test.code || !strings.Contains(stdout, test.stdout) || !strings.Contains(stderr, test.stderr) {
			t.Errorf("hullmark %s: exit code %d, want %d and %q, %q:\n%s%.900s", test.args, code, test.code, test.stdout, test.stderr, stderr, stdout)
		}
	}
}

// TestExclude requires that every form counts what --exclude, --skip and --ignore leave out or hide, with its origin.
func TestExclude(t *testing.T) {
	image := rootfs(t, map[string]string{
		"etc/os-release": jessie, "var/lib/dpkg/status": stanza("bash", "4.3-11"),
		"opt/a/example-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: example\nVersion: 1.0\n",
		"srv/b/other-1.0.dist-info/METADATA":   "Metadata-Version: 2.1\nName: other\nVersion: 1.0\n",
		"mnt/bad.jar":                          "PK\x03\x04 not a jar",
	})
	// aquasecurity/trivy#2529: only the last of several counted. aquasecurity/trivy#766: a file in an excluded directory was a failure.
	args := []string{"scan", "-q", "--cache", "off", "--exclude", "/opt", "--exclude", "**/srv/*", "--exclude", "mnt/*.jar", "--exclude", "/none", "--ignore", "TEMP-0841856-B18BAF"}
	for _, format := range []string{"table", "json", "cyclonedx", "sarif", "gitlab", "junit", "html", "markdown"} {
		stdout, stderr, code := hullmark(t, append(args, "-f", format, image)...)
		if code != 0 || !strings.Contains(stderr, "hullmark: --exclude /none left nothing out\n") || strings.Contains(stderr, "bad.jar") {
			t.Errorf("%s: exit code %d: %s", format, code, stderr)
		}
		if strings.Contains(stdout, "example@1.0") {
			t.Errorf("%s has an excluded package", format)
		}
		switch format {
		case "cyclonedx":
			for _, want := range []string{`"value": "--exclude /opt"`, `"hullmark:excluded:0:components"`, `"value": "ignored by --ignore"`} {
				if !strings.Contains(stdout, want) {
					t.Errorf("cyclonedx has no %s", want)
				}
			}
			continue
		case "json":
			var doc struct {
				Excluded []struct {
					Path, Origin            string
					Components, Diagnostics int
				}
				Ignored    []struct{ ID, Origin string }
				Suppressed []struct{ Code, Why string }
			}
			if err := json.Unmarshal([]byte(stdout), &doc); err != nil {
				t.Fatal(err)
			}
			// aquasecurity/trivy#674: the ignored vulnerabilities and the entries are in the JSON form
			if len(doc.Excluded) != 4 || doc.Excluded[0].Components != 1 || doc.Excluded[1].Components != 1 || doc.Excluded[2].Diagnostics != 1 ||
				len(doc.Ignored) != 1 || doc.Ignored[0].Origin != "--ignore" || len(doc.Suppressed) != 1 || doc.Suppressed[0].Code != "ignored" {
				t.Errorf("%+v", doc)
			}
		}
		plain := strings.NewReplacer(`\*`, "*", "&#43;", "+", `\-`, "-").Replace(stdout)
		for _, want := range []string{"Left out by --exclude /opt: 1 package", "ignored by --ignore"} {
			if !strings.Contains(plain, want) {
				t.Errorf("%s does not say %q", format, want)
			}
		}
	}
	stdout, _, _ := hullmark(t, "scan", "-q", "--cache", "off", "--skip", "pip", "-f", "json", image)
	if !strings.Contains(stdout, `"text": "Left out by --skip pip: 2 packages."`) {
		t.Errorf("--skip: %s", stdout)
	}
}

// TestIgnoreFile requires that .hullmarkignore is read from the working directory, and that standard error reports it.
func TestIgnoreFile(t *testing.T) {
	t.Chdir(t.TempDir())
	text := "# not reachable\nCVE-2014-9761\nCVE-2017-16997 until:2024-12-31 # the update is planned\nCVE-1999-0001\n"
	if err := os.WriteFile(".hullmarkignore", []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	stdout, stderr, code := hullmark(t, "scan", "-q", "--cache", "off", "demo:")
	// aquasecurity/trivy#1758, aquasecurity/trivy#2312: entries that hide nothing any more are reported
	for _, want := range []string{
		"using .hullmarkignore: 3 entries, 1 without a reason\n",
		".hullmarkignore:3: the entry for CVE-2017-16997 expired on 2024-12-31, and hides nothing\n",
		".hullmarkignore:4: CVE-1999-0001 hides nothing in the image\n",
	} {
		if code != 0 || !strings.Contains(stderr, want) {
			t.Errorf("exit code %d, no %q in\n%s", code, want, stderr)
		}
	}
	if !strings.Contains(stdout, "1 finding hidden\n  1: ignored by .hullmarkignore:2: not reachable\n") || !strings.Contains(stdout, ".hullmarkignore:3 ignores CVE-2017-16997 no longer: it expired on 2024-12-31.") {
		t.Error(stdout)
	}
	if stdout, stderr, _ := hullmark(t, "scan", "-q", "--cache", "off", "--ignore-file", "off", "demo:"); strings.Contains(stdout+stderr, "ignored by") || strings.Contains(stderr, "using .hullmarkignore") {
		t.Errorf("--ignore-file off: %s", stderr)
	}
	if err := os.WriteFile(".hullmarkignore", []byte("everything\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	// A list in the image that is being built would decide whether it passes.
	if _, stderr, _ := hullmark(t, "in-build", "--root", t.TempDir()); strings.Contains(stderr, ".hullmarkignore") {
		t.Errorf("in-build reads a list of the image: %s", stderr)
	}
	if _, stderr, code := hullmark(t, "scan", "demo:"); code != 1 || !strings.Contains(stderr, ".hullmarkignore:1: ") {
		t.Errorf("a bad entry: exit code %d: %s", code, stderr)
	}
}

// TestSettings takes flags from the environment and from files.
func TestSettings(t *testing.T) {
	home := t.TempDir()
	t.Chdir(home)
	config := filepath.Join(home, ".config", "hullmark", "config.yaml")
	if err := os.MkdirAll(filepath.Dir(config), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		config: "fail-on: low\nscan:\n  cache: \"off\"\n", "other.yaml": "fail-on: critical\n",
		// anchore/grype#3427: settings in the working directory may come with someone else's code
		".hullmark.yaml": "fail-on: none\n", "hullmark.yaml": "fail-on: none\n", "config.yaml": "fail-on: none\n",
	} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		env, args      string
		code           int
		stdout, stderr string
	}{
		{"HOME=" + home, "config show", 0, "COMMAND   FLAG", "settings are read from " + config},
		{"HOME=" + home, "config show scan", 0, "scan --fail-on low config.yaml:1\n", ""},
		{"HOME=" + home, "scan -q demo:", 4, "", "vulnerabilities are low or worse"},
		{"XDG_CONFIG_HOME=/none HOME=" + home, "config show", 0, "", "there is no /none/hullmark/config.yaml"},
		{"XDG_CONFIG_HOME=relative HOME=" + home, "config show", 0, "config.yaml:1", ""},
		{"HOME=" + home + " HULLMARK_FAIL_ON=high", "scan -q demo:", 4, "", "10 vulnerabilities are high or worse"},
		{"HOME=" + home + " HULLMARK_FAIL_ON=high HULLMARK_CONTINUE=true", "scan -q demo:", 0, "", "continuing, because of --continue"},
		{"HOME=" + home + " HULLMARK_FAIL_ON=high", "scan -q --fail-on critical --allow-uncovered demo:", 0, "", ""},
		{"HOME=" + home + " HULLMARK_FAIL_ON=terrible", "scan -q demo:", 1, "", `use negligible, low, medium, high or critical (HULLMARK_FAIL_ON sets --fail-on)`},
		{"HOME=" + home + " HULLMARK_CONFIG=other.yaml", "config show", 0, "other.yaml:1", ""},
		{"HOME=" + home, "config show --config other.yaml", 0, "other.yaml:1", ""},
		{"", "config show --config none.yaml", 1, "", "none.yaml: no such file or directory"},
		{"HULLMARK_FIAL_ON=high HULLMARK_CORPUS=x", "scan -q --cache off demo:", 0, "", "warning: HULLMARK_FIAL_ON is not the variable of a flag; did you mean HULLMARK_FAIL_ON?\n"},
		{"HULLMARK_EXCLUDE=/opt,/usr/local", "scan -q --cache off demo:", 0, "Left out by HULLMARK_EXCLUDE /usr/local: ", ""},
		{"HULLMARK_FAIL_ON=high", "scan -v -q --cache off demo:", 4, "", "hullmark: --fail-on is high, from HULLMARK_FAIL_ON\n"},
		{"HULLMARK_OUTPUT=x.db", "db build --feed debian=none", 1, "", "none"}, // a flag that a command needs
		{"", "config show", 0, "", "no settings: every flag is at its default"},
		{"HULLMARK_VERBOSE=1", "config show scan", 0, "scan --verbose true HULLMARK_VERBOSE\n", ""},
		{"HULLMARK_OFFLINE=yes", "config show", 1, "", `HULLMARK_OFFLINE: --offline: "yes" is not true or false`},
		{"", "config show nothing", 1, "", `no command "nothing"`},
		{"", "config show db update", 0, "db update", ""},
	} {
		stdout, stderr, code := withEnv(t, strings.Fields(test.env), "", strings.Fields(test.args)...)
		if test.args == "config show scan" {
			stdout = regexp.MustCompile(` +`).ReplaceAllString(stdout, " ") // widths of columns
		}
		if code != test.code || !strings.Contains(stdout, test.stdout) || !strings.Contains(stderr, test.stderr) {
			t.Errorf("%s hullmark %s: exit code %d, want %d and %q, %q:\n%s%.900s", test.env, test.args, code, test.code, test.stdout, test.stderr, stderr, stdout)
		}
	}
}

// TestFormatNames writes several formats with one flag.
func TestFormatNames(t *testing.T) {
	t.Chdir(t.TempDir())
	template := file(t, "t.tmpl", "{{len .Findings}}")
	for _, test := range []struct{ args, files, stdout string }{
		// aquasecurity/trivy#1319, anchore/grype#3139: a file for a program, and the table for the reader
		{"-f table,json=a.json", "a.json", "demo:  Debian"},
		{"-f json=a.json -f sarif", "a.json", `"$schema"`},
		{"-f json,html,table -o out", "out.html out.json out.txt", ""},
		{"-f json,cyclonedx -o out.json", "out.cdx.json out.json", ""},
		{"-f json -o out.txt", "out.txt", ""},
		{"-f json=a,b.json,markdown=b.md", "a,b.json b.md", ""},
		// anchore/grype#1388: the report went to the file of the template
		{"-f template=a.csv -f json --template " + template, "a.csv", `"schema": 3`},
	} {
		stdout, stderr, code := hullmark(t, append(strings.Fields("scan -q --cache off "+test.args), "demo:")...)
		list, err := filepath.Glob("*")
		if err != nil || code != 0 || strings.Join(list, " ") != test.files || !strings.Contains(stdout, test.stdout) || test.stdout == "" && stdout != "" {
			t.Errorf("%s: exit code %d, files %v, want %s and %q: %s%.300s", test.args, code, list, test.files, test.stdout, stderr, stdout)
		}
		for _, name := range list {
			os.Remove(name)
		}
	}
	if text, err := os.ReadFile(template); string(text) != "{{len .Findings}}" {
		t.Errorf("the template is %q, %v", text, err)
	}
}

// TestOnDisallowed runs a command with the report on its standard input.
func TestOnDisallowed(t *testing.T) {
	if _, err := os.Stat("/bin/sh"); err != nil {
		t.Skip("no /bin/sh")
	}
	out := filepath.Join(t.TempDir(), "verdict.json")
	for _, test := range []struct {
		args    string
		code    int
		written bool
		stderr  string
	}{
		{"--fail-on high", 4, true, "told\n"},
		{"--fail-on high --continue", 0, true, "told\n"},
		{"--fail-on critical --allow-uncovered", 0, false, ""},
		{"", 0, false, ""},
	} {
		os.Remove(out)
		args := append([]string{"scan", "-q", "--cache", "off", "--on-disallowed", "cat > " + out + "; echo told"}, strings.Fields(test.args)...)
		stdout, stderr, code := hullmark(t, append(args, "demo:")...)
		var doc struct {
			Passes   bool
			Failures []struct{ Code string }
		}
		text, err := os.ReadFile(out)
		if (err == nil) != test.written || test.written && (json.Unmarshal(text, &doc) != nil || doc.Passes || doc.Failures[0].Code != "severity") {
			t.Errorf("%s: %v %.200s", test.args, err, text)
		}
		if code != test.code || !strings.Contains(stderr, test.stderr) || strings.Contains(stdout, "told") {
			t.Errorf("%s: exit code %d, want %d: %s", test.args, code, test.code, stderr)
		}
	}
	if _, stderr, code := hullmark(t, "scan", "-q", "--cache", "off", "--fail-on", "high", "--on-disallowed", "exit 9", "demo:"); code != 4 || !strings.Contains(stderr, "--on-disallowed: exit status 9") {
		t.Errorf("a failing command: exit code %d: %s", code, stderr)
	}
}

// TestRegistryFlags reaches registries that need a password, an authority of their own, or a mirror.
func TestRegistryFlags(t *testing.T) {
	img, err := demo.Image()
	if err != nil {
		t.Fatal(err)
	}
	content := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	var seen []string // credentials
	guarded := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		if seen = append(seen, user+":"+password); user != "me" || password != "secret" {
			w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		content.ServeHTTP(w, r)
	})
	open := httptest.NewServer(content)
	defer open.Close()
	private := httptest.NewServer(guarded)
	defer private.Close()
	secure := httptest.NewTLSServer(content)
	defer secure.Close()
	host := func(s *httptest.Server) string {
		return strings.TrimPrefix(strings.TrimPrefix(s.URL, "http://"), "https://")
	}
	ref, err := name.ParseReference(host(open) + "/app:1")
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, img); err != nil {
		t.Fatal(err)
	}
	authority := file(t, "ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw})))
	for _, test := range []struct {
		env, stdin, args string
		code             int
		stderr           string
	}{
		{"", "", "-v " + host(open) + "/app:1", 0, "hullmark: reading manifest from " + host(open)},
		{"", "", host(private) + "/app:1", 1, "log in with docker login, or name a user with --username"},
		{"", "secret\n", "--username me --password-stdin " + host(private) + "/app:1", 0, ""},
		{"", "wrong\n", "--username me --password-stdin " + host(private) + "/app:1", 1, "access denied"},
		{"HULLMARK_PASSWORD=secret HULLMARK_USERNAME=me", "", host(private) + "/app:1", 0, ""},
		{"", "", host(secure) + "/app:1", 1, "to trust a certificate, pass the file of its authority as --ca-file"},
		{"", "", "--ca-file " + authority + " " + host(secure) + "/app:1", 0, ""},
		{"", "", "--registry-mirror registry.invalid=" + host(open) + " registry.invalid/app:1", 0, ""},
		// google/go-containerregistry#738: one host by plain HTTP does not mean all
		{"", "", "--insecure 127.0.0.9:1 registry.invalid/app:1", 1, "registry.invalid"},
	} {
		seen = nil
		_, stderr, code := withEnv(t, strings.Fields(test.env), test.stdin, append(strings.Fields("scan --cache off"), strings.Fields(test.args)...)...)
		if code != test.code || !strings.Contains(stderr, test.stderr) || strings.Contains(stderr, "secret") {
			t.Errorf("%s %s: exit code %d, want %d: %s", test.env, test.args, code, test.code, stderr)
		}
	}
	// Credentials are for the registry of the image, and not for others.
	seen = nil
	withEnv(t, nil, "secret\n", strings.Fields("scan --cache off --username me --password-stdin --registry-mirror registry.invalid="+host(private)+" registry.invalid/app:1")...)
	for _, c := range seen {
		if c != ":" {
			t.Errorf("the mirror was told %s", c)
		}
	}
	// A base in another registry gets none, and one in the same registry does.
	for _, flag := range []string{"--base", "--newer-base"} {
		seen = nil
		withEnv(t, nil, "secret\n", "scan", "--cache", "off", "--username", "me", "--password-stdin", flag, host(private)+"/app:1", host(open)+"/app:1")
		if len(seen) == 0 || slices.ContainsFunc(seen, func(c string) bool { return c != ":" }) {
			t.Errorf("%s: the other registry was told %q", flag, seen)
		}
		if _, stderr, code := withEnv(t, nil, "secret\n", "scan", "--cache", "off", "--username", "me", "--password-stdin", flag, host(private)+"/app:1", host(private)+"/app:1"); code != 0 {
			t.Errorf("%s in the same registry: exit code %d: %s", flag, code, stderr)
		}
	}
}

// TestSilentRegistry is about a registry that accepts connections and sends nothing: https://github.com/anchore/grype/issues/3496
func TestSilentRegistry(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	start := time.Now()
	_, stderr, code := hullmark(t, "scan", "--cache", "off", "--stall-timeout", "3s", host+"/app:1")
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("after %v", took)
	}
	waiting, failed := strings.Index(stderr, "hullmark: logging in to "+host+"\n"), strings.Index(stderr, host+": log in: ")
	if code != 1 || waiting < 0 || failed < waiting || !strings.Contains(stderr, "stalled: sent nothing for 3s") {
		t.Errorf("exit code %d, %d %d: %s", code, waiting, failed, stderr)
	}
}

// TestBusyRegistry requires that the command reports a pause before it waits.
func TestBusyRegistry(t *testing.T) {
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked++; strings.Contains(r.URL.Path, "/manifests/") && asked < 4 {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		if r.URL.Path != "/v2/" {
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	_, stderr, _ := hullmark(t, "scan", "--cache", "off", host+"/app:1")
	if want := "hullmark: " + host + ": retrying in 1s: 429 Too Many Requests\n"; !strings.Contains(stderr, want) {
		t.Errorf("no %q in\n%s", want, stderr)
	}
	asked = 0
	if _, stderr, _ := hullmark(t, "scan", "-q", "--cache", "off", host+"/app:1"); strings.Contains(stderr, "retrying") {
		t.Errorf("with -q: %s", stderr)
	}
}

// TestNext requires that the commands that a table ends with work as they are.
func TestNext(t *testing.T) {
	for _, args := range []string{"scan -q --cache off demo:", "scan -q --cache off --only-fixed demo:"} {
		stdout, _, _ := hullmark(t, strings.Fields(args)...)
		_, next, ok := strings.Cut(stdout, "\nnext:\n")
		if !ok {
			t.Fatal(stdout)
		}
		ran := 0
		for line := range strings.Lines(next) {
			command, ok := strings.CutPrefix(line, "  hullmark ")
			if !ok || strings.HasPrefix(command, "db update") { // fetches
				continue
			}
			ran++
			if _, stderr, code := hullmark(t, strings.Fields(command)...); code != 0 {
				t.Errorf("%s: exit code %d: %s", command, code, stderr)
			}
		}
		if want := 1 + strings.Count(args, "--only-fixed"); ran != want {
			t.Errorf("%s: %d commands: %s", args, ran, next)
		}
	}
}

// TestBase reports the base image and what another one would fix.
func TestBase(t *testing.T) {
	stdout, stderr, code := hullmark(t, "scan", "-q", "--cache", "off", "--newer-base", rootless(t), "--base", "demo:", "demo:")
	for _, want := range []string{"base image: layer 0 of 5, by the image's history\n  53 findings with the base image, 29 with the application's layers\n", "would fix 53 of the 53\n"} {
		if code != 0 || !strings.Contains(stdout, want) {
			t.Errorf("exit code %d, no %q in\n%s%s", code, want, stderr, stdout)
		}
	}
	if !strings.Contains(stderr, "the layers of --base demo: are not the first layers of the image\n") {
		t.Error(stderr)
	}
}

// rootless is an image with a package that has no known vulnerability.
func rootless(t *testing.T) string {
	return rootfs(t, map[string]string{"etc/os-release": jessie, "var/lib/dpkg/status": stanza("hello", "2.9-2")})
}
