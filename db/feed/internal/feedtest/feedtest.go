// Package feedtest has the common parts of tests of feeds.
package feedtest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/location"
	"github.com/hullmark/hullmark/internal/download"
	"github.com/hullmark/hullmark/internal/testing/corpus"
	"github.com/hullmark/hullmark/internal/testing/golden"
	"github.com/hullmark/hullmark/matcher"
)

// A Sample is real data with counts that do not come from the parser.
type Sample struct {
	Path    string // below feeds of the corpus
	Records int    // including bad and withdrawn ones
	Bad     int
	Skipped int
	CVEs    int // different CVE IDs of advisories; not checked if 0
	Keys    int // different keys; not checked if 0
}

// Find returns the feed with a name. It panics without one.
func Find(feeds []feed.Feed, name string) feed.Feed {
	return feeds[slices.IndexFunc(feeds, func(f feed.Feed) bool { return f.Name == name })]
}

// State returns the result of an update for a dataset.
func State(d *feed.DatasetResult) string {
	switch {
	case d.Err != nil:
		return "kept"
	case d.Unchanged:
		return "unchanged"
	}
	return "renewed"
}

// Corpus loads samples and checks the counts and that the database can be read.
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

// Build builds and opens a database of inputs. It returns the result of loading the last one.
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

// Documents yields the decompressed documents of a location below feeds of the corpus.
func Documents(t testing.TB, name string) iter.Seq[[]byte] {
	t.Helper()
	limits := location.Limits{Download: math.MaxInt64 - 1, Decompressed: math.MaxInt64 - 1, Document: math.MaxInt64 - 1, Memory: math.MaxInt64 - 1}
	return func(yield func([]byte) bool) {
		d, err := location.Open(t.Context(), filepath.Join(corpus.Dir(t), "feeds", filepath.FromSlash(name)), download.Client{}, limits)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		for doc, err := range d.Documents(nil) {
			if err != nil {
				t.Fatal(err)
			}
			b, err := io.ReadAll(doc)
			if err != nil {
				t.Fatal(err)
			}
			if !yield(b) {
				return
			}
		}
	}
}

// Read returns the decompressed content of a file below feeds of the corpus.
func Read(t testing.TB, name string) []byte {
	t.Helper()
	for b := range Documents(t, name) {
		return b
	}
	t.Fatalf("%s: no document", name)
	return nil
}

// Parse parses a document. It returns the records that have an ID or advisories, the errors of all records, with their IDs, and the
// error that ended the document.
func Parse(f feed.Feed, r io.Reader) (recs []feed.Record, bad []error, fatal error) {
	for rec, err := range f.Parse(r) {
		fatal = err
		if rec.ID != "" || len(rec.Advisories) > 0 {
			recs = append(recs, rec)
		}
		if err := rec.Err; err != nil {
			if rec.ID != "" {
				err = fmt.Errorf("%s: %w", rec.ID, err)
			}
			bad = append(bad, err)
		}
	}
	return recs, bad, fatal
}

// Named returns a document with a name.
func Named(r io.Reader, name string) io.Reader { return named{r, name} }

type named struct {
	io.Reader
	name string
}

func (n named) Name() string { return n.name }

// Format formats records for golden files and the expectations of tests.
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
			fmt.Fprintf(&b, "  enrichment %s%s\n", cve, enrichment(rec.Enrichments[cve]))
		}
	}
	return b.String()
}

func enrichment(t matcher.Enrichment) string {
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
	if len(t.Aliases) > 0 {
		fmt.Fprintf(&b, " aliases %v", t.Aliases)
	}
	if t.Title != "" {
		fmt.Fprintf(&b, " title %q", t.Title)
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
	if len(a.Updates) > 0 {
		fmt.Fprintf(&b, " updates %v", a.Updates)
	}
	return b.String()
}

// Golden compares the records of a document of the corpus that want accepts, and all errors of records, with a file of testdata. A nil
// want accepts all records.
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

// Damage checks how a feed reads a good document that arrives damaged. If it is cut off at any byte, or if its reader fails, the feed
// must yield an error last. The caller can stop after any record. For documents without a recognizable end, such as lines of text, cut
// must be false.
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

// Endless checks that documents that continue without end after a beginning are errors, in bounded memory.
func Endless(t *testing.T, f feed.Feed, beginnings ...string) {
	t.Helper()
	for _, b := range beginnings {
		_, _, fatal := Parse(f, io.MultiReader(strings.NewReader(b), endless{}))
		if fatal == nil {
			t.Errorf("%q and no end: accepted", b)
		}
	}
}

// endless is a text without end.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

// Fuzz runs a fuzz target: for any document, an error comes last, and the records satisfy Check.
func Fuzz(f *testing.F, fd feed.Feed, seeds ...string) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		Check(t, fd.Parse(bytes.NewReader(doc)))
	})
}

// Check fails the test if records break the rules of package feed.
func Check(t testing.TB, seq iter.Seq2[feed.Record, error]) {
	t.Helper()
	fatal := false
	for rec, err := range seq {
		if fatal {
			t.Fatal("a record after an error")
		}
		fatal = err != nil
		for _, a := range rec.Advisories {
			if a.ID == "" || a.Feed == "" || a.Key.Type == "" || a.Key.Name == "" {
				t.Fatalf("advisory without an ID, a feed or a key: %+v", a)
			}
			if a.Status == matcher.Fixed && len(a.Ranges)+len(a.Versions) == 0 {
				t.Fatalf("fixed without a version: %+v", a)
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
