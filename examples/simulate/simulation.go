package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/db/catalog"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/watch"
)

// A simulation is one run.
type simulation struct {
	options
	fleet fleet
	out   io.Writer

	index    *catalog.Index
	old, new *db.DB
	changed  []watch.Change
	events   []watch.Event
}

func (s *simulation) print(what string, value any) { fmt.Fprintf(s.out, "%-58s %v\n", what, value) }

// build adds the images in random order and opens the index.
func (s *simulation) build(context.Context) error {
	start := time.Now()
	var b catalog.IndexBuilder
	for _, image := range rand.New(rand.NewPCG(1, 1)).Perm(s.images) {
		_, parts := catalog.Divide(s.fleet.report(image))
		if err := b.Add(digestOf(image), parts); err != nil {
			return err
		}
	}
	s.print("images", s.images)
	s.print("time to divide and add them", time.Since(start).Round(time.Millisecond))
	start = time.Now()
	var file io.ReaderAt
	var size int64
	if s.file == "" {
		var buf bytes.Buffer
		if _, err := b.WriteTo(&buf); err != nil {
			return err
		}
		file, size = bytes.NewReader(buf.Bytes()), int64(buf.Len())
	} else {
		f, err := os.Create(s.file)
		if err != nil {
			return err
		}
		if size, err = b.WriteTo(f); err != nil {
			return err
		}
		file = f
	}
	b = catalog.IndexBuilder{}
	runtime.GC()
	s.print("time to write the index", time.Since(start).Round(time.Millisecond))
	s.print("bytes of the index", size)
	s.print("bytes of the index for each image", fmt.Sprintf("%.1f", float64(size)/float64(s.images)))
	start = time.Now()
	var err error
	s.index, err = catalog.OpenIndex(file, size)
	s.print("time to open it", time.Since(start).Round(time.Microsecond))
	return err
}

// advisory returns advisory i of a package, as of a day.
func (s *simulation) advisory(k matcher.Key, n, i, day int) matcher.Advisory {
	h := hashOf(n, i, len(k.Type))
	a := matcher.Advisory{ID: fmt.Sprintf("CVE-%d-%d", 2015+h%11, 1000+h/11%90000), Key: k, Feed: "simulated", Status: matcher.Fixed,
		Severities: []matcher.Severity{{Source: "simulated", Level: matcher.Level(1 + h%5), Word: "word"}}}
	if k.Type == "deb" {
		a.Ranges = []matcher.Range{{Fixed: fmt.Sprintf("%d.%d-1+deb%su%d", 1+n%7, n%11, k.Release, (h/7+day)%6)}}
	} else {
		a.Ranges = []matcher.Range{{Fixed: fmt.Sprintf("%d.%d.0", 1+(h/7+day)%3, h/21%4)}}
	}
	return a
}

// advisories builds the databases of two days.
func (s *simulation) advisories(ctx context.Context) error {
	random := rand.New(rand.NewPCG(2, 2))
	var builders [2]db.Builder
	type place struct {
		k    matcher.Key
		n, i int
	}
	var all []place
	for n := range basePool {
		for r := range 4 {
			for i := range 1 + hashOf(n, r)%10 {
				all = append(all, place{matcher.Key{Type: "deb", Namespace: "debian", Release: fmt.Sprint(10 + r), Name: fmt.Sprint("lib", n)}, n, i})
			}
		}
	}
	for n := range s.fleet.names {
		if hashOf(n, 9)%30 != 0 {
			continue
		}
		for _, kind := range []string{"npm", "pypi", "maven", "golang"} {
			k := matcher.Key{Type: kind, Name: fmt.Sprint("package", n)}
			if kind == "maven" || kind == "golang" {
				k.Namespace = "org.example"
			}
			for i := range 1 + hashOf(n, 10)%3 {
				all = append(all, place{k, n, i})
			}
		}
	}
	moves := make(map[int]bool)
	for len(moves) < min(s.changes, len(all)/3) {
		moves[random.IntN(len(all))] = true
	}
	for at, p := range all {
		for day := range builders {
			a := s.advisory(p.k, p.n, p.i, 0)
			if moves[at] {
				switch at % 3 {
				case 0:
					a = s.advisory(p.k, p.n, p.i, day)
				case 1:
					if day == 0 {
						continue
					}
				default:
					a.Severities[0].Level = matcher.Level(1 + (int(a.Severities[0].Level)+day)%5)
				}
			}
			if err := builders[day].Add(a); err != nil {
				return err
			}
		}
	}
	var dbs [2]*db.DB
	for day := range builders {
		builders[day].AddFeed(db.FeedInfo{Name: "simulated", Date: time.Date(2026, 1, 1+day, 0, 0, 0, 0, time.UTC)})
		var buf bytes.Buffer
		if _, err := builders[day].WriteTo(&buf); err != nil {
			return err
		}
		var err error
		if dbs[day], err = db.Open(bytes.NewReader(buf.Bytes()), int64(buf.Len())); err != nil {
			return err
		}
	}
	s.old, s.new = dbs[0], dbs[1]
	s.print("advisories", len(all))
	return nil
}

// day compares the two days.
func (s *simulation) day(ctx context.Context) error {
	before, start := processorTime(), time.Now()
	for c, err := range s.new.Diff(ctx, s.old) {
		if err != nil {
			return err
		}
		s.changed = append(s.changed, watch.Change(c))
	}
	u := watch.Update{Old: s.old, New: s.new, Changes: func(yield func(watch.Change, error) bool) {
		for _, c := range s.changed {
			if !yield(c, nil) {
				return
			}
		}
	}}
	var err error
	if s.events, err = watch.Compare(ctx, matcher.Matcher{}, u, s.index); err != nil {
		return err
	}
	spent := processorTime() - before
	subjects := make(map[int]bool)
	for i := range s.events {
		for _, n := range s.events[i].Subjects {
			subjects[n] = true
		}
	}
	s.print("changed advisories of the day", len(s.changed))
	s.print("events of the day", len(s.events))
	s.print("package versions with events", len(subjects))
	s.print("processor time of the day", spent.Round(time.Millisecond))
	s.print("time of the day", time.Since(start).Round(time.Millisecond))
	return nil
}

// questions asks which images each changed advisory touches.
func (s *simulation) questions(ctx context.Context) error {
	var took []time.Duration
	most := 0
	for _, c := range s.changed {
		if c.New == nil {
			continue
		}
		start := time.Now()
		numbers, err := watch.Affected(ctx, matcher.Matcher{}, s.index, *c.New)
		if err != nil {
			return err
		}
		set, err := s.index.Images(ctx, numbers)
		if err != nil {
			return err
		}
		took = append(took, time.Since(start))
		most = max(most, set.Len())
	}
	if len(took) > 0 {
		slices.Sort(took)
		s.print("an advisory's images: median", took[len(took)/2].Round(time.Microsecond))
		s.print("an advisory's images: p99", took[len(took)*99/100].Round(time.Microsecond))
		s.print("an advisory's images: worst", took[len(took)-1].Round(time.Microsecond))
		s.print("an advisory's images: most", most)
	}
	all := make([]int, 0)
	for f, err := range s.index.Subjects(ctx, []matcher.Key{{Type: "deb", Namespace: "debian", Release: "10"}, {Type: "deb", Namespace: "debian", Release: "11"}, {Type: "deb", Namespace: "debian", Release: "12"}, {Type: "deb", Namespace: "debian", Release: "13"}}) {
		if err != nil {
			return err
		}
		all = append(all, f.Number)
	}
	set, err := s.index.Images(ctx, all)
	if err != nil {
		return err
	}
	start, n := time.Now(), 0
	for _, err := range set.Digests(ctx) {
		if err != nil {
			return err
		}
		n++
	}
	if n != s.images {
		return fmt.Errorf("%d images have a package of Debian, want %d", n, s.images)
	}
	s.print("digests in a second", int(float64(n)/max(time.Since(start).Seconds(), 1e-9)))
	return nil
}

// check matches images in full with both days' advisories, half of them touched by the day, and compares the differences with the events.
func (s *simulation) check(ctx context.Context) error {
	random := rand.New(rand.NewPCG(3, 3))
	touched := make(map[string][]*watch.Event)
	for i := range s.events {
		set, err := s.index.Images(ctx, s.events[i].Subjects)
		if err != nil {
			return err
		}
		for d, err := range set.Digests(ctx) {
			if err != nil {
				return err
			}
			touched[d] = append(touched[d], &s.events[i])
		}
	}
	withEvents := 0
	for n := range s.checked {
		image := random.IntN(s.images)
		for tries := 0; n%2 == 0 && len(touched[digestOf(image)]) == 0 && tries < 1000; tries++ {
			image = random.IntN(s.images)
		}
		report := s.fleet.report(image)
		var states [2]map[string]bool
		for day, source := range []*db.DB{s.old, s.new} {
			result, err := matcher.Matcher{Source: source}.Match(ctx, report)
			if err != nil {
				return err
			}
			states[day] = statesOf(report, result)
		}
		if len(touched[digestOf(image)]) > 0 {
			withEvents++
		}
		want := changesOf(states[0], states[1])
		got := make(map[string]bool)
		for _, e := range touched[digestOf(image)] {
			got[e.Package.Name+" "+e.Vulnerability] = true
		}
		for k := range want {
			if !got[k] {
				return fmt.Errorf("image %d: no event about %s", image, k)
			}
		}
		for k := range got {
			if !want[k] {
				return fmt.Errorf("image %d: an event about %s, which did not change", image, k)
			}
		}
	}
	s.print("images that were matched in full", s.checked)
	s.print("of them with events", withEvents)
	return nil
}

// statesOf returns the states of all matches: a package, a vulnerability, its status, severity and whether it has a fix.
func statesOf(report *analyzer.Report, result *matcher.Result) map[string]bool {
	names := make(map[string]string)
	for i := range report.Components {
		names[report.Components[i].ID] = report.Components[i].Name
	}
	out := make(map[string]bool)
	for i := range result.Matches {
		m := &result.Matches[i]
		out[fmt.Sprint(names[m.Component], " ", m.ID, "\x00", m.Component, m.Status, m.Severity.Level, m.Fixed != "", m.Uncertain != "")] = true
	}
	return out
}

// changesOf returns the packages and vulnerabilities in which two sets of states differ.
func changesOf(a, b map[string]bool) map[string]bool {
	out := make(map[string]bool)
	for _, pair := range [][2]map[string]bool{{a, b}, {b, a}} {
		for k := range pair[0] {
			if !pair[1][k] {
				name, _, _ := bytes.Cut([]byte(k), []byte{0})
				out[string(name)] = true
			}
		}
	}
	return out
}
