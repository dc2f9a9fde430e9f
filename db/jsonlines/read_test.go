package jsonlines

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/debian"
	"github.com/hullmark/hullmark/db/feed/osv"
	"github.com/hullmark/hullmark/internal/limit"
	"github.com/hullmark/hullmark/internal/testing/corpus"
	"github.com/hullmark/hullmark/internal/testing/dbtest"
	"github.com/hullmark/hullmark/matcher"
)

func file(t testing.TB, b *db.Builder) []byte {
	t.Helper()
	var buf bytes.Buffer
	if _, err := b.WriteTo(&buf); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// sameAgain writes the database of a builder as lines, reads them, and compares the files.
func sameAgain(t testing.TB, b *db.Builder) {
	t.Helper()
	want := file(t, b)
	d, err := db.Open(bytes.NewReader(want), int64(len(want)))
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := Write(t.Context(), &text, d); err != nil {
		t.Fatal(err)
	}
	var again db.Builder
	if err := Read(t.Context(), &text, &again); err != nil {
		t.Fatal(err)
	}
	if got := file(t, &again); !bytes.Equal(got, want) {
		t.Errorf("%d bytes, want %d: another file", len(got), len(want))
	}
}

// Read is the inverse of Write: the file of the database is the same, byte for byte.
func TestRead(t *testing.T) {
	day := time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC)
	var b db.Builder
	if err := dbtest.New(0.002).Fill(&b); err != nil {
		t.Fatal(err)
	}
	b.AddFeed(db.FeedInfo{Name: "osv", URL: "https://a.example", Fingerprint: `"x"`, Date: day, Records: 3, Withdrawn: 2, Bad: 1})
	b.AddCoverage(matcher.Coverage{Type: "deb", Namespace: "debian", Release: "7", Feed: "debian", Date: day, EndOfLife: true})
	for _, s := range []matcher.Status{matcher.NotAffected, matcher.UnderInvestigation, matcher.Fixed, matcher.EndOfLife, matcher.Deferred, matcher.WillNotFix, matcher.Affected} {
		err := b.Add(matcher.Advisory{
			ID: "EX-" + s.String(), Aliases: []string{"CVE-2024-0001"}, Key: matcher.Key{Type: "golang", Namespace: "a.example", Name: "<&>\u2028\x00"},
			Ranges:   []matcher.Range{{Introduced: "1", Fixed: "2", Repo: "r"}, {LastAffected: "3"}},
			Versions: []string{"1.0"}, Kind: matcher.Unsound, Status: s, Reason: "a reason", Updates: []string{"U-1"},
			Severities: []matcher.Severity{{Source: "nvd", Level: matcher.Critical, Score: 9.8, Vector: "CVSS:3.1/AV:N", Word: "bad"}, {Source: "x"}},
			Weaknesses: []string{"CWE-1"}, Parts: []matcher.Part{{Path: "p", Symbols: []string{"S"}, Systems: []string{"windows"}}, {Symbols: []string{"T"}}},
			Summary: "a \"summary\"\n", URLs: []string{"https://b.example", "https://a.example"}, Feed: "osv", Published: day, Modified: day.AddDate(0, 0, 1),
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, id := range []string{"CVE-2024-0001", "EDB-12"} {
		err := b.AddEnrichment("x", id, matcher.Enrichment{
			Exploited: day, Ransomware: true, EPSS: 0.00001, Percentile: 1, Exploits: []string{"1"}, Weaknesses: []string{"CWE-1"},
			Severities: []matcher.Severity{{Source: "nvd", Score: 0.1}}, Aliases: []string{"BID-1"}, Title: "a title",
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	sameAgain(t, &b)
	sameAgain(t, new(db.Builder))
}

// TestReadReal is TestRead with real advisories.
func TestReadReal(t *testing.T) {
	dir := filepath.Join(corpus.Dir(t), "feeds")
	var b db.Builder
	for location, f := range map[string]feed.Feed{"debian/tracker-2019-09-01/data.json.zst": debian.Feed(), "osv": osv.Feed()} {
		if _, err := feed.Load(t.Context(), &b, feed.Input{Feed: f, Location: filepath.Join(dir, location)}, feed.Options{}); err != nil {
			t.Fatal(err)
		}
	}
	sameAgain(t, &b)
}

func TestReadErrors(t *testing.T) {
	good := `{"advisory":{"id":"EX-1","package":{"type":"npm","name":"a"},"status":"fixed","feed":"osv"}}` + "\n"
	for name, tt := range map[string]struct{ text, want string }{
		"not JSON":             {"advisories", "line 2: invalid character"},
		"cut off":              {good[:40], "line 2: unexpected EOF"},
		"two objects":          {"{} {}", "line 2: data after the object"},
		"nothing":              {"{}", "line 2: not an input"},
		"a list":               {"[]", "line 2: json: cannot unmarshal array"},
		"two forms":            {`{"input":{"feed":"x"},"coverage":{"type":"npm","feed":"x"}}`, "line 2: not an input"},
		"a change":             {`{"change":"added",` + good[1:], "line 2: a change of an advisory"},
		"a member of later":    {`{"advisory":{"novel":1}}`, `line 2: json: unknown field "novel"`},
		"no ID":                {`{"advisory":{"package":{"type":"npm","name":"a"},"status":"fixed","feed":"osv"}}`, "line 2: db: advisory"},
		"unknown status":       {strings.Replace(good, "fixed", "mended", 1), `unknown status "mended"`},
		"threat without feed":  {`{"threat":{"cve":"CVE-2024-0001"}}`, "no feed"},
		"threat of no CVE":     {`{"threat":{"cve":"x","feed":"f"}}`, "neither a CVE"},
		"fewer than none":      {`{"input":{"feed":"f","bad":-1}}`, "less than 0"},
		"more than a file has": {`{"input":{"feed":"f","records":9223372036854775807}}`, "more than 2147483647"},
		"no day":               {`{"threat":{"cve":"CVE-2024-0001","feed":"f","exploited":"soon"}}`, `cannot parse "soon"`},
	} {
		t.Run(name, func(t *testing.T) {
			err := Read(t.Context(), strings.NewReader(good+tt.text), new(db.Builder))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
	if err := Read(t.Context(), strings.NewReader(strings.Repeat(" ", maxLine+1<<20)), new(db.Builder)); !errors.Is(err, limit.ErrExceeded) {
		t.Errorf("a long line: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Read(ctx, strings.NewReader(good), new(db.Builder)); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if err := Read(t.Context(), strings.NewReader("\n"+good+"\n\n"), new(db.Builder)); err != nil {
		t.Errorf("empty lines: %v", err)
	}
}

// FuzzRead reads hostile lines. A database of them reads and writes the same lines.
func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"input":{"feed":"osv","url":"u","date":"2024-01-02T03:04:05Z","records":1}}
{"coverage":{"type":"npm","feed":"osv","endOfLife":true}}
{"advisory":{"id":"EX-1","package":{"type":"npm","name":"a"},"ranges":[{"fixed":"2"}],"status":"fixed","feed":"osv"}}`))
	f.Add([]byte(`{"threat":{"cve":"EDB-1","feed":"f","exploited":"2024-01-02","epss":0.1,"title":"t"}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var b db.Builder
		if Read(t.Context(), bytes.NewReader(text), &b) == nil {
			sameAgain(t, &b)
		}
	})
}
