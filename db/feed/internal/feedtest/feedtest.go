// Package feedtest holds what tests of all feeds have in common.
package feedtest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/internal/corpus"
	"github.com/hullmark/hullmark/internal/golden"
	"github.com/hullmark/hullmark/matcher"
)

// A Sample is real data and what is known of it without the parser.
type Sample struct {
	Path    string // below feeds of the corpus
	Records int    // with bad and withdrawn ones
	Bad     int
	Skipped int
	CVEs    int // different ones, by the IDs of advisories; 0 is not checked
	Keys    int // different keys; 0 is not checked
}

// Corpus loads samples as a user would, and checks what is reported of them, and that the database can be read.
func Corpus(t *testing.T, f feed.Feed, samples []Sample) {
	t.Helper()
	dir := corpus.Dir(t)
	for _, s := range samples {
		t.Run(s.Path, func(t *testing.T) {
			d, rep := Build(t, feed.Input{Feed: f, Location: filepath.Join(dir, "feeds", filepath.FromSlash(s.Path))})
			if rep.Records != s.Records || rep.Bad != s.Bad || rep.Skipped != s.Skipped {
				t.Errorf("records %d, bad %d, skipped %d; want %d, %d, %d: %v",
					rep.Records, rep.Bad, rep.Skipped, s.Records, s.Bad, s.Skipped, rep.Errors)
			}
			ids, keys := make(map[string]bool), make(map[matcher.Key]bool)
			for a, err := range d.All() {
				if err != nil {
					t.Fatal(err)
				}
				keys[a.Key] = true
				if strings.HasPrefix(a.ID, "CVE-") {
					ids[a.ID] = true
				}
			}
			if s.CVEs > 0 && len(ids) != s.CVEs {
				t.Errorf("%d CVEs, want %d", len(ids), s.CVEs)
			}
			if s.Keys > 0 && len(keys) != s.Keys {
				t.Errorf("%d keys, want %d", len(keys), s.Keys)
			}
		})
	}
}

// Build makes a database of inputs, and opens it. The report is that of the last one.
func Build(t testing.TB, inputs ...feed.Input) (*db.DB, feed.LoadResult) {
	t.Helper()
	var b db.Builder
	var rep feed.LoadResult
	for _, in := range inputs {
		var err error
		if rep, err = feed.Load(t.Context(), &b, in, feed.Options{}); err != nil {
			t.Fatal(err)
		}
	}
	var buf bytes.Buffer
	if _, err := b.WriteTo(&buf); err != nil {
		t.Fatal(err)
	}
	d, err := db.Open(bytes.NewReader(buf.Bytes()), int64(buf.Len()))
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Verify(t.Context()); err != nil {
		t.Fatal(err)
	}
	return d, rep
}

// Read returns the content of a file below feeds of the corpus, uncompressed.
func Read(t testing.TB, name string) []byte {
	t.Helper()
	d, err := feed.Open(t.Context(), filepath.Join(corpus.Dir(t), "feeds", filepath.FromSlash(name)), nil, feed.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for doc, err := range d.Documents(nil) {
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(doc.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	t.Fatalf("%s: no document", name)
	return nil
}

// Parse returns what a feed yields of a document: records, errors of records, and the error that ended it.
func Parse(f feed.Feed, r io.Reader) (recs []feed.Record, bad []error, fatal error) {
	for rec, err := range f.Parse(r) {
		if rec.ID != "" || len(rec.Advisories) > 0 {
			recs = append(recs, rec)
		}
		switch {
		case err == nil:
		case feed.IsRecord(err):
			bad = append(bad, err)
		default:
			fatal = err
		}
	}
	return recs, bad, fatal
}

// Format writes records for people to read: golden files and expectations of tests.
func Format(recs []feed.Record) string {
	var b strings.Builder
	for _, rec := range recs {
		fmt.Fprintf(&b, "%s", rec.ID)
		if rec.Withdrawn {
			b.WriteString(" withdrawn")
		}
		if !rec.Modified.IsZero() {
			fmt.Fprintf(&b, " modified %s", rec.Modified.Format("2006-01-02T15:04:05Z07:00"))
		}
		b.WriteString("\n")
		for _, a := range rec.Advisories {
			fmt.Fprintf(&b, "  %s %s\n", a.ID, advisory(&a))
		}
		for _, cve := range slices.Sorted(maps.Keys(rec.Enrichments)) {
			fmt.Fprintf(&b, "  threat %s%s\n", cve, threat(rec.Enrichments[cve]))
		}
	}
	return b.String()
}

func threat(t matcher.Enrichment) string {
	var b strings.Builder
	if !t.Exploited.IsZero() {
		fmt.Fprintf(&b, " exploited since %s", t.Exploited.Format(time.DateOnly))
	}
	if t.Ransomware {
		b.WriteString(" for ransomware")
	}
	if t.EPSS != 0 || t.Percentile != 0 {
		fmt.Fprintf(&b, " probability %v percentile %v", t.EPSS, t.Percentile)
	}
	if len(t.Exploits) > 0 {
		fmt.Fprintf(&b, " exploits %v", t.Exploits)
	}
	for _, s := range t.Severities {
		fmt.Fprintf(&b, " {%s %v %s %s %v}", s.Source, s.Level, s.Word, s.Vector, s.Score)
	}
	if len(t.Weaknesses) > 0 {
		fmt.Fprintf(&b, " %v", t.Weaknesses)
	}
	return b.String()
}

func advisory(a *matcher.Advisory) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s/%s/%s/%s %v", a.Key.Type, a.Key.Namespace, a.Key.Release, a.Key.Name, a.Status)
	for _, r := range a.Ranges {
		fmt.Fprintf(&b, " [%s", r.Introduced)
		switch {
		case r.Fixed != "":
			fmt.Fprintf(&b, ", %s)", r.Fixed)
		case r.LastAffected != "":
			fmt.Fprintf(&b, ", %s]", r.LastAffected)
		default:
			b.WriteString(", )")
		}
	}
	if len(a.Versions) > 0 {
		fmt.Fprintf(&b, " versions %v", a.Versions)
	}
	if a.Reason != "" {
		fmt.Fprintf(&b, " %q", a.Reason)
	}
	for _, s := range a.Severities {
		fmt.Fprintf(&b, " {%s %v", s.Source, s.Level)
		for _, v := range []string{s.Word, s.Vector} {
			if v != "" {
				fmt.Fprintf(&b, " %s", v)
			}
		}
		if s.Score != 0 {
			fmt.Fprintf(&b, " %v", s.Score)
		}
		b.WriteString("}")
	}
	if len(a.Aliases) > 0 {
		fmt.Fprintf(&b, " aliases %v", a.Aliases)
	}
	return b.String()
}

// Golden compares some records of a document of the corpus, those that want accepts, and all errors of records with a file
// of testdata.
func Golden(t *testing.T, f feed.Feed, path, name string, want func(feed.Record) bool) {
	t.Helper()
	recs, bad, fatal := Parse(f, bytes.NewReader(Read(t, path)))
	if fatal != nil {
		t.Fatal(fatal)
	}
	if want != nil {
		recs = slices.DeleteFunc(recs, func(r feed.Record) bool { return !want(r) })
	}
	text := Format(recs)
	for _, err := range bad {
		text += "bad: " + err.Error() + "\n"
	}
	golden.Check(t, filepath.Join("testdata", name), []byte(text))
}

// Damage checks what happens to a good document that comes damaged: cut off at any byte it is a fatal error, after which
// nothing is yielded; an error of reading is found in what is yielded; reading can be stopped after any record. Documents
// whose end cannot be told, such as lines of text, are not to be cut off.
func Damage(t *testing.T, f feed.Feed, doc string, cut bool) {
	t.Helper()
	recs, bad, fatal := Parse(f, strings.NewReader(doc))
	if fatal != nil || len(bad) > 0 || len(recs) == 0 {
		t.Fatalf("not a good document: %d records, %v, %v", len(recs), bad, fatal)
	}
	whole := strings.TrimRight(doc, " \n\t\r")
	for n := 0; cut && n < len(whole); n += 1 + len(whole)/500 {
		if _, _, fatal := Parse(f, strings.NewReader(whole[:n])); fatal == nil {
			t.Errorf("cut off at byte %d it is accepted", n)
		}
	}
	for _, n := range []int{0, len(whole) / 2} {
		r := io.MultiReader(strings.NewReader(whole[:n]), iotest.ErrReader(iotest.ErrTimeout))
		if _, _, fatal := Parse(f, r); !errors.Is(fatal, iotest.ErrTimeout) {
			t.Errorf("error of reading after byte %d: %v", n, fatal)
		}
	}
	for n := 1; n <= min(len(recs), 5); n++ {
		i := 0
		for range f.Parse(strings.NewReader(doc)) {
			if i++; i == n {
				break
			}
		}
		if i != n {
			t.Errorf("stopped after %d, want %d", i, n)
		}
	}
}

// Endless checks that a document that never ends, after a beginning, is an error, in bounded memory.
func Endless(t *testing.T, f feed.Feed, beginnings ...string) {
	t.Helper()
	for _, b := range beginnings {
		_, _, fatal := Parse(f, io.MultiReader(strings.NewReader(b), endless{}))
		if fatal == nil {
			t.Errorf("%q and no end: accepted", b)
		}
	}
}

// endless never ends.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

// Fuzz runs a fuzz target: whatever comes, reading ends after a fatal error, and what is yielded can be filed.
func Fuzz(f *testing.F, fd feed.Feed, seeds ...string) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		Check(t, fd.Parse(bytes.NewReader(doc)))
	})
}

// Check fails the test if what is yielded breaks the rules of package feed.
func Check(t testing.TB, seq iter.Seq2[feed.Record, error]) {
	t.Helper()
	fatal := false
	for rec, err := range seq {
		if fatal {
			t.Fatal("went on after a fatal error")
		}
		fatal = err != nil && !feed.IsRecord(err)
		for _, a := range rec.Advisories {
			if a.ID == "" || a.Feed == "" || a.Key.Type == "" || a.Key.Name == "" {
				t.Fatalf("cannot be filed: %+v", a)
			}
			if a.Status == matcher.Fixed && len(a.Ranges)+len(a.Versions) == 0 {
				t.Fatalf("fixed, but not where: %+v", a)
			}
			if a.Status == matcher.NotAffected && len(a.Ranges) > 0 {
				t.Fatalf("not affected, but in ranges: %+v", a)
			}
			if rec.Withdrawn {
				t.Fatalf("withdrawn, but with advisories: %+v", rec)
			}
		}
	}
}
