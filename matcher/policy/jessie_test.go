package policy_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/dpkg"
	"github.com/hullmark/hullmark/analyzer/osrelease"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/debian"
	"github.com/hullmark/hullmark/internal/testing/corpus"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/policy"
	"github.com/hullmark/hullmark/matcher/report"
)

// TestJessie is the comparison of four scanners of 2019 as policies over one and the same match result: what separates them is
// only what each hides, and every policy says how much that is.
func TestJessie(t *testing.T) {
	const dir = "feeds/jessie-2019/debian-jessie-slim-2019/"
	root := fstest.MapFS{}
	for from, to := range map[string]string{"status": "var/lib/dpkg/status", "os-release": "etc/os-release"} {
		root[to] = &fstest.MapFile{Data: corpus.Read(t, dir+from)}
	}
	found, err := scan.Scanner{Analyzers: []analyzer.Analyzer{dpkg.New(), osrelease.New()}}.ScanFS(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	b := new(db.Builder)
	if _, err := feed.Load(t.Context(), b, feed.Input{Feed: debian.Feed(), Location: filepath.Join(corpus.Dir(t), "feeds/debian/tracker-2019-09-01/data.json.zst")}, feed.Options{}); err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if _, err := b.WriteTo(&file); err != nil {
		t.Fatal(err)
	}
	d, err := db.Open(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		t.Fatal(err)
	}
	result, err := matcher.Matcher{Source: d}.Match(t.Context(), found)
	if err != nil {
		t.Fatal(err)
	}
	before := len(result.Matches)
	for _, c := range []struct {
		name, hide   string
		cves, hidden int // unique CVE identifiers that are shown, and that are hidden
	}{
		{"everything affected (Clair's rule of the time)", `false`, 71, 0},
		{"without urgency unimportant", `match.reason.contains("unimportant")`, 40, 31},
		{"without no-dsa, unimportant kept (vendor only)", `match.reason.contains("no-dsa")`, 30, 41},
		{"without both", `match.reason.contains("unimportant") || match.reason.contains("no-dsa")`, 1, 70},
		{"urgency high or medium", `match.severity < MEDIUM`, 24, 47},
		{"fixable", `match.fixed == ""`, 0, 71},
	} {
		text := fmt.Sprintf("version: 1\npolicies:\n  - name: p\n    otherwise: stop\n    rules:\n      - name: hidden\n        on: match\n        when: |\n          %s\n        action: go\n        hide: true\ndefault: {policies: [p]}\n", c.hide)
		v, err := load(t, text).Evaluate(t.Context(), report.PolicyInput{Reference: "debian:jessie-slim", Report: found, Result: result, Now: now})
		if err != nil {
			t.Fatal(err)
		}
		view := report.New(found, result, report.Options{Verdict: v})
		shown, hidden := unique(view.Findings), 0
		left := make(map[string]bool)
		for id := range shown {
			left[id] = true
		}
		for _, h := range view.Hidden {
			for id := range unique(h.Findings) {
				if !left[id] {
					hidden++
				}
			}
		}
		t.Logf("%-50s %2d shown, %2d hidden (%d matches hidden of %d)", c.name, len(shown), hidden, v.Hidden(), len(result.Matches))
		if len(shown) != c.cves || hidden != c.hidden {
			t.Errorf("%s: %d shown and %d hidden, want %d and %d", c.name, len(shown), hidden, c.cves, c.hidden)
		}
		if (v.Action == report.Stop) != (v.Hidden() < len(result.Matches)) {
			t.Errorf("%s: %v with %d of %d hidden", c.name, v.Action, v.Hidden(), len(result.Matches))
		}
	}
	pairs := make(map[string]bool)
	for _, f := range report.New(found, result, report.Options{}).Findings {
		pairs[f.ID+" "+f.Subject.Name] = true
	}
	if len(pairs) != 82 || len(result.Matches) != before {
		t.Errorf("%d pairs of vulnerability and source package, want 82", len(pairs))
	}
	// The preset that trusts the publisher hides what Anchore's default did.
	text, err := policy.Preset("vendor-only")
	if err != nil {
		t.Fatal(err)
	}
	v, err := load(t, text).Evaluate(t.Context(), report.PolicyInput{Reference: "debian:jessie-slim", Report: found, Result: result, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	left := unique(report.New(found, result, report.Options{Verdict: v}).Findings)
	if len(left) != 30 {
		t.Errorf("vendor-only shows %d, want 30", len(left))
	}
}

func unique(list []report.Finding) map[string]bool {
	ids := make(map[string]bool)
	for i := range list {
		if strings.HasPrefix(list[i].ID, "CVE-") {
			ids[list[i].ID] = true
		}
	}
	return ids
}
