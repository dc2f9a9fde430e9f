package db_test

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/internal/testing/dbtest"
	"github.com/hullmark/hullmark/matcher"
)

// A model is the records of feeds, which an update changes: by feed, then by ID.
type model struct {
	r           *rand.Rand
	advisories  map[string]map[string][]matcher.Advisory
	enrichments map[string]map[string]matcher.Enrichment
	days        map[string]int // of feeds; the date of the data
	facts       bool
}

// modelFeeds are three feeds with advisories, two of which are about the same packages, and two with enrichments, and one with both.
var modelFeeds = []string{"debian", "osv", "other", "kev", "epss", "nvd"}

func newModel(seed uint64) *model {
	m := &model{
		r: rand.New(rand.NewPCG(seed, 7)), days: make(map[string]int),
		advisories: make(map[string]map[string][]matcher.Advisory), enrichments: make(map[string]map[string]matcher.Enrichment),
	}
	for _, f := range modelFeeds {
		m.advisories[f], m.enrichments[f] = make(map[string][]matcher.Advisory), make(map[string]matcher.Enrichment)
		for range m.r.IntN(300) {
			m.change(f, m.id())
		}
	}
	return m
}

func (m *model) id() string { return fmt.Sprintf("CVE-%d-%04d", 2018+m.r.IntN(3), 1000+m.r.IntN(300)) }

// change adds a record or replaces it.
func (m *model) change(feed, id string) {
	r := m.r
	if feed == "kev" || feed == "epss" || feed == "nvd" {
		e := matcher.Enrichment{EPSS: float64(r.IntN(100_000)) / 100_000, Title: strings.Repeat("title ", r.IntN(30)), Exploits: []string{fmt.Sprint(r.Int())}}
		if feed == "kev" {
			e = matcher.Enrichment{Exploited: day.AddDate(0, 0, -r.IntN(1000)), Ransomware: r.IntN(2) == 0}
		}
		m.enrichments[feed][id] = e
	}
	if feed == "kev" || feed == "epss" {
		return
	}
	var as []matcher.Advisory
	a := matcher.Advisory{
		ID: id, Feed: feed, Status: matcher.Fixed, Modified: day.Add(time.Duration(r.IntN(1000)) * time.Second),
		Summary: fmt.Sprint(r.Int()) + strings.Repeat("x", 1<<r.IntN(14)), URLs: []string{"https://a.example/" + fmt.Sprint(r.Int())},
	}
	for range 1 + r.IntN(3) {
		a.Key = matcher.Key{Type: "deb", Namespace: "debian", Release: fmt.Sprint(10 + r.IntN(3)), Name: fmt.Sprintf("p%d", r.IntN(40)*r.IntN(40)/40)}
		if feed != "debian" && r.IntN(3) > 0 {
			types := []string{"npm", "pypi", "cpe"}
			a.Key = matcher.Key{Type: types[r.IntN(len(types))], Name: fmt.Sprintf("p%d", r.IntN(60)*r.IntN(60)/60)}
		}
		a.Ranges = []matcher.Range{{Fixed: fmt.Sprint(r.IntN(100))}}
		as = append(as, a)
		if r.IntN(20) == 0 { // another of the same identity
			a.Ranges = []matcher.Range{{Fixed: "1000"}}
			as = append(as, a)
		}
	}
	m.advisories[feed][id] = as
}

func (m *model) add(t testing.TB, b *db.Builder, feed string, has func(id string) bool) {
	for id, as := range m.advisories[feed] {
		for _, a := range as {
			if has(id) {
				if err := b.Add(a); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	for id, e := range m.enrichments[feed] {
		if has(id) {
			if err := b.AddEnrichment(feed, id, e); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func (m *model) describe(b *db.Builder, feed string, records int) {
	b.AddFeed(db.FeedInfo{Name: feed, URL: "https://" + feed + ".example", Date: day.AddDate(0, 0, m.days[feed]), Records: records})
}

func everything(string) bool { return true }

// build returns the file of a full build.
func (m *model) build(t testing.TB) []byte {
	b := db.Builder{Facts: m.facts}
	for _, f := range modelFeeds {
		if m.days[f] < 0 {
			continue // dropped
		}
		m.describe(&b, f, m.records(f))
		m.add(t, &b, f, everything)
	}
	return write(t, &b)
}

func (m *model) records(feed string) int {
	ids := maps.Clone(m.advisories[feed])
	for id := range m.enrichments[feed] {
		ids[id] = nil
	}
	return len(ids)
}

// update changes some feeds, each by an increment or as a whole, and returns the file of an update of old.
func (m *model) update(t testing.TB, old *db.DB, log *strings.Builder) []byte {
	b := db.Builder{Facts: m.facts}
	for _, f := range modelFeeds {
		if m.days[f] < 0 {
			fmt.Fprintf(log, " %s dropped", f)
			continue
		}
		was := m.records(f)
		keep := db.Part{Feed: f, Enrichments: true}
		switch m.r.IntN(6) {
		case 0:
			m.days[f]++
			clear(m.advisories[f])
			clear(m.enrichments[f])
			for range 1 + m.r.IntN(200) {
				m.change(f, m.id())
			}
			m.describe(&b, f, m.records(f))
			m.add(t, &b, f, everything)
			fmt.Fprintf(log, " %s whole", f)
			continue
		case 1, 2:
			m.days[f]++
			changed := make(map[string]bool)
			for range []int{1, 1, 3, 30}[m.r.IntN(4)] {
				id := m.id()
				changed[id] = true
				if m.r.IntN(3) == 0 { // withdrawn or deleted
					delete(m.advisories[f], id)
					delete(m.enrichments[f], id)
					continue
				}
				m.change(f, id)
			}
			if m.r.IntN(8) == 0 { // the first records of the file disappear
				for id := range m.advisories[f] {
					if m.r.IntN(4) > 0 {
						changed[id] = true
						delete(m.advisories[f], id)
						delete(m.enrichments[f], id)
					}
				}
			}
			m.add(t, &b, f, func(id string) bool { return changed[id] })
			keep.Input = func(db.FeedInfo) bool { return false }
			keep.Changed = func(id string) bool { return changed[id] }
			keep.Done = func(gone int) {
				if gone > was || gone > len(changed) {
					t.Errorf("%s: %d of %d records are gone, of %d changed", f, gone, was, len(changed))
				}
				m.describe(&b, f, m.records(f))
			}
			fmt.Fprintf(log, " %s %d", f, len(changed))
		case 3: // new records only, beside all others
			added := make(map[string]bool)
			for range 1 + m.r.IntN(10) {
				id := m.id()
				if m.advisories[f][id] == nil && m.enrichments[f][id].EPSS == 0 && m.enrichments[f][id].Exploited.IsZero() {
					added[id] = true
					m.change(f, id)
				}
			}
			m.add(t, &b, f, func(id string) bool { return added[id] })
			keep.Input = func(db.FeedInfo) bool { return false }
			m.describe(&b, f, m.records(f))
			fmt.Fprintf(log, " %s +%d", f, len(added))
		}
		if err := b.Keep(t.Context(), old, keep); err != nil {
			t.Fatal(err)
		}
	}
	return write(t, &b)
}

// TestUpdateEqualsBuild compares the file of an update with that of a full build of the same data, byte for byte.
func TestUpdateEqualsBuild(t *testing.T) {
	seeds := 16
	if testing.Short() {
		seeds = 8
	}
	blocks, reused := 0, 0
	for seed := range seeds {
		m := newModel(uint64(seed))
		file := m.build(t)
		for round := range 6 {
			if round == 4 {
				m.days[modelFeeds[m.r.IntN(len(modelFeeds))]] = -1
			}
			if round == 5 {
				m.facts = seed%2 == 0
			}
			var log strings.Builder
			old := open(t, file)
			file = m.update(t, old, &log)
			if want := m.build(t); !bytes.Equal(file, want) {
				t.Fatalf("seed %d, round %d:%s: %d bytes, a build has %d\n%+v\n%+v", seed, round, &log, len(file), len(want), open(t, file).Info(), open(t, want).Info())
			}
			d := open(t, file)
			if err := d.Verify(t.Context()); err != nil {
				t.Fatal(err)
			}
			blocks += d.Info().Blocks
			n, err := d.CopyTo(t.Context(), new(bytes.Buffer), old)
			if err != nil {
				t.Fatal(err)
			}
			reused += int(n)
		}
	}
	t.Logf("%d blocks, %d bytes as in the file before", blocks, reused)
}

// An advisory that an update revises stays in its place.
func TestKeepRevises(t *testing.T) {
	all := many(2000)
	for i := range all {
		all[i].Updates = []string{"U-1", "U-2"}
	}
	old := open(t, build(t, all...))
	changed := all[len(all)/2].ID
	var b db.Builder
	gone := -1
	err := b.Keep(t.Context(), old, db.Part{
		Feed: all[0].Feed, Enrichments: true,
		Changed: func(id string) bool { return id == changed },
		Stays: func(a *matcher.Advisory) bool {
			a.Updates = slices.DeleteFunc(slices.Clone(a.Updates), func(u string) bool { return u == "U-1" })
			return true
		},
		Done: func(n int) { gone = n },
	})
	if err != nil {
		t.Fatal(err)
	}
	got := write(t, &b)
	for i := range all {
		if all[i].ID == changed {
			all[i].Updates = []string{"U-2"}
		}
	}
	if !bytes.Equal(got, build(t, all...)) {
		t.Error("differs from a build of the revised advisories")
	}
	if gone != 0 {
		t.Errorf("%d records are gone, want 0", gone)
	}
}

// A meter counts the bytes that are read.
type meter struct {
	*bytes.Reader
	n int64
}

func (m *meter) ReadAt(b []byte, off int64) (int, error) {
	n, err := m.Reader.ReadAt(b, off)
	m.n += int64(n)
	return n, err
}

// An update of small or daily feeds reads every byte of the file once, and changes no block of advisories.
func TestKeepReadsOnce(t *testing.T) {
	w := dbtest.New(0.02)
	var whole db.Builder
	if err := w.Fill(&whole); err != nil {
		t.Fatal(err)
	}
	file := write(t, &whole)
	for _, f := range []string{"kev", "epss"} {
		m := &meter{Reader: bytes.NewReader(file)}
		old, err := db.Open(m, int64(len(file)))
		if err != nil {
			t.Fatal(err)
		}
		i := old.Info()
		m.n = 0
		var b db.Builder
		for _, feed := range i.Feeds {
			if feed.Name == f {
				b.AddFeed(db.FeedInfo{Name: f, Date: day})
			} else if err := b.Keep(t.Context(), old, db.Part{Feed: feed.Name, Enrichments: true}); err != nil {
				t.Fatal(err)
			}
		}
		for _, e := range w.Enrichments {
			if e.EPSS /= 2; e.Feed == f {
				if err := b.AddEnrichment(f, e.CVE, e.Enrichment); err != nil {
					t.Fatal(err)
				}
			}
		}
		now := write(t, &b)
		if m.n > int64(len(file)) {
			t.Errorf("%s: %d bytes read of a file of %d", f, m.n, len(file))
		}
		if n := len("HULLMARK") + int(i.AdvisorySize); i.AdvisorySize < int64(len(file)/2) || !bytes.Equal(file[:n], now[:n]) || bytes.Equal(file, now) {
			t.Errorf("%s: %d bytes of blocks of advisories changed, or nothing did", f, n)
		}
	}
}
