package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/db/catalog"
	"github.com/hullmark/hullmark/db/catalog/journal"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/watch"
)

// A simulation is one run. The first generation of the index has options.images images. In each day advisories change, some images arrive, tags
// move to them, and some images are deleted.
type simulation struct {
	options
	dir    string // for files
	out    io.Writer
	missed int // goals

	world   *world
	fleet   *fleet
	history []day        // by number
	live    []generation // newest first

	numbers map[uint64]int // of images, by the first bytes of their digest
	arrived map[int]int    // days of the images that were not there at first
	gone    map[string]bool
	store   catalog.Store // nil for a large fleet
	notices map[string]catalog.Notice
	tags    map[string][]catalog.Tag
}

// A day has its database, and the changes since the day before.
type day struct {
	db     *db.DB
	live   []generation // when the changes became known
	events []watch.Event
}

// A generation is an index of the images that arrived in some days.
type generation struct {
	*catalog.Index
	first, last int
}

const (
	arriving    = 1000 // one in so many images arrives in a day
	deleted     = 2000 // one in so many images is deleted in a day
	mostStored  = 3000 // images of a fleet that is in a store, too
	mostMerged  = 5    // generations of arrived images, which are then merged
	wholeImages = 1_000_000
)

func (s *simulation) print(what string, value any) { fmt.Fprintf(s.out, "%-62s %v\n", what, value) }

// reportGoal prints a measurement and whether it reaches a goal.
func (s *simulation) reportGoal(what string, value any, goal string, ok bool) {
	word := "reached"
	if !ok {
		word = "MISSED"
		s.missed++
	}
	fmt.Fprintf(s.out, "%-62s %-12v goal %s: %s\n", what, value, goal, word)
}

// namesOf returns the number of names of packages in a fleet.
func namesOf(images int) int { return max(images*170/1000, 6000) }

// prepare makes the packages, and the advisories of the first day.
func (s *simulation) prepare(ctx context.Context) error {
	names := namesOf(s.images)
	var err error
	covered := 0
	if s.images <= mostStored { // all packages of the ecosystem are matched in that day
		covered = (s.options.days + 1) / 2
	}
	if s.world, err = newWorld(ctx, s.feeds, names, s.options.days, s.changes, covered); err != nil {
		return err
	}
	s.fleet = newFleet(s.world, s.images, names)
	first, err := s.world.database(ctx, 0, nil)
	if err != nil {
		return err
	}
	s.history = []day{{db: first}}
	from := "real, and synthesized ones"
	if s.feeds == "" {
		from = "all synthesized, without -feeds"
	}
	s.print("packages and advisories", from)
	s.print("advisories", len(s.world.entries))
	for _, from := range []string{byDebian, byOSV, byChance, byCoverage} {
		s.print("changes of advisories, "+from, s.world.counts[from])
	}
	s.notices = make(map[string]catalog.Notice)
	s.numbers, s.arrived, s.gone, s.tags = make(map[uint64]int), make(map[int]int), make(map[string]bool), make(map[string][]catalog.Tag)
	if s.images <= mostStored {
		s.store = new(catalog.Memory)
	}
	return nil
}

// prefix returns the first bytes of a digest.
func prefix(digest string) uint64 {
	b, _ := hex.DecodeString(digest[len("sha256:"):][:16])
	return binary.LittleEndian.Uint64(b)
}

// month changes advisories and images day by day.
func (s *simulation) month(ctx context.Context) error {
	random := rand.New(rand.NewPCG(4, 4))
	var times []time.Duration
	var changes, events []int
	for n := 1; n <= s.options.days; n++ {
		before := s.history[n-1].db
		now, err := s.world.database(ctx, n, before)
		if err != nil {
			return err
		}
		start := processorTime()
		u, err := now.Since(ctx, before)
		if err != nil {
			return err
		}
		d := day{db: now, live: slices.Clone(s.live)}
		if d.events, err = watch.Compare(ctx, matcher.Matcher{}, u, s.indexes(d.live)); err != nil {
			return err
		}
		if s.store != nil {
			if err := s.journal(n).Advisories(ctx, d.events, s.indexes(d.live)); err != nil {
				return err
			}
		}
		times = append(times, processorTime()-start)
		count := len(u.CVEs)
		for _, err := range u.Changes {
			if err != nil {
				return err
			}
			count++
		}
		changes, events = append(changes, count), append(events, len(d.events))
		s.history = append(s.history, d)
		if err := s.arrive(ctx, n, random); err != nil {
			return err
		}
	}
	slices.Sort(times)
	s.print("days", s.options.days)
	s.print("images that arrived, were deleted", fmt.Sprint(len(s.arrived), ", ", len(s.gone)))
	s.print("generations of the index at the end", len(s.live))
	s.print("changes of a day, at most", slices.Max(changes))
	s.reportGoal("events of a day (rows of the outbox), at most", slices.Max(events), "20000", slices.Max(events) <= 20_000)
	s.print("processor time of a day within the simulation, median, most", fmt.Sprint(times[len(times)/2].Round(time.Millisecond), ", ", times[len(times)-1].Round(time.Millisecond)))
	return nil
}

// arrive adds images, deletes others, and merges generations.
func (s *simulation) arrive(ctx context.Context, n int, random *rand.Rand) error {
	var b catalog.IndexBuilder
	for range max(s.images/arriving, 3) {
		image := s.images + len(s.arrived)
		s.arrived[image] = n
		_, parts := catalog.Divide(s.fleet.report(image))
		if err := s.put(ctx, &b, image, n, parts); err != nil {
			return err
		}
	}
	x, _, err := built(&b)
	if err != nil {
		return err
	}
	s.live = slices.Insert(s.live, 0, generation{x, n, n})
	for range max(s.images/deleted, 1) {
		digest := digestOf(random.IntN(s.images + len(s.arrived)))
		s.gone[digest] = true
		if s.store != nil {
			if err := s.store.Write(ctx, &catalog.Batch{Deleted: []string{digest}}); err != nil {
				return err
			}
		}
	}
	if last := len(s.live) - 1; last > mostMerged { // not the first day's
		merged, _, err := s.merge(ctx, s.live[:last])
		if err != nil {
			return err
		}
		s.live = []generation{{merged, s.live[last-1].first, n}, s.live[last]}
	}
	return nil
}

func (s *simulation) deleted(digest string) bool { return s.gone[digest] }

// indexes returns generations as one index, without deleted images.
func (s *simulation) indexes(list []generation) *catalog.Generations {
	all := &catalog.Generations{Current: func(_ context.Context, _ int, digests []string) ([]string, error) {
		return slices.DeleteFunc(digests, s.deleted), nil
	}}
	for _, g := range list {
		all.Indexes = append(all.Indexes, g.Index)
	}
	return all
}

func (s *simulation) journal(day int) *journal.Journal {
	return &journal.Journal{Store: s.store, Now: func() time.Time { return dateOf(day) }}
}

// put adds an image to an index, and to the store with its tags: its own and the application's "latest", which moves.
func (s *simulation) put(ctx context.Context, b *catalog.IndexBuilder, image, day int, parts []catalog.Part) error {
	digest := digestOf(image)
	s.numbers[prefix(digest)] = image
	if s.store != nil {
		at := dateOf(day).Add(time.Duration(len(s.numbers)) * time.Millisecond)
		app, _ := application(image)
		var tags []catalog.Tag
		for _, name := range []string{tagOf(image), fmt.Sprintf("registry.example/app%d:latest", app)} {
			t := catalog.Tag{Name: name, Digest: digest, Since: at}
			tags, s.tags[name] = append(tags, t), append(s.tags[name], t)
		}
		if err := s.journal(day).Analyzed(ctx, catalog.Image{Digest: digest, Added: at}, s.fleet.report(image), tags); err != nil {
			return err
		}
	}
	return b.Add(digest, parts)
}

// merge returns an index of the images of generations that are not deleted, and its file.
func (s *simulation) merge(ctx context.Context, list []generation) (*catalog.Index, []byte, error) {
	var b catalog.IndexBuilder
	for _, g := range list { // the newest first
		if err := b.AddIndex(ctx, g.Index, s.deleted); err != nil {
			return nil, nil, err
		}
	}
	return built(&b)
}

// compareStore merges all generations, and compares the file with that of an index that is built at once from the store. It compares the tags, too.
func (s *simulation) compareStore(ctx context.Context) error {
	if s.store == nil {
		return nil
	}
	_, merged, err := s.merge(ctx, s.live)
	if err != nil {
		return err
	}
	var b catalog.IndexBuilder
	if err := b.AddStore(ctx, s.store, nil); err != nil {
		return err
	}
	x, whole, err := built(&b)
	if err != nil {
		return err
	}
	if !bytes.Equal(whole, merged) {
		return fmt.Errorf("the merged generations differ from an index of the store")
	}
	moved := 0
	for name, want := range s.tags {
		got, err := s.store.Tags(ctx, name)
		if err != nil || !slices.Equal(got, want) {
			return fmt.Errorf("tag %s: %v, want %v, %w", name, got, want, err)
		}
		moved += len(want) - 1
	}
	kinds := make(map[string]int)
	for after := int64(0); ; {
		list, err := s.store.Events(ctx, after, 1000)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			break
		}
		for i := range list {
			kinds[list[i].Kind]++
			s.notices[list[i].ID] = list[i]
			after = list[i].Number
		}
	}
	if kinds["tag-moved"] != moved || kinds["image-analyzed"] != s.images+len(s.arrived) {
		return fmt.Errorf("events %v, want %d moves of tags and %d analyses", kinds, moved, s.images+len(s.arrived))
	}
	s.print("images in the store, whose index equals the merged one", x.Len())
	s.print("events in the store", fmt.Sprint(kinds))
	return nil
}
