package rubyadvisory_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/hullmark/hullmark/db/feed/internal/feedtest"
	"github.com/hullmark/hullmark/db/feed/rubyadvisory"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/version"
)

const redCloth = `---
gem: RedCloth
cve: 2012-6684
ghsa: r23g-3qw4-gfh2
osvdb: 115941
url: https://example.org/redcloth
title: "XSS"
date: 2012-02-29
cvss_v2: 4.3
unaffected_versions: ["< 4.0"]
patched_versions:
  - ">= 4.3.0"
  - "~> 4.2.9, >= 4.2.9.1"
`

func TestParse(t *testing.T) {
	for _, tt := range []struct{ doc, want, bad string }{
		{redCloth, `CVE-2012-6684 modified 2012-02-29T00:00:00Z
  CVE-2012-6684 gem///RedCloth affected [4.0, 4.2.9.1) [4.3.A, 4.3.0) {ruby-advisory-db medium 4.3} aliases [GHSA-r23g-3qw4-gfh2 OSVDB-115941]
`, ""},
		{"gem: x\nghsa: a-b-c\n", "GHSA-a-b-c\n  GHSA-a-b-c gem///x affected [, )\n", ""},
		{"engine: jruby\ncve: 2020-1234\npatched_versions: ['>= 1']\n", "CVE-2020-1234\n  CVE-2020-1234 generic///jruby affected [, 1)\n", ""},
		{"gem: x\ncve: 2020-1234\nunaffected_versions: ['<= 1.2', '> 3']\n", "CVE-2020-1234\n  CVE-2020-1234 gem///x affected [1.2.0.0.0.1, 3]\n", ""},
		{"gem: x\ncve: 2020-1234\npatched_versions: ['= 1.2']\n", "CVE-2020-1234\n  CVE-2020-1234 gem///x affected [, 1.2) [1.2.0.0.0.1, )\n", ""},
		{"gem: x\ncve: 2020-1234\npatched_versions: ['>= 0.a', '< 1']\n", "CVE-2020-1234\n", "CVE-2020-1234: no version is affected"},
		{"gem: x\ncve: 2020-1234\npatched_versions: ['~> x']\n", "CVE-2020-1234\n", `"~> x": "x" does not begin with a number`},
		{"gem: x\ncve: 2020-1234\npatched_versions: ['>= 2, < 1']\n", "CVE-2020-1234\n", `">= 2, < 1": no version satisfies the constraints`},
		{"gem: x\ncve: 2020-1234\npatched_versions: ['!= 2']\n", "CVE-2020-1234\n", `unknown operator "!="`},
		{"gem: x\n", "", "x: no cve, ghsa or osvdb"},
		{"cve: 2020-1234\n", "CVE-2020-1234\n", "neither a gem nor an engine"},
	} {
		recs, bad, fatal := feedtest.Parse(rubyadvisory.Feed(), strings.NewReader(tt.doc))
		if got := feedtest.Format(recs); got != tt.want || fatal != nil {
			t.Errorf("%s: got\n%s%v, want\n%s", tt.doc, got, fatal, tt.want)
		}
		if tt.bad == "" && len(bad) > 0 || tt.bad != "" && (len(bad) != 1 || !strings.Contains(bad[0].Error(), tt.bad)) {
			t.Errorf("%s: %v, want %q", tt.doc, bad, tt.bad)
		}
	}
	for _, doc := range []string{"", "gem: [\n", "gem: &a x\ncve: *a\n", "gem: {a: b}\n", "- 1\n", "title: " + strings.Repeat("[", 100)} {
		if recs, _, fatal := feedtest.Parse(rubyadvisory.Feed(), strings.NewReader(doc)); fatal == nil {
			t.Errorf("%.20q is accepted: %v", doc, recs)
		}
	}
	feedtest.Endless(t, rubyadvisory.Feed(), "gem: ")
}

func TestCorpus(t *testing.T) {
	feedtest.Corpus(t, rubyadvisory.Feed(), []feedtest.Sample{{Path: "ruby/ruby-advisory-db.tar.zst", Records: 1381, Bad: 2}}) // two leave no version over
}

// TestRuby asks RubyGems which of the versions around an advisory's bounds are affected, for all advisories.
func TestRuby(t *testing.T) {
	ruby, err := exec.LookPath("ruby")
	if err != nil {
		t.Skip("ruby is not installed")
	}
	type question struct {
		Versions, Well []string
	}
	var questions []question
	var answers []matcher.Advisory
	for text := range feedtest.Documents(t, "ruby/ruby-advisory-db.tar.zst") {
		recs, _, _ := feedtest.Parse(rubyadvisory.Feed(), bytes.NewReader(text))
		if len(recs) != 1 || len(recs[0].Advisories) != 1 {
			continue // TestCorpus counts them
		}
		var raw struct {
			Patched    []string `yaml:"patched_versions"`
			Unaffected []string `yaml:"unaffected_versions"`
		}
		if err := yaml.Unmarshal(text, &raw); err != nil {
			t.Fatal(err)
		}
		q := question{Well: append(raw.Patched, raw.Unaffected...), Versions: []string{"0", "0.0.1", "999"}}
		for _, r := range q.Well {
			for v := range strings.FieldsFuncSeq(r, func(r rune) bool { return strings.ContainsRune("<>=~, ", r) }) {
				q.Versions = append(q.Versions, v, v+".1", v+".pre", v+".0", strings.TrimRight(v, "0123456789")+"9")
			}
		}
		slices.Sort(q.Versions)
		q.Versions = slices.DeleteFunc(slices.Compact(q.Versions), func(v string) bool { return strings.Contains(v, "-") })
		questions = append(questions, q)
		answers = append(answers, recs[0].Advisories[0])
	}
	input, err := json.Marshal(questions)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), ruby, "-rjson", "-e", `
		puts JSON.parse($stdin.read).map { |q|
			well = (q["Well"] || []).map { |r| Gem::Requirement.new(*r.split(",").map(&:strip)) }
			q["Versions"].map { |v| well.none? { |r| r.satisfied_by?(Gem::Version.new(v)) } }
		}.to_json`)
	cmd.Stdin = bytes.NewReader(input)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var truth [][]bool
	if err := json.Unmarshal(out, &truth); err != nil {
		t.Fatal(err)
	}
	scheme, _ := version.For("gem")
	total, wrong := 0, 0
	for i, q := range questions {
		for j, v := range q.Versions {
			total++
			if got := affected(t, scheme, answers[i].Ranges, v); got != truth[i][j] {
				if wrong++; wrong < 20 {
					t.Errorf("%s: %s %v: %s affected %v, RubyGems says %v", answers[i].ID, answers[i].Key.Name, answers[i].Ranges, v, got, truth[i][j])
				}
			}
		}
	}
	t.Logf("%d versions of %d advisories", total, len(questions))
}

func affected(t *testing.T, s version.Scheme, ranges []matcher.Range, text string) bool {
	parse := func(text string) version.Version {
		v, err := s.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	v := parse(text)
	for _, r := range ranges {
		switch {
		case r.Introduced != "" && v.Compare(parse(r.Introduced)) < 0:
		case r.Fixed != "" && v.Compare(parse(r.Fixed)) >= 0:
		case r.Fixed == "" && r.LastAffected != "" && v.Compare(parse(r.LastAffected)) > 0:
		default:
			return true
		}
	}
	return false
}

func FuzzParse(f *testing.F) {
	feedtest.Fuzz(f, rubyadvisory.Feed(), redCloth, "gem: x\ncve: 2020-1234\npatched_versions: ['~> 1.2', '= 3', '> 4.b']\n")
}

func ExampleFeed() {
	for rec, err := range rubyadvisory.Feed().Parse(strings.NewReader(redCloth)) {
		if err != nil {
			fmt.Println(err)
		}
		for _, a := range rec.Advisories {
			fmt.Println(a.ID, a.Aliases, a.Key.Name)
			for _, r := range a.Ranges {
				fmt.Println("from", r.Introduced, "before", r.Fixed)
			}
		}
	}
	// Output:
	// CVE-2012-6684 [GHSA-r23g-3qw4-gfh2 OSVDB-115941] RedCloth
	// from 4.0 before 4.2.9.1
	// from 4.3.A before 4.3.0
}
