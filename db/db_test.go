package db_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/internal/limit"
	"github.com/hullmark/hullmark/matcher"
)

var day = time.Date(2019, 9, 1, 12, 30, 0, 0, time.UTC)

func deb(release, name string) matcher.Key {
	return matcher.Key{Type: "deb", Namespace: "debian", Release: release, Name: name}
}

// full has every field set, some to what is hard to store.
func full() matcher.Advisory {
	return matcher.Advisory{
		ID:       "GHSA-xx65-cc7g-9pfp",
		Aliases:  []string{"CVE-2018-1", "CVE-2018-10", "PYSEC-2018-2"},
		Key:      matcher.Key{Type: "maven", Namespace: "org.apache.commons", Name: "commons-text"},
		Versions: []string{"1.0", "1.0.1", "1.1"},
		Ranges: []matcher.Range{
			{Introduced: "2.0", Fixed: "2.1"}, {LastAffected: "0.9"}, {Introduced: "abc", Repo: "https://git.example/x"},
		},
		Status:     matcher.WillNotFix,
		Reason:     "no-dsa: Minor issue",
		Kind:       matcher.Unsound,
		Updates:    []string{"RHSA-2019:1789", "RHSA-2019:1790"},
		Weaknesses: []string{"CWE-79", "CWE-89"},
		Parts: []matcher.Part{
			{Path: "golang.org/x/net/http2", Symbols: []string{"Transport.RoundTrip", "A"}, Systems: []string{"windows"}},
			{Path: "b"}, {}, {Systems: []string{"linux", "darwin"}},
		},
		Severities: []matcher.Severity{
			{Source: "ghsa", Level: matcher.Critical, Score: 9.8, Vector: "CVSS:3.1/AV:N", Word: "CRITICAL"},
			{Source: "nvd", Score: math.SmallestNonzeroFloat64},
		},
		Summary:   "A \x00 summary, " + strings.Repeat("long ", 100),
		URLs:      []string{"https://b.example", "https://a.example"},
		Feed:      "osv",
		Published: time.Date(1969, 7, 20, 20, 17, 40, 0, time.UTC),
		Modified:  day,
	}
}

func debian(release, name, id, fixed string) matcher.Advisory {
	return matcher.Advisory{
		ID: id, Key: deb(release, name), Status: matcher.Fixed, Feed: "debian",
		Ranges:     []matcher.Range{{Fixed: fixed}},
		Severities: []matcher.Severity{{Source: "debian", Level: matcher.High, Word: "high**"}},
	}
}

func build(t testing.TB, as ...matcher.Advisory) []byte {
	t.Helper()
	var b db.Builder
	for _, a := range as {
		if err := b.Add(a); err != nil {
			t.Fatal(err)
		}
	}
	return write(t, &b)
}

func collect(t testing.TB, d *db.DB) []matcher.Advisory {
	t.Helper()
	var all []matcher.Advisory
	for a, err := range d.All() {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, a)
	}
	return all
}

func TestRoundTrip(t *testing.T) {
	want := []matcher.Advisory{
		debian("8", "attr", "CVE-2019-1", "1.0"), // in the order of the file
		debian("12", "glibc", "CVE-2019-2", "2.0"),
		debian("8", "glibc", "CVE-2019-2", "2.0"),
		full(),
	}
	got := collect(t, open(t, build(t, want...)))
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestFacts(t *testing.T) {
	b := db.Builder{Facts: true}
	if err := b.Add(full()); err != nil {
		t.Fatal(err)
	}
	want := full()
	want.Summary, want.URLs = "", nil
	if got := collect(t, open(t, write(t, &b)))[0]; !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// many returns advisories of n packages in some releases, enough for several blocks.
func many(n int) []matcher.Advisory {
	var as []matcher.Advisory
	for i := range n {
		name := fmt.Sprintf("package-%05d", i*7919%n)
		for j := range 1 + i%4 {
			for _, release := range []string{"10", "8", "9", "sid"} {
				as = append(as, debian(release, name, fmt.Sprintf("CVE-2019-%04d", i*3+j), fmt.Sprintf("1.%d-%s", i, release)))
			}
		}
	}
	return as
}

func TestDeterministic(t *testing.T) {
	as := append(many(500), full())
	feeds := []db.FeedInfo{
		{Name: "debian", Date: day, Records: 3}, {Name: "osv", URL: "https://a.example/1"}, {Name: "osv", URL: "https://a.example/2"},
	}
	known := manyEnrichments(500)
	var want []byte
	for i := range 4 {
		r := rand.New(rand.NewPCG(uint64(i), 0))
		r.Shuffle(len(known), func(i, j int) { known[i], known[j] = known[j], known[i] })
		r.Shuffle(len(as), func(i, j int) { as[i], as[j] = as[j], as[i] })
		r.Shuffle(len(feeds), func(i, j int) { feeds[i], feeds[j] = feeds[j], feeds[i] })
		var b db.Builder
		for _, f := range feeds {
			b.AddFeed(f)
		}
		for _, s := range known {
			if err := b.AddEnrichment(s.feed, s.cve, s.Enrichment); err != nil {
				t.Fatal(err)
			}
		}
		for _, a := range as {
			if err := b.Add(a); err != nil {
				t.Fatal(err)
			}
		}
		got := write(t, &b)
		if want == nil {
			want = got
		}
		if !bytes.Equal(got, want) {
			t.Fatalf("order %d: other bytes", i)
		}
		if again := write(t, &b); !bytes.Equal(again, want) {
			t.Fatal("written again: other bytes")
		}
	}
}

// lookUp returns what Advisories yields, up to its first error.
func lookUp(ctx context.Context, d *db.DB, keys []matcher.Key) ([]matcher.Advisory, error) {
	var list []matcher.Advisory
	for a, err := range d.Advisories(ctx, keys) {
		if err != nil {
			return list, err
		}
		list = append(list, a)
	}
	return list, nil
}

func TestAdvisories(t *testing.T) {
	as := many(800)
	d := open(t, build(t, as...))
	if n := d.Info().Blocks; n < 4 {
		t.Fatalf("only %d blocks: too few to prove anything", n)
	}
	byKey := make(map[matcher.Key][]string)
	for _, a := range as {
		byKey[a.Key] = append(byKey[a.Key], a.ID)
	}
	for k, want := range byKey {
		got, err := lookUp(t.Context(), d, []matcher.Key{k})
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, a := range got {
			if a.Key != k {
				t.Fatalf("%v: got %v", k, a.Key)
			}
			ids = append(ids, a.ID)
		}
		slices.Sort(want)
		if !slices.Equal(ids, want) {
			t.Fatalf("%v: got %v, want %v", k, ids, want)
		}
	}
	var keys []matcher.Key
	for k := range byKey {
		keys = append(keys, k, k)
	}
	got, err := lookUp(t.Context(), d, keys)
	if err != nil || len(got) != len(as) {
		t.Errorf("all keys twice: %d advisories, %v; want %d", len(got), err, len(as))
	}
	for _, k := range []matcher.Key{{}, deb("8", "a"), deb("8", "zzz"), deb("7", "package-00001"), {Type: "zzz", Name: "x"}} {
		if got, err := lookUp(t.Context(), d, []matcher.Key{k}); err != nil || len(got) != 0 {
			t.Errorf("%v: got %v, %v", k, got, err)
		}
	}
}

// TestLargePackage checks a package that is spread over blocks, between two others.
func TestLargePackage(t *testing.T) {
	as := []matcher.Advisory{debian("8", "aaa", "CVE-1-1", "1"), debian("8", "zzz", "CVE-1-1", "1")}
	for i := range 6000 {
		as = append(as, debian("8", "linux", fmt.Sprintf("CVE-2019-%05d", i), fmt.Sprintf("4.%d.0-%d", i%20, i)))
	}
	d := open(t, build(t, as...))
	if n := d.Info().Blocks; n < 3 {
		t.Fatalf("only %d blocks: too few to prove anything", n)
	}
	for name, want := range map[string]int{"aaa": 1, "linux": 6000, "zzz": 1} {
		got, err := lookUp(t.Context(), d, []matcher.Key{deb("8", name)})
		if err != nil || len(got) != want {
			t.Errorf("%s: %d advisories, %v; want %d", name, len(got), err, want)
		}
	}
	if err := d.Verify(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestLongLists has many advisories that share one long list, which a block holds once but every advisory gets.
func TestLongLists(t *testing.T) {
	var versions []string
	for i := range 5000 {
		versions = append(versions, fmt.Sprintf("1.%05d", i))
	}
	var as []matcher.Advisory
	for i := range 2000 {
		a := debian("8", fmt.Sprintf("package-%d", i), "CVE-2019-1", "1")
		a.Versions = versions
		as = append(as, a)
	}
	d := open(t, build(t, as...))
	if err := d.Verify(t.Context()); err != nil {
		t.Fatal(err)
	}
	got, err := lookUp(t.Context(), d, []matcher.Key{deb("8", "package-1999")})
	if err != nil || len(got) != 1 || !slices.Equal(got[0].Versions, versions) {
		t.Errorf("%d advisories, %v", len(got), err)
	}
}

func TestMerge(t *testing.T) {
	base := debian("8", "glibc", "CVE-2019-1", "1.0")
	with := func(f func(*matcher.Advisory)) matcher.Advisory {
		a := base
		f(&a)
		return a
	}
	for _, tt := range []struct {
		name string
		a, b matcher.Advisory
		want matcher.Advisory
	}{
		{
			"the same twice", base, base, base,
		},
		{
			"ranges and aliases of both",
			with(func(a *matcher.Advisory) { a.Aliases = []string{"X-2"}; a.Ranges = []matcher.Range{{Fixed: "2.0"}} }),
			with(func(a *matcher.Advisory) { a.Aliases = []string{"X-1", "X-2"} }),
			with(func(a *matcher.Advisory) {
				a.Aliases = []string{"X-1", "X-2"}
				a.Ranges = []matcher.Range{{Fixed: "1.0"}, {Fixed: "2.0"}}
			}),
		},
		{
			"the last modified stands for all",
			with(func(a *matcher.Advisory) { a.Modified = day; a.Ranges = []matcher.Range{{Fixed: "2.0"}} }),
			with(func(a *matcher.Advisory) { a.Modified = day.Add(time.Hour) }),
			with(func(a *matcher.Advisory) { a.Modified = day.Add(time.Hour) }),
		},
		{
			"but not for those with another reason",
			with(func(a *matcher.Advisory) {
				a.Modified = day
				a.Reason = "E-1"
				a.Ranges = []matcher.Range{{Fixed: "2.0"}}
			}),
			with(func(a *matcher.Advisory) { a.Modified = day.Add(time.Hour); a.Reason = "E-2" }),
			with(func(a *matcher.Advisory) {
				a.Modified = day.Add(time.Hour)
				a.Reason = "E-1; E-2"
				a.Ranges = []matcher.Range{{Fixed: "2.0"}, {Fixed: "1.0"}}
			}),
		},
		{
			"the most alarming status stays, alone",
			with(func(a *matcher.Advisory) { a.Status = matcher.Affected; a.Ranges = []matcher.Range{{Introduced: "3"}} }),
			base,
			with(func(a *matcher.Advisory) { a.Status = matcher.Affected; a.Ranges = []matcher.Range{{Introduced: "3"}} }),
		},
		{
			"all versions are more than some",
			with(func(a *matcher.Advisory) { a.Ranges = nil }), base,
			with(func(a *matcher.Advisory) { a.Ranges = nil }),
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ab, ba := build(t, tt.a, tt.b), build(t, tt.b, tt.a)
			if !bytes.Equal(ab, ba) {
				t.Error("the order makes a difference")
			}
			if got := collect(t, open(t, ab)); len(got) != 1 || !reflect.DeepEqual(got[0], tt.want) {
				t.Errorf("got  %+v\nwant %+v", got, tt.want)
			}
		})
	}
	other := base
	other.Feed = "osv"
	if got := collect(t, open(t, build(t, base, other))); len(got) != 2 {
		t.Errorf("two feeds: got %d advisories, want 2", len(got))
	}
}

func TestCoverage(t *testing.T) {
	var b db.Builder
	b.AddFeed(db.FeedInfo{Name: "debian", Date: day.Add(time.Hour)})
	b.AddFeed(db.FeedInfo{Name: "debian", Date: day})
	b.AddFeed(db.FeedInfo{Name: "osv", Date: day})
	b.AddCoverage(matcher.Coverage{Type: "deb", Namespace: "debian", Release: "7", Feed: "debian", Date: day, EndOfLife: true})
	b.AddCoverage(matcher.Coverage{Type: "maven", Namespace: "ignored", Feed: "osv", Date: day.Add(-time.Hour)})
	for _, a := range []matcher.Advisory{debian("8", "attr", "CVE-2019-1", "1"), full()} {
		if err := b.Add(a); err != nil {
			t.Fatal(err)
		}
	}
	d := open(t, write(t, &b))
	got, err := d.Coverage(t.Context(), []matcher.Key{
		deb("8", "attr"), deb("8", "glibc"), deb("7", "x"), deb("9", "x"),
		{Type: "maven", Namespace: "a", Name: "b"}, {Type: "maven", Namespace: "c", Name: "d"},
		{Type: "pypi", Name: "x"},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []matcher.Coverage{
		{Type: "deb", Namespace: "debian", Release: "8", Feed: "debian", Date: day},
		{Type: "deb", Namespace: "debian", Release: "7", Feed: "debian", Date: day, EndOfLife: true},
		{Type: "deb", Namespace: "debian", Release: "9"},
		{Type: "maven", Feed: "osv", Date: day.Add(-time.Hour)},
		{Type: "pypi"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if c := d.Info().Coverage; len(c) != 3 || c[0].Advisories != 0 || c[1].Advisories != 1 || c[2].Advisories != 1 {
		t.Errorf("info: %+v", c)
	}
}

func TestInfo(t *testing.T) {
	var b db.Builder
	f := db.FeedInfo{Name: "osv", URL: "https://osv.example/all.zip", Fingerprint: `"etag"`, Date: day, Records: 10, Withdrawn: 2, Bad: 1}
	b.AddFeed(f)
	if err := b.Add(full()); err != nil {
		t.Fatal(err)
	}
	file := write(t, &b)
	i := open(t, file).Info()
	if i.Version != 2 || i.Size != int64(len(file)) || i.Blocks != 1 || i.Advisories != 1 || i.Ranges != 3 || len(i.Hash) != 64 {
		t.Errorf("%+v", i)
	}
	if !slices.Equal(i.Feeds, []db.FeedInfo{f}) {
		t.Errorf("feeds: %+v", i.Feeds)
	}
}

func TestEmpty(t *testing.T) {
	d := open(t, write(t, new(db.Builder)))
	if got := collect(t, d); len(got) != 0 {
		t.Errorf("got %v", got)
	}
	if err := d.Verify(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestAddRefuses(t *testing.T) {
	for name, f := range map[string]func(*matcher.Advisory){
		"no id":            func(a *matcher.Advisory) { a.ID = "" },
		"no feed":          func(a *matcher.Advisory) { a.Feed = "" },
		"no package":       func(a *matcher.Advisory) { a.Key.Name = "" },
		"no type":          func(a *matcher.Advisory) { a.Key.Type = "" },
		"unknown status":   func(a *matcher.Advisory) { a.Status = 99 },
		"unknown level":    func(a *matcher.Advisory) { a.Severities = []matcher.Severity{{Level: 99}} },
		"score":            func(a *matcher.Advisory) { a.Severities = []matcher.Severity{{Score: math.NaN()}} },
		"long summary":     func(a *matcher.Advisory) { a.Summary = strings.Repeat("x", 1<<20) },
		"long vector":      func(a *matcher.Advisory) { a.Severities = []matcher.Severity{{Vector: strings.Repeat("x", 1<<20)}} },
		"many versions":    func(a *matcher.Advisory) { a.Versions = slices.Repeat([]string{"1.2.3"}, 1<<20) },
		"long range bound": func(a *matcher.Advisory) { a.Ranges = []matcher.Range{{Fixed: strings.Repeat("x", 1<<20)}} },
	} {
		t.Run(name, func(t *testing.T) {
			var b db.Builder
			a := full()
			f(&a)
			err := b.Add(a)
			if err == nil {
				t.Fatal("accepted")
			}
			if long := strings.HasPrefix(name, "long") || strings.HasPrefix(name, "many"); errors.Is(err, limit.ErrExceeded) != long {
				t.Error(err)
			}
			if got := collect(t, open(t, write(t, &b))); len(got) != 0 {
				t.Errorf("but kept %v", got)
			}
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	good := build(t, full())
	footer := len(good) - 64
	change := func(f func(b []byte) []byte) []byte { return f(slices.Clone(good)) }
	for _, tt := range []struct {
		name string
		file []byte
		want error
	}{
		{"empty", nil, db.ErrNotDatabase},
		{"text", bytes.Repeat([]byte("some text\n"), 100), db.ErrNotDatabase},
		{"cut off", good[:len(good)-1], db.ErrNotDatabase},
		{"longer", append(slices.Clone(good), 0), db.ErrNotDatabase},
		{"newer version", change(func(b []byte) []byte { b[footer+48] = 3; return b }), db.ErrUnsupported},
		{"former version", change(func(b []byte) []byte { b[footer+48] = 1; return b }), db.ErrOutdated},
		{"unknown feature", change(func(b []byte) []byte { b[footer+52] = 2; return b }), db.ErrUnsupported},
		{"index elsewhere", change(func(b []byte) []byte { b[footer]++; return b }), db.ErrCorrupt},
		{"index far away", change(func(b []byte) []byte { binary.LittleEndian.PutUint64(b[footer:], math.MaxUint64-9); return b }), db.ErrCorrupt},
		{"larger index", change(func(b []byte) []byte { b[footer+12]++; return b }), db.ErrCorrupt},
		{"huge index", change(func(b []byte) []byte { b[footer+15] = 0xff; return b }), db.ErrCorrupt},
		{"index damaged", change(func(b []byte) []byte { b[footer-1] ^= 1; return b }), db.ErrCorrupt},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := db.Open(bytes.NewReader(tt.file), int64(len(tt.file))); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

// TestEveryBit flips every bit of a file: none may change an answer unnoticed.
func TestEveryBit(t *testing.T) {
	var b db.Builder
	for _, a := range append(many(3), full()) {
		if err := b.Add(a); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range enrichments() {
		if err := b.AddEnrichment(s.feed, s.cve, s.Enrichment); err != nil {
			t.Fatal(err)
		}
	}
	good := write(t, &b)
	for i := range good {
		for bit := range 8 {
			bad := slices.Clone(good)
			bad[i] ^= 1 << bit
			d, err := db.Open(bytes.NewReader(bad), int64(len(bad)))
			if err == nil {
				err = d.Verify(t.Context())
			}
			if err == nil {
				t.Errorf("byte %d, bit %d: not noticed", i, bit)
			}
		}
	}
}

func TestDamagedBlock(t *testing.T) {
	file := build(t, many(800)...)
	file[len(file)/2] ^= 1
	d := open(t, file)
	err := d.Verify(t.Context())
	if !errors.Is(err, db.ErrCorrupt) || !strings.Contains(err.Error(), "hash mismatch") || !strings.HasPrefix(err.Error(), "db: block ") {
		t.Errorf("Verify: %v", err)
	}
	failed := 0
	for i := range 800 {
		if _, err := lookUp(t.Context(), d, []matcher.Key{deb("8", fmt.Sprintf("package-%05d", i))}); err != nil {
			failed++
		}
	}
	if failed == 0 || failed == 800 {
		t.Errorf("%d of 800 look-ups failed; want those of one block", failed)
	}
}

func TestConcurrent(t *testing.T) {
	as := many(800)
	d := open(t, build(t, as...))
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := g; i < len(as); i += 5 {
				got, err := lookUp(t.Context(), d, []matcher.Key{as[i].Key})
				if err != nil || len(got) == 0 {
					t.Errorf("%v: %v, %v", as[i].Key, got, err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestCancelled(t *testing.T) {
	d := open(t, build(t, full()))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := lookUp(ctx, d, []matcher.Key{full().Key}); !errors.Is(err, context.Canceled) {
		t.Errorf("Advisories: %v", err)
	}
	if err := d.Verify(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Verify: %v", err)
	}
}

func TestOpenFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x.db")
	if _, err := db.OpenFile(name); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing: %v", err)
	}
	if err := os.WriteFile(name, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := db.OpenFile(name); !errors.Is(err, db.ErrNotDatabase) || !strings.Contains(err.Error(), name) {
		t.Errorf("other file: %v", err)
	}
	if err := os.WriteFile(name, build(t, full()), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := db.OpenFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if got := collect(t, f); len(got) != 1 {
		t.Errorf("got %v", got)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}

// TestSmallChange checks what a delta would have to fetch: a change of one package leaves nearly all blocks as they are.
func TestSmallChange(t *testing.T) {
	as := many(2000)
	before := build(t, as...)
	after := build(t, append(as, debian("8", "package-01000", "CVE-2020-1", "9"), debian("8", "package-01000x", "CVE-2020-1", "9"))...)
	n := open(t, before).Info().Blocks
	same := 0
	const window = 64 // of stored bytes: more than chance repeats
	for i := 0; i+window <= len(before); i += window {
		if bytes.Contains(after, before[i:i+window]) {
			same++
		}
	}
	if share := float64(same) / float64(len(before)/window); n < 10 || share < 0.7 {
		t.Errorf("%d blocks, %.0f %% of the old file is in the new one", n, 100*share)
	}
}
