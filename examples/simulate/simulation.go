package main

import (
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
	history []day // by number
	live    []generation

	numbers map[uint64]int // of images, by the first bytes of their digest
	arrived map[int]int    // days of the images that were not there at first
	gone    map[string]bool
	store   catalog.Store // nil for a large fleet
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

// goal prints a measurement and whether it reaches a goal.
func (s *simulation) goal(what string, value any, goal string, ok bool) {
	word := "reached"
	if !ok {
		word = "MISSED"
		s.missed++
	}
	fmt.Fprintf(s.out, "%-62s %-12v goal %s: %s\n", what, value, goal, word)
}

// prepare makes the packages, and the advisories of the first day.
func (s *simulation) prepare(ctx context.Context) error {
	names := max(s.images*170/1000, 6000)
	var err error
	if s.world, err = newWorld(ctx, s.feeds, names, s.options.days, s.changes); err != nil {
		return err
	}
	s.fleet = newFleet(s.world, s.images, names)
	first, err := s.world.database(ctx, 0, nil)
	if err != nil {
		return err
	}
	s.history = []day{{db: first}}
	s.print("advisories", len(s.world.entries))
	for _, from := range []string{byDebian, byOSV, byChance} {
		s.print("changes of advisories, "+from, s.world.counts[from])
	}
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
		if d.events, err = watch.Compare(ctx, matcher.Matcher{}, u, indexesOf(d.live)); err != nil {
			return err
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
	s.goal("events of a day (rows of the outbox), at most", slices.Max(events), "20000", slices.Max(events) <= 20_000)
	s.print("processor time of a day within the simulation, median, most", fmt.Sprint(times[len(times)/2].Round(time.Millisecond), ", ", times[len(times)-1].Round(time.Millisecond)))
	return nil
}

// arrive adds images, deletes others, and merges generations.
func (s *simulation) arrive(ctx context.Context, n int, random *rand.Rand) error {
	var b catalog.IndexBuilder
	for range max(s.images/arriving, 3) {
		image := s.images + len(s.arrived)
		s.arrived[image] = n
		refs, parts := catalog.Divide(s.fleet.report(image))
		if err := s.put(ctx, &b, image, n, refs, parts); err != nil {
			return err
		}
	}
	x, _, err := built(&b)
	if err != nil {
		return err
	}
	s.live = append(s.live, generation{x, n, n})
	for range max(s.images/deleted, 1) {
		digest := digestOf(random.IntN(s.images + len(s.arrived)))
		s.gone[digest] = true
		if s.store != nil {
			if err := s.store.Write(ctx, &catalog.Batch{Deleted: []string{digest}}); err != nil {
				return err
			}
		}
	}
	if len(s.live) > mostMerged+1 { // not the first one
		merged, _, err := indexesOf(s.live[1:]).merge(ctx, s.deleted)
		if err != nil {
			return err
		}
		s.live = []generation{s.live[0], {merged, s.live[1].first, n}}
	}
	return nil
}

func (s *simulation) deleted(digest string) bool { return s.gone[digest] }

func indexesOf(list []generation) generations {
	var all generations
	for _, g := range list {
		all = append(all, g.Index)
	}
	return all
}

// put adds an image to an index, and to the store with its tags: its own and the application's "latest", which moves.
func (s *simulation) put(ctx context.Context, b *catalog.IndexBuilder, image, day int, refs []catalog.PartRef, parts []catalog.Part) error {
	digest := digestOf(image)
	s.numbers[prefix(digest)] = image
	if s.store != nil {
		at := dateOf(day).Add(time.Duration(len(s.numbers)) * time.Millisecond)
		batch := &catalog.Batch{Parts: parts, Images: []catalog.Image{{Digest: digest, Info: s.fleet.report(image).Image, Added: at, Parts: refs}}}
		app, _ := application(image)
		for _, name := range []string{tagOf(image), fmt.Sprintf("registry.example/app%d:latest", app)} {
			t := catalog.Tag{Name: name, Digest: digest, Since: at}
			batch.Tags, s.tags[name] = append(batch.Tags, t), append(s.tags[name], t)
		}
		if err := s.store.Write(ctx, batch); err != nil {
			return err
		}
	}
	return b.Add(digest, parts)
}

// compareStore merges all generations, and compares the file with that of an index that is built at once from the store. It compares the tags, too.
func (s *simulation) compareStore(ctx context.Context) error {
	if s.store == nil {
		return nil
	}
	_, merged, err := indexesOf(s.live).merge(ctx, s.deleted)
	if err != nil {
		return err
	}
	var b catalog.IndexBuilder
	images := 0
	for image, err := range s.store.Images(ctx) {
		if err != nil {
			return err
		}
		var hashes []catalog.Hash
		for _, ref := range image.Parts {
			hashes = append(hashes, ref.Hash)
		}
		parts, err := s.store.Parts(ctx, hashes)
		if err != nil {
			return err
		}
		if err := b.Add(image.Digest, parts); err != nil {
			return err
		}
		images++
	}
	_, whole, err := built(&b)
	if err != nil {
		return err
	}
	if string(whole) != string(merged) {
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
	s.print("images in the store, whose index equals the merged one", images)
	s.print("moves of tags", moved)
	return nil
}
