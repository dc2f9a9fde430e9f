package matcher_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/testing/corpus"
	"github.com/hullmark/hullmark/matcher"
)

// TestDebian8 is a comparison with Claircore's report of an image of Debian 8, made in June 2020 from Debian's OVAL, in which
// "not fixed" and "not affected" both are a fix in version 0. The tracker of September 2019 tells them apart.
func TestDebian8(t *testing.T) {
	b, err := os.ReadFile(filepath.Join(corpus.Dir(t), "feeds/peers/claircore/debian-8.report.json.zst"))
	if err != nil {
		t.Fatal(err)
	}
	d, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if b, err = d.DecodeAll(b, nil); err != nil {
		t.Fatal(err)
	}
	var theirs struct {
		Packages map[string]struct {
			Name, Version string
			Source        struct{ Name, Version string }
		}
		Vulnerabilities map[string]struct{ Name string }
		Matches         map[string][]string `json:"package_vulnerabilities"`
	}
	if err := json.Unmarshal(b, &theirs); err != nil {
		t.Fatal(err)
	}
	report := &analyzer.Report{Distro: &analyzer.Distro{ID: "debian", VersionID: "8"}}
	for id, p := range theirs.Packages {
		c := deb(p.Name, p.Version, nil)
		c.ID = id
		name, version, stated := strings.Cut(strings.TrimSuffix(p.Source.Name, ")"), " (")
		c.SourcePackage = &analyzer.SourcePackage{Name: name}
		if stated { // as dpkg writes it: "iputils (3:20121221-5)"
			c.SourcePackage.Version = version
		}
		report.Components = append(report.Components, c)
	}
	m := matcher.Matcher{Source: jessie(t)}
	result, err := m.Match(t.Context(), report)
	if err != nil {
		t.Fatal(err)
	}
	ours := make(map[string]bool)
	for _, m := range result.Matches {
		ours[m.Component+" "+m.ID] = true
	}
	byID := make(map[string]matcher.Outcome)
	for component, list := range theirs.Matches {
		for _, v := range list {
			id := theirs.Vulnerabilities[v].Name
			if key := component + " " + id; ours[key] {
				byID[id] = matcher.OutcomeAffected
				delete(ours, key)
			} else if byID[id] == "" {
				byID[id] = outcome(t, m, report, component, id)
			}
		}
	}

	// Theirs: 66 that are open, 67 that Debian says are not affected, and 21 that were published later than our data.
	count := make(map[matcher.Outcome]int)
	for _, o := range byID {
		count[o]++
	}
	want := map[matcher.Outcome]int{matcher.OutcomeAffected: 66, matcher.OutcomeNotAffected: 67, matcher.OutcomeNoAdvisory: 21}
	if !maps.Equal(count, want) {
		t.Errorf("what they report is %v, want %v", count, want)
	}

	// Ours alone: what has no CVE, and what Debian calls unimportant or gives no advisory of its own, which its OVAL left
	// out; and one that was open in 2019, and fixed in the image of 2020.
	for _, m := range result.Matches {
		switch {
		case !ours[m.Component+" "+m.ID]:
		case strings.HasPrefix(m.ID, "TEMP-"), strings.Contains(m.Reason, "unimportant"), strings.Contains(m.Reason, "no-dsa"):
		case m.ID == "CVE-2019-13627":
		default:
			t.Errorf("%s in %s (%s %s) is ours alone", m.ID, m.Advisories[0].Key.Name, m.Status, m.Reason)
		}
	}
	if len(ours) != 55 {
		t.Errorf("%d are ours alone, want 55", len(ours))
	}
}

// outcome explains one identifier for one component.
func outcome(t *testing.T, m matcher.Matcher, report *analyzer.Report, component, id string) matcher.Outcome {
	t.Helper()
	one := &analyzer.Report{Distro: report.Distro}
	for _, c := range report.Components {
		if c.ID == component {
			one.Components = append(one.Components, c)
		}
	}
	why, err := m.Explain(t.Context(), one, id)
	if err != nil {
		t.Fatal(err)
	}
	return why[0].Outcome
}
