package feed_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/feedtest"
	"github.com/hullmark/hullmark/db/feed/kev"
	"github.com/hullmark/hullmark/db/feed/osv"
	"github.com/hullmark/hullmark/matcher"
)

// A source is the records of an ecosystem by ID, and what has changed in them.
type source struct {
	ecosystem string
	records   map[string]string
	changed   map[string]bool // IDs
	whole     bool            // publishes no increment
}

func (s *source) set(r *rand.Rand, id string) {
	extra := ""
	if r.IntN(6) == 0 {
		extra = `"withdrawn":"2024-01-03T00:00:00Z",`
	}
	var affected []string
	for range 1 + r.IntN(2) {
		affected = append(affected, fmt.Sprintf(`{"package":{"ecosystem":%q,"name":"p%d"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"%d.0"}]}]}`,
			s.ecosystem, r.IntN(30)*r.IntN(30)/10, r.IntN(50)))
	}
	s.records[id] = fmt.Sprintf(`{"id":%q,"modified":"2024-01-02T00:00:00Z",%s"summary":%q,"affected":[%s]}`+"\n", id, extra, strings.Repeat("words ", r.IntN(400)), strings.Join(affected, ","))
}

func (s *source) change(r *rand.Rand, n int) {
	s.changed = make(map[string]bool)
	for range n {
		id := fmt.Sprintf("X-%s-%d", s.ecosystem[:3], r.IntN(400))
		s.changed[id] = true
		if s.set(r, id); r.IntN(4) == 0 {
			delete(s.records, id)
		}
	}
}

// fetch publishes all records, or only the changes if the updater has the state before.
func (s *source) fetch(t *testing.T, increments bool) func(context.Context, *feed.Fetcher) (feed.Fetched, error) {
	return func(_ context.Context, f *feed.Fetcher) (feed.Fetched, error) {
		dir := t.TempDir()
		got := feed.Fetched{Fingerprint: f.Fingerprint + "x", Date: time.Date(2024, 2, 1, 0, 0, len(f.Fingerprint), 0, time.UTC)}
		texts := slices.Sorted(maps.Values(s.records))
		if increments && f.Fingerprint != "" && !s.whole {
			got.Increment, texts = true, nil
			for id := range s.changed {
				if text := s.records[id]; text != "" {
					texts = append(texts, text)
				} else {
					got.Deleted = append(got.Deleted, id)
				}
			}
		}
		if len(texts) > 0 {
			got.Locations = []string{feedtest.Save(t, dir, "records.json", strings.Join(texts, ""))}
		}
		return got, nil
	}
}

// TestIncrementsEqualWhole changes the records of two datasets at random, and compares a database that is renewed by increments with one that is
// renewed from all records: the blocks of advisories are the same, byte for byte, and so is the coverage.
func TestIncrementsEqualWhole(t *testing.T) {
	for seed := range uint64(4) {
		r := rand.New(rand.NewPCG(seed, 1))
		sources := []*source{{ecosystem: "npm"}, {ecosystem: "Debian:11"}}
		for _, s := range sources {
			s.records = make(map[string]string)
			s.change(r, 300)
		}
		feeds := func(increments bool) []feed.Feed {
			f := osv.Feed()
			f.Datasets = []feed.Dataset{
				{Name: "npm", URLs: []string{"https://a.example/npm"}, Covers: []matcher.Key{{Type: "npm"}}, Fetch: sources[0].fetch(t, increments)},
				{Name: "Debian", URLs: []string{"https://a.example/debian"}, Covers: []matcher.Key{{Type: "deb", Namespace: "debian"}}, Fetch: sources[1].fetch(t, increments)},
			}
			return []feed.Feed{f, kev.Feed()}
		}
		dir := t.TempDir()
		names := []string{filepath.Join(dir, "increments.db"), filepath.Join(dir, "whole.db")}
		for round := range 6 {
			catalogue := feedtest.Save(t, dir, "kev.json", fmt.Sprintf(`{"vulnerabilities":[{"cveID":"CVE-2024-%d","dateAdded":"2024-01-02"}]}`, 1000+round))
			for i, name := range names {
				o := feed.UpdateOptions{Options: quick, Only: []string{"osv"}, MayShrink: true, Inputs: []feed.Input{{Feed: kev.Feed(), Location: catalogue}}}
				res, err := feed.Update(t.Context(), name, feeds(i == 0), o)
				if err != nil {
					t.Fatal(err)
				}
				for _, d := range res.Datasets {
					if d.Err != nil {
						t.Fatalf("%s: %v", d.Dataset, d.Err)
					}
				}
			}
			if a, b := blocks(t, names[0]), blocks(t, names[1]); !bytes.Equal(a, b) {
				t.Fatalf("seed %d, round %d: %d bytes of blocks, want %d", seed, round, len(a), len(b))
			}
			a, b := infoOf(t, names[0]), infoOf(t, names[1])
			if !reflect.DeepEqual(a.Coverage, b.Coverage) || !reflect.DeepEqual(a.Enrichments, b.Enrichments) {
				t.Fatalf("seed %d, round %d:\n%+v\n%+v", seed, round, a, b)
			}
			for i := range a.Feeds {
				if x, y := a.Feeds[i], b.Feeds[i]; x.Name != y.Name || x.URL != y.URL || x.Date != y.Date || x.Fingerprint != y.Fingerprint {
					t.Errorf("seed %d, round %d: %+v, want %+v", seed, round, x, y)
				}
			}
			for _, s := range sources {
				s.change(r, []int{0, 1, 5, 60}[r.IntN(4)])
				s.whole = r.IntN(5) == 0
			}
		}
	}
}

// blocks returns the blocks of advisories of a database.
func blocks(t *testing.T, name string) []byte {
	t.Helper()
	file, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	d, err := db.Open(bytes.NewReader(file), int64(len(file)))
	if err == nil {
		err = d.Verify(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	return file[:8+d.Info().AdvisorySize]
}
