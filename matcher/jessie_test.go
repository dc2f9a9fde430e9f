package matcher_test

import (
	"bytes"
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
)

// jessie returns the database of what the Debian security tracker said on 2019-09-01.
func jessie(t testing.TB) *db.DB {
	t.Helper()
	b := new(db.Builder)
	in := feed.Input{Feed: debian.Feed(), Location: filepath.Join(corpus.Dir(t), "feeds/debian/tracker-2019-09-01/data.json.zst")}
	if _, err := feed.Load(t.Context(), b, in, feed.Options{}); err != nil {
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
	return d
}

// TestJessie is the 2019 comparison of four scanners, over one match result: each of the rules by which they differed gives
// the number of vulnerabilities that an independent computation with dpkg gives. What separates them is only what they leave
// out.
func TestJessie(t *testing.T) {
	const dir = "feeds/jessie-2019/debian-jessie-slim-2019/"
	root := fstest.MapFS{}
	for from, to := range map[string]string{"status": "var/lib/dpkg/status", "os-release": "etc/os-release"} {
		root[to] = &fstest.MapFile{Data: corpus.Read(t, dir+from)}
	}
	report, err := scan.Scanner{Analyzers: []analyzer.Analyzer{dpkg.New(), osrelease.New()}}.ScanFS(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	result, err := matcher.Matcher{Source: jessie(t)}.Match(t.Context(), report)
	if err != nil {
		t.Fatal(err)
	}

	var want struct {
		Counts struct {
			IDs          int `json:"all_unique_ids"`
			All          int `json:"all_unique_CVE_ids"`
			Important    int `json:"without_unimportant_CVE"`
			NoNoDSA      int `json:"without_nodsa_CVE"`
			Neither      int `json:"without_unimportant_and_nodsa_CVE"`
			HighOrMedium int `json:"urgency_high_or_medium_CVE"`
			Fixable      int `json:"fixable_CVE"`
			Pairs        int `json:"source_pairs"`
		}
	}
	corpus.Decode(t, corpus.Read(t, dir+"expected-findings.json"), &want)
	count := func(keep func(matcher.Match) bool, key func(matcher.Match) string) int {
		seen := make(map[string]bool)
		for _, m := range result.Matches {
			if keep(m) {
				seen[key(m)] = true
			}
		}
		return len(seen)
	}
	id := func(m matcher.Match) string { return m.ID }
	source := func(m matcher.Match) string { return m.ID + " " + m.Advisories[0].Key.Name }
	cve := func(m matcher.Match) bool { return strings.HasPrefix(m.ID, "CVE-") }
	unimportant := func(m matcher.Match) bool { return strings.Contains(m.Reason, "unimportant") }
	nodsa := func(m matcher.Match) bool { return strings.Contains(m.Reason, "no-dsa") }
	for _, rule := range []struct {
		name      string
		got, want int
	}{
		{"everything", count(func(matcher.Match) bool { return true }, id), want.Counts.IDs},
		{"everything that is affected", count(cve, id), want.Counts.All},
		{"without what Debian calls unimportant", count(func(m matcher.Match) bool { return cve(m) && !unimportant(m) }, id), want.Counts.Important},
		{"without what gets no advisory of its own", count(func(m matcher.Match) bool { return cve(m) && !nodsa(m) }, id), want.Counts.NoNoDSA},
		{"without both", count(func(m matcher.Match) bool { return cve(m) && !nodsa(m) && !unimportant(m) }, id), want.Counts.Neither},
		{"urgency high or medium", count(func(m matcher.Match) bool { return cve(m) && m.Severity.Level >= matcher.Medium }, id), want.Counts.HighOrMedium},
		{"with a fix", count(func(m matcher.Match) bool { return cve(m) && m.Fixed != "" }, id), want.Counts.Fixable},
		{"vulnerability and source package", count(func(matcher.Match) bool { return true }, source), want.Counts.Pairs},
	} {
		t.Logf("%s: %d", rule.name, rule.got)
		if rule.got != rule.want {
			t.Errorf("%s: %d, want %d", rule.name, rule.got, rule.want)
		}
	}
	if len(result.Coverage) != 1 || result.Coverage[0].Feed != "debian" || result.Coverage[0].Release != "8" {
		t.Errorf("coverage %+v, want one row of feed debian for release 8", result.Coverage)
	}
}
