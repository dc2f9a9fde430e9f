package shelltest_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/hullmark/hullmark/internal/testing/imagetest"
	"github.com/hullmark/hullmark/internal/testing/shelltest"
)

const (
	install = "go install github.com/hullmark/hullmark/examples/hullmark@latest"
	tracker = "security-tracker.debian.org/tracker/data/json"
	debian  = `{"bash": {"CVE-2019-0001": {"releases": {
		"bookworm": {"status": "resolved", "urgency": "high", "fixed_version": "5.2.15-3", "repositories": {}}}}}}`
)

// TestJourneys runs the command lines of the pages as a reader meets them, each journey in an empty folder and an empty home. Lines that
// do not run here say why. An indented line that is no command must be in the output of the command before it.
func TestJourneys(t *testing.T) {
	if testing.Short() {
		t.Skip("builds programs")
	}
	readme, plugin := page(t, "README.md"), page(t, "plugin/README.md")
	for _, journey := range []struct {
		name  string
		pages []string
		// files are there before.
		files map[string]string
		// before are commands whose results a page presupposes.
		before string
		// after are what a reader does after a line, by the words of the page.
		after map[string]string
		// codes are the exit codes other than 0.
		codes map[string]int
		// replaced are the placeholders of a page.
		replaced map[string]string
		// omitted are the lines that do not run here, with the reason.
		omitted map[string]string
	}{
		{
			name:   "platform engineer",
			pages:  []string{"README.md", "matcher/policy/README.md", "db/README.md", "examples/ci/README.md"},
			before: "go mod init example.com/app", // for go get
			codes: map[string]int{
				"hullmark scan --db advisories.db --fail-on high --format table --format sarif=app.sarif registry.example/app:1":                      4,
				"hullmark scan --policy policy.yaml registry.example/app:1":                                                                           4,
				"hullmark scan --db oci://registry.example/security/advisories:latest --db-key release.key.pub --fail-on high registry.example/app:1": 4,
			},
			omitted: map[string]string{
				"go test ./...":                   "it is the command that runs this test",
				"go -C examples/fleet test ./...": "the tests of the service are run beside this one",
				"hullmark scan rootfs:/":          "reading a whole machine takes minutes; .ci/slow machine does",
				"docker build --build-arg TODAY=$(date +%F) --push -t registry.example/app:1 .": "Docker is not here; the tests of examples/ci run the instructions of its Dockerfile",
			},
		},
		{
			name:   "Go programmer",
			pages:  []string{"README.md"},
			files:  map[string]string{"main.go": fence(t, readme, "go")},
			before: "go mod init example.com/app",
			after: map[string]string{
				"hullmark db update -o advisories.db": "go mod tidy && go build -o app . && ./app registry.example/app:1 advisories.db > embedded.json && " +
					"hullmark scan --db advisories.db --format json registry.example/app:1 > command.json && cmp embedded.json command.json && grep -q CVE-2019-0001 embedded.json",
			},
			codes: map[string]int{
				"hullmark scan --db advisories.db --fail-on high --format table --format sarif=app.sarif registry.example/app:1": 4,
			},
			omitted: map[string]string{
				"go test ./...":                   "it is the command that runs this test",
				"go -C examples/fleet test ./...": "the tests of the service are run beside this one",
				"hullmark scan rootfs:/":          "reading a whole machine takes minutes; .ci/slow machine does",
			},
		},
		{
			name:   "analyst",
			pages:  []string{"examples/hullmark/README.md", "sbom/README.md", "db/feed/README.md"},
			files:  map[string]string{"tracker.json": debian, "data.json": debian},
			before: install + "\nhullmark sbom -o old.cdx.json registry.example/app:1",
			after: map[string]string{
				"hullmark scan -f html -o app.html registry.example/app:1":         "grep -q '<html' app.html && grep -q CVE-2019-0001 app.html",
				"hullmark scan -f json -o app.json registry.example/app:1":         "grep -q CVE-2019-0001 app.json",
				"hullmark scan --show-hidden registry.example/app:1":               "hullmark scan --show-hidden registry.example/app:1 2>&1 | grep 'fixed in the next release'",
				"hullmark scan --since app.json registry.example/app:2":            "rm .hullmarkignore",
				"hullmark sbom diff registry.example/app:1 registry.example/app:2": "hullmark sbom diff registry.example/app:1 registry.example/app:2 | grep 5.2.15-3 && hullmark db keygen release.key",
			},
			codes:    map[string]int{"hullmark scan --db advisories.db --fail-on high registry.example/app:1": 4},
			replaced: map[string]string{"DIR": "$MIRROR", " --feed osv=PyPI.zip": ""},
			omitted: map[string]string{
				"hullmark scan rootfs:/": "reading a whole machine takes minutes; .ci/slow machine does",
				"hullmark: layer 3: var/lib/dpkg/status: dpkg: line 12: no colon": "it is an example of a message",
			},
		},
		{
			name:   "plugin author",
			pages:  []string{"plugin/README.md"},
			files:  map[string]string{"main.go": fence(t, plugin, "go"), "plugin.json": fence(t, plugin, "json")},
			before: install,
			after: map[string]string{
				"go mod init example.com/versions": "cp ../main.go .",
				"go build -o versions .": "mkdir -p ../plugins/versions && cp versions ../plugins/versions/ && " +
					`sed "s/sha256:\.\.\./sha256:$(sha256sum versions | cut -d ' ' -f 1)/" ../plugin.json > ../plugins/versions/plugin.json`,
			},
			replaced: map[string]string{
				"IMAGE": "demo:", "/usr/lib/hullmark/plugins": "../plugins", "sha256:...": "sha256:$(sha256sum versions | cut -d ' ' -f 1)",
			},
			omitted: map[string]string{
				"go mod edit -replace github.com/hullmark/hullmark=/path/to/a/checkout": "the version is a released one here",
			},
		},
		{
			name:    "maintainer",
			pages:   []string{".github/CONTRIBUTING.md"},
			before:  "cp -R $CHECKOUT/. . && chmod -R u+w .",
			after:   map[string]string{"go build -o hullmark ./examples/hullmark": "./hullmark scan demo: && ECOSYSTEM=internal/testing/shelltest/testdata/ecosystem bash -ex internal/testing/shelltest/testdata/ecosystem/add.sh"},
			omitted: map[string]string{"go test ./...": "it is the command that runs this test; the tests of one package run instead"},
		},
	} {
		t.Run(journey.name, func(t *testing.T) {
			if program := journey.files["main.go"]; program != "" {
				shelltest.Tidy(t, program)
			}
			s := shelltest.New(t)
			s.Network.Publish(t, tracker, []byte(debian))
			for reference, version := range map[string]string{"debian:12": "5.2.15-2", "registry.example/app:1": "5.2.15-2", "registry.example/app:2": "5.2.15-3"} {
				s.Push(t, reference, image(t, version))
			}
			for name, content := range journey.files {
				s.Write(t, name, content)
			}
			s.Set("MIRROR", s.Network.Files)
			checkout, err := filepath.Abs(root)
			if err != nil {
				t.Fatal(err)
			}
			s.Set("CHECKOUT", checkout)
			if output, code := s.Run(t, journey.before, "bash", "-ex"); code != 0 {
				t.Fatalf("before: exit code %d: %s", code, output)
			}
			after, codes, omitted := maps.Clone(journey.after), maps.Clone(journey.codes), maps.Clone(journey.omitted)
			for _, name := range journey.pages {
				output := ""
				for _, line := range indented(page(t, name)) {
					key := comment.ReplaceAllString(line, "")
					if _, ok := omitted[key]; ok {
						delete(omitted, key)
						continue
					}
					command := line
					for from, to := range journey.replaced {
						command = strings.ReplaceAll(command, from, to)
					}
					if first, _, _ := strings.Cut(command, " "); !slices.Contains(programs, first) {
						if !strings.Contains(output, line) {
							t.Errorf("%s: %q is not in the output of the command before it:\n%s", name, line, output)
						}
						continue
					}
					var code int
					if output, code = enter(t, s, command); code != codes[key] {
						t.Fatalf("%s: %s: exit code %d, want %d:\n%s", name, command, code, codes[key], output)
					}
					delete(codes, key)
					if next := after[key]; next != "" {
						if output, code := enter(t, s, next); code != 0 {
							t.Fatalf("%s: %s: exit code %d:\n%s", name, next, code, output)
						}
						delete(after, key)
					}
				}
			}
			for _, unused := range [][]string{slices.Collect(maps.Keys(after)), slices.Collect(maps.Keys(codes)), slices.Collect(maps.Keys(omitted))} {
				for _, line := range unused {
					t.Errorf("no page has %q", line)
				}
			}
		})
	}
}

// enter runs a command in the directory in which the one before ended.
func enter(t *testing.T, s *shelltest.Shell, command string) (output string, code int) {
	t.Helper()
	file := filepath.Join(s.Home, "directory")
	output, code = s.Run(t, command+"\nstatus=$?; pwd > "+file+"; exit $status", "bash")
	dir, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s.Dir = strings.TrimSpace(string(dir))
	return output, code
}

const root = "../../.."

func page(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// fence returns the first block of a page in a language.
func fence(t *testing.T, page, language string) string {
	t.Helper()
	_, rest, ok := strings.Cut(page, "```"+language+"\n")
	text, _, closed := strings.Cut(rest, "```")
	if !ok || !closed {
		t.Fatalf("the page has no block of %s", language)
	}
	return text
}

// comment is a shell's comment at the end of a line.
var comment = regexp.MustCompile(` +# .*$`)

// programs begin the command lines of pages.
var programs = []string{"cd", "docker", "echo", "git", "go", "hullmark", "mkdir"}

// indented returns the indented lines of a page outside of fences.
func indented(page string) []string {
	var found []string
	fenced := false
	for line := range strings.Lines(page) {
		switch code, ok := strings.CutPrefix(line, "    "); {
		case strings.HasPrefix(line, "```"):
			fenced = !fenced
		case ok && !fenced:
			found = append(found, strings.TrimSpace(code))
		}
	}
	return found
}

func image(t *testing.T, bash string) v1.Image {
	t.Helper()
	img, err := imagetest.Image((&imagetest.Layer{}).File("etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n").
		File("var/lib/dpkg/status", "Package: bash\nStatus: install ok installed\nArchitecture: amd64\nVersion: "+bash+"\n\n"))
	if err != nil {
		t.Fatal(err)
	}
	return img
}
