package main

import (
	"cmp"
	"encoding/json"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/testing/corpus"
)

// smallDatabase builds a database of the advisories of the small corpus.
func smallDatabase(t *testing.T, small string) string {
	t.Helper()
	feeds, file := filepath.Join(small, "feeds"), filepath.Join(t.TempDir(), "advisories.db")
	ok(t, "db", "build", "--quiet", "-o", file, "--feed", "debian="+filepath.Join(feeds, "debian.json"), "--feed", "osv="+filepath.Join(feeds, "osv"))
	return file
}

// A smallMatch is an expected match of the small corpus.
type smallMatch struct{ ID, Type, Name, Version, Fixed string }

func compareMatches(a, b smallMatch) int {
	return cmp.Or(strings.Compare(a.ID, b.ID), strings.Compare(a.Name, b.Name), strings.Compare(a.Version, b.Version))
}

// matchesOf returns the matches in JSON of the command.
func matchesOf(t *testing.T, text string) []smallMatch {
	t.Helper()
	x := assessment(t, text)
	components := make(map[string]*analyzer.Component)
	for i := range x.Report.Components {
		components[x.Report.Components[i].ID] = &x.Report.Components[i]
	}
	var list []smallMatch
	for _, m := range x.Result.Matches {
		c := components[m.Component]
		name := c.Name
		switch c.Type {
		case "npm", "composer", "golang":
			name = path.Join(c.Namespace, c.Name)
		case "maven":
			name = c.Namespace + ":" + c.Name
		}
		list = append(list, smallMatch{m.ID, c.Type, name, c.Version, m.Fixed})
	}
	slices.SortFunc(list, compareMatches)
	return list
}

// TestSmallCorpus scans the images of the small corpus and requires the matches that the version orders of native tools give. The
// SBOM of an image gives the same matches.
func TestSmallCorpus(t *testing.T) {
	small := corpus.Small(t)
	database := smallDatabase(t, small)
	for _, name := range []string{"debian-base", "debian-app", "rpm-sqlite"} {
		t.Run(name, func(t *testing.T) {
			b, err := os.ReadFile(filepath.Join(small, "matches", name+".json"))
			if err != nil {
				t.Fatal(err)
			}
			var want []smallMatch
			if err := json.Unmarshal(b, &want); err != nil || len(want) == 0 {
				t.Fatalf("%d expected matches: %v", len(want), err)
			}
			slices.SortFunc(want, compareMatches)
			image := "oci:" + filepath.Join(small, "images", name)
			document := filepath.Join(t.TempDir(), "image.cdx.json")
			ok(t, "sbom", "--quiet", "--cache", "off", "-o", document, image)
			for _, args := range [][]string{{"scan", "--cache", "off", image}, {"match", document}} {
				stdout, _ := ok(t, append(args, "--quiet", "--db", database, "--format", "json")...)
				if got := matchesOf(t, stdout); !slices.Equal(got, want) {
					t.Errorf("%s:\n got %v\nwant %v", args[0], got, want)
				}
			}
		})
	}
}

const smallPolicy = `version: 2
policies:
  - name: production
    otherwise: go
    rules:
      - {name: severe, on: match, when: match.severity >= CRITICAL && match.fixed != "", action: stop, message: 'update ${package.name} to ${match.fixed}'}
      - {name: root, on: image, when: 'image.user in ["", "root"]', action: warn, message: runs as root}
default: {policies: [production]}
`

// TestSmallCorpusGate requires the exit codes of gates over the images of the small corpus.
func TestSmallCorpusGate(t *testing.T) {
	small := corpus.Small(t)
	database := smallDatabase(t, small)
	policy := file(t, "policy.yaml", smallPolicy)
	allowed := file(t, "allowed.yaml", strings.Replace(smallPolicy, "default: {policies: [production]}", `allow:
  - name: accepted
    entries:
      - {vulnerability: CVE-2099-1001, reason: not reachable, expires: 2025-06-30}
      - {vulnerability: CVE-2099-1011, reason: not reachable, expires: 2025-06-30}
default: {policies: [production], allow: [accepted]}`, 1))
	for _, tt := range []struct {
		image string
		args  []string
		code  int
		shows []string // on standard output or standard error
	}{
		{"debian-base", nil, exitOK, []string{"CVE-2099-0001"}},
		{"debian-base", []string{"--fail-on", "critical"}, exitOK, nil},
		{"debian-base", []string{"--fail-on", "high"}, exitDisallowed, []string{"which --fail-on disallows"}},
		{"debian-base", []string{"--policy", policy}, exitOK, []string{"verdict: warn", "runs as root"}},
		{"debian-app", []string{"--fail-on", "critical"}, exitDisallowed, []string{"2 vulnerabilities are critical"}},
		{"debian-app", []string{"--policy", policy}, exitDisallowed, []string{"verdict: stop", "update lantern to 1.2.1 (and 1 other decision)", "runs as root"}},
		{"debian-app", []string{"--policy", allowed}, exitOK, []string{"verdict: warn", "allowed until 2025-06-30: CVE-2099-1001, not reachable"}},
		{"rpm-sqlite", []string{"--policy", policy}, exitDisallowed, []string{"update mast-libs to 0:3.1-5.el9_4"}},
	} {
		args := append([]string{"scan", "--cache", "off", "--db", database, "oci:" + filepath.Join(small, "images", tt.image)}, tt.args...)
		stdout, stderr, code := hullmark(t, args...)
		if code != tt.code {
			t.Errorf("%s %q: exit code %d, want %d:\n%s%s", tt.image, tt.args, code, tt.code, stdout, stderr)
		}
		for _, w := range tt.shows {
			if !strings.Contains(stdout+stderr, w) {
				t.Errorf("%s %q: no %q in\n%s%s", tt.image, tt.args, w, stdout, stderr)
			}
		}
	}
}
