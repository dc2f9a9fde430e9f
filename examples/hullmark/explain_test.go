package main

import (
	"os"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/matcher/report/json"

	"github.com/hullmark/hullmark/matcher"
)

// TestExplain holds explanations of the demonstration image against what they were: one of each outcome.
func TestExplain(t *testing.T) {
	var all strings.Builder
	for _, id := range []string{
		"CVE-2019-12308",      // affected, in one of several ranges
		"CVE-2019-9169",       // affected, two packages of one source
		"cve-2018-18074",      // affected as the distribution's package, skipped as a package in it
		"GHSA-X84V-XCM2-53PG", // the same under another name, spelled as nobody does
		"CVE-2014-6271",       // fixed since
		"CVE-2019-1552",       // the publisher says that it is not affected
		"CVE-2018-6188",       // outside of all ranges
		"CVE-2019-11477",      // not installed
		"CVE-2021-44228",      // nobody in the database knows it
	} {
		stdout, stderr, code := hullmark(t, "explain", "--cache", "off", "demo:", id)
		if code != 0 {
			t.Fatalf("%s: exit code %d: %s", id, code, stderr)
		}
		all.WriteString("$ hullmark explain demo: " + id + "\n" + stdout + "\n")
	}
	golden(t, "explain.txt", all.String())
	stdout, _, _ := hullmark(t, "explain", "--cache", "off", "--format", "json", "demo:", "CVE-2018-18074")
	golden(t, "explain.json", stdout)
}

// The match that README.md explains is what the command prints.
func TestExplainReadme(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	stdout, _, _ := hullmark(t, "explain", "--cache", "off", "demo:", "CVE-2019-9636")
	var block strings.Builder
	for line := range strings.Lines(stdout) {
		if line != "\n" {
			line = "    " + line
		}
		block.WriteString(line)
	}
	if !strings.Contains(string(text), "explain demo: CVE-2019-9636\n\nprints\n\n"+block.String()) {
		t.Errorf("README.md has not what the command prints:\n%s", block.String())
	}
	if stdout, _, _ := hullmark(t, "version", "compare", "deb", "2.7.9-2+deb8u2", "2.7.9-2+deb8u3"); stdout != "2.7.9-2+deb8u2 < 2.7.9-2+deb8u3\n" {
		t.Errorf("version compare: %s", stdout)
	}
}

// Whatever scan finds, explain says is so; in the same component and by the same advisories.
func TestExplainAgrees(t *testing.T) {
	stdout, _, _ := hullmark(t, "scan", "--cache", "off", "--format", "json", "demo:")
	for i, m := range assessment(t, stdout).Result.Matches {
		if i%5 > 0 && !testing.Verbose() {
			continue // each is a scan
		}
		stdout, stderr, _ := hullmark(t, "explain", "--cache", "off", "--format", "json", "demo:", m.ID)
		x, err := json.ReadExplanations(strings.NewReader(stdout))
		if err != nil {
			t.Fatalf("%s: %v: %s", m.ID, err, stderr)
		}
		advisories := 0
		for _, e := range x.Groups {
			for _, c := range e.Components {
				if c.ID == m.Component && e.Outcome == matcher.OutcomeAffected {
					advisories++
					if e.Fixed != m.Fixed {
						t.Errorf("%s: explained as fixed in %q, matched as in %q", m.ID, e.Fixed, m.Fixed)
					}
				}
			}
		}
		if !x.Affected || advisories != len(m.Advisories) {
			t.Errorf("%s in %s: matched by %d advisories, explained by %d", m.ID, m.Component, len(m.Advisories), advisories)
		}
	}
}

func TestVersionCompare(t *testing.T) {
	for _, test := range []struct{ args, stdout, stderr string }{
		{"deb 1:2.36-9 2.36-10", "1:2.36-9 > 2.36-10\n", ""},
		{"rpm 1.2~rc1-1 1.2-1", "1.2~rc1-1 < 1.2-1\n", ""},
		{"maven 1.0-ga 1", "1.0-ga = 1\n", ""},
		{"deb 1: 2", "", `hullmark: version: deb "1:": invalid version: nothing after the epoch` + "\n"},
		{"pypi 1 x", "", `hullmark: version: pypi "x": invalid version: release is not a number` + "\n"},
		{"ada 1 2", "", `hullmark: unknown version type "ada"; known types are alpm, apk, `},
		{"deb 1", "", "hullmark: B is missing; see hullmark version compare --help\n"},
	} {
		stdout, stderr, code := hullmark(t, append([]string{"version", "compare"}, strings.Fields(test.args)...)...)
		if stdout != test.stdout || !strings.HasPrefix(stderr, test.stderr) || (code == 0) != (stdout != "") {
			t.Errorf("%s: %q, %q, %d", test.args, stdout, stderr, code)
		}
	}
}
