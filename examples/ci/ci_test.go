package ci_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/internal/testing/shelltest"
)

// Packages of the images that the recipes build, and what Debian publishes about them.
const (
	vulnerable = "Package: bash\nStatus: install ok installed\nArchitecture: amd64\nVersion: 5.2.15-2\n\n"
	repaired   = "Package: bash\nStatus: install ok installed\nArchitecture: amd64\nVersion: 5.2.15-3\n\n"
	tracker    = `{"bash": {"CVE-2019-0001": {"releases": {
		"bookworm": {"status": "resolved", "urgency": "high", "fixed_version": "5.2.15-3", "repositories": {}}}}}}`
	trackerHost = "security-tracker.debian.org"
)

const (
	registryHost = "registry.example"
	repository   = registryHost + "/app"
	commit       = "4061797"
	user         = "builder"
	password     = "p'ss \"w\\nrd $HOME" // every character that a shell may change
)

// TestRecipes runs every shell line of the recipes on an empty machine: for an image with a severe vulnerability, which they stop, and for
// one without, which they let pass.
func TestRecipes(t *testing.T) {
	s := shelltest.New(t)
	s.Network.Publish(t, trackerHost+"/tracker/data/json", []byte(tracker))
	s.Network.Account(registryHost, user, password)
	installDocker(t, s)

	for _, recipe := range []struct {
		file  string
		steps func(*testing.T, string, map[string]string) []step
		// values are the platform's variables. %s is a directory of its own.
		values map[string]string
		// login is made by the platform before.
		login bool
		// built is true if another task builds and pushes the image.
		built bool
		// code is the exit code for the image with the vulnerability.
		code int
		// reports must have the vulnerability.
		reports []string
		// sbom is a file with the packages; attached wants it in the registry.
		sbom     string
		attached bool
	}{
		{
			file: "github-actions.yml", steps: githubSteps, code: 4, reports: []string{"hullmark.sarif"}, attached: true,
			values: map[string]string{"github.sha": commit, "github.run_id": "7", "vars.REGISTRY_USER": user, "secrets.REGISTRY_PASSWORD": "PASSWORD"},
		},
		{
			file: "gitlab-ci.yml", steps: gitlabSteps, code: 4, reports: []string{"gl-container-scanning-report.json"}, sbom: "gl-sbom.cdx.json", attached: true,
			values: map[string]string{
				"CI_REGISTRY": registryHost, "CI_REGISTRY_IMAGE": repository, "CI_COMMIT_SHA": commit, "CI_REGISTRY_USER": user, "CI_REGISTRY_PASSWORD": password,
			},
		},
		{
			file: "Jenkinsfile", steps: jenkinsSteps, code: 4, reports: []string{"hullmark.xml"}, attached: true,
			values: map[string]string{"GIT_COMMIT": commit, "WORKSPACE": "%s", "REGISTRY_USER": user, "REGISTRY_PASSWORD": password},
		},
		{
			file: "tekton-task.yml", steps: tektonSteps, login: true, built: true, code: 4, attached: true,
			reports: []string{"reports/report.html", "reports/report.sarif"},
			values: map[string]string{
				"params.image": repository + ":" + commit, "workspaces.database.path": "%s/database", "workspaces.reports.path": "%s/reports", "results.sbom.path": "%s/sbom",
			},
		},
		{
			file: "Dockerfile", steps: dockerSteps, code: 4, reports: []string{"app.sarif"}, sbom: "app.cdx.json",
			values: map[string]string{"/var/cache/hullmark": "%s/database", "/image": "%s/image", "/reports": "%s"},
		},
	} {
		t.Run(recipe.file, func(t *testing.T) {
			text, err := os.ReadFile(recipe.file)
			if err != nil {
				t.Fatal(err)
			}
			s.Dir = t.TempDir()
			values := maps.Clone(recipe.values)
			for name, value := range values {
				values[name] = strings.ReplaceAll(value, "%s", s.Dir)
			}
			steps := recipe.steps(t, string(text), values)
			requireAll(t, string(text), steps, values)
			s.Write(t, "reports/none", "")
			s.Write(t, "database/none", "")
			s.Write(t, "Dockerfile", "FROM scratch\nCOPY . /\n")
			for _, tt := range []struct {
				name, status string
				code         int
			}{{"vulnerable", vulnerable, recipe.code}, {"repaired", repaired, 0}} {
				asked := len(s.Network.Requests(trackerHost))
				os.Remove(filepath.Join(s.Home, ".docker/config.json"))
				s.Write(t, "status", tt.status)
				s.Write(t, "image/etc/os-release", osRelease)
				s.Write(t, "image/var/lib/dpkg/status", tt.status)
				if recipe.built {
					push(t, s, tt.status)
				}
				if recipe.login {
					if err := logIn(s.Home, login{registryHost, user, password}); err != nil {
						t.Fatal(err)
					}
				}
				output, code := run(t, s, steps)
				if code != tt.code {
					t.Fatalf("%s: exit code %d, want %d:\n%s", tt.name, code, tt.code, output)
				}
				if strings.Contains(output, "CVE-2019-0001") != (tt.code != 0) {
					t.Errorf("%s: the log of the job has the wrong findings:\n%s", tt.name, output)
				}
				for _, report := range recipe.reports {
					if strings.Contains(s.Read(t, report), "CVE-2019-0001") != (tt.code != 0) {
						t.Errorf("%s: %s has the wrong findings", tt.name, report)
					}
				}
				if recipe.sbom != "" && !strings.Contains(s.Read(t, recipe.sbom), "pkg:deb/debian/bash@5.2.15-") {
					t.Errorf("%s: %s has no package", tt.name, recipe.sbom)
				}
				if got := s.Referrers(t, repository+":"+commit); recipe.attached && got != 1 {
					t.Errorf("%s: %d documents are attached", tt.name, got)
				}
				// The first run fetches the data, the second asks whether it has changed.
				want := 200
				if tt.code == 0 {
					want = 304
				}
				var codes []int
				for _, r := range s.Network.Requests(trackerHost)[asked:] {
					codes = append(codes, r.Code)
				}
				if len(codes) == 0 || codes[len(codes)-1] != want {
					t.Errorf("%s: the publisher's answers: %d, want %d", tt.name, codes, want)
				}
			}
		})
	}
}

// run runs the steps until one fails.
func run(t *testing.T, s *shelltest.Shell, steps []step) (output string, code int) {
	t.Helper()
	for _, step := range steps {
		if step.login != nil {
			l := *step.login
			if l.password == "PASSWORD" { // YAML cannot contain all of its characters without quotes
				l.password = password
			}
			if err := logIn(s.Home, l); err != nil {
				t.Fatal(err)
			}
			continue
		}
		for name, value := range step.env {
			s.Set(name, value)
		}
		out, code := s.Run(t, step.script, step.shell...)
		for name := range step.env {
			s.Unset(name)
		}
		output += "$ " + step.script + "\n" + out
		if code != 0 {
			return output, code
		}
	}
	return output, 0
}

var command = regexp.MustCompile(`\b(?:go install|docker|hullmark"?) .*`)

// commands returns the commands of a recipe, from the name of the program to the end of the line.
func commands(text string) []string {
	var found []string
	for line := range strings.Lines(text) {
		line = dockerMount.ReplaceAllString(strings.TrimSpace(line), "")
		if strings.HasPrefix(line, "#") || strings.HasPrefix(line, "//") || strings.HasPrefix(line, "FROM ") {
			continue
		}
		if c := command.FindString(strings.TrimSuffix(strings.TrimSuffix(line, "'"), ` && \`)); c != "" {
			found = append(found, c)
		}
	}
	return found
}

// requireAll requires that the steps have every command of a recipe.
func requireAll(t *testing.T, text string, steps []step, values map[string]string) {
	t.Helper()
	var scripts strings.Builder
	for _, s := range steps {
		scripts.WriteString(s.script + "\n")
	}
	found := commands(text)
	if len(found) < 4 {
		t.Errorf("found the commands %q only", found)
	}
	for _, want := range found {
		for name, value := range values {
			want = strings.ReplaceAll(want, "$("+name+")", value)
			if strings.HasPrefix(name, "/") {
				want = strings.ReplaceAll(want, name, value)
			}
		}
		if !strings.Contains(scripts.String(), want) {
			t.Errorf("the test does not run %q", want)
		}
	}
}

// installDocker lets this program stand in for docker.
func installDocker(t *testing.T, s *shelltest.Shell) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	bin := filepath.Join(s.Home, "go/bin")
	if err := os.MkdirAll(bin, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, filepath.Join(bin, "docker")); err != nil {
		t.Fatal(err)
	}
}

func push(t *testing.T, s *shelltest.Shell, status string) {
	t.Helper()
	img, err := image(status)
	if err != nil {
		t.Fatal(err)
	}
	s.Push(t, repository+":"+commit, img)
}
