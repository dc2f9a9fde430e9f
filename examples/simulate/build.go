package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/db/catalog"
)

// built writes an index to memory and opens it.
func built(b *catalog.IndexBuilder) (*catalog.Index, []byte, error) {
	var buf bytes.Buffer
	if _, err := b.WriteTo(&buf); err != nil {
		return nil, nil, err
	}
	x, err := catalog.OpenIndex(bytes.NewReader(buf.Bytes()), int64(buf.Len()))
	return x, buf.Bytes(), err
}

// A divided is an image in parts.
type divided struct {
	image int
	refs  []catalog.PartRef
	parts []catalog.Part
	tally [][]uint64 // hashes of the package versions of each part that is a chunk
}

// build adds the images of the first day in random order, and writes the index.
func (s *simulation) build(ctx context.Context) error {
	start := time.Now()
	var b catalog.IndexBuilder
	t := tally{chunks: make(map[catalog.Hash]bool), versions: make(map[uint64]bool), names: make(map[uint64]bool)}
	for d := range s.divide(rand.New(rand.NewPCG(1, 1)).Perm(s.images)) {
		if err := s.put(ctx, &b, d.image, 0, d.parts); err != nil {
			return err
		}
		t.add(&d)
	}
	tookDivide := time.Since(start)
	start = time.Now()
	name := filepath.Join(s.dir, "index")
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer f.Close()
	size, err := b.WriteTo(f)
	if err != nil {
		return err
	}
	b = catalog.IndexBuilder{}
	runtime.GC()
	apps := 0
	for image := range s.images {
		if _, tag := application(image); tag == 0 {
			apps++
		}
	}
	whole := s.images >= wholeImages
	s.print("images", s.images)
	s.print("  packages of an image", perBase+perLibrary+perApp)
	s.print("  applications, with 1 to 20 tags", apps)
	s.print("  base images and their patch levels", fmt.Sprint(bases, ", ", levels))
	s.atLeast("  names of packages", len(t.names), 170_000, whole)
	s.atLeast("  distinct package versions", len(t.versions), 1_700_000, whole)
	s.print("  distinct chunks", len(t.chunks))
	s.atLeast("  pairs of chunk and package version", t.pairs, 20_000_000, whole)
	s.print("time to divide and add them", tookDivide.Round(time.Millisecond))
	s.print("time to write the index", time.Since(start).Round(time.Millisecond))
	s.reportGoal("bytes of the index", size, "250000000 for 1000000 images", size <= 250_000_000)
	s.print("bytes of the index for each image", fmt.Sprintf("%.1f", float64(size)/float64(s.images)))
	var took []time.Duration
	for range 9 {
		start = time.Now()
		file, err := os.Open(name)
		if err != nil {
			return err
		}
		x, err := catalog.OpenIndex(file, size)
		if err != nil {
			return err
		}
		took = append(took, time.Since(start))
		if s.live != nil {
			file.Close()
			continue
		}
		s.live = []generation{{x, 0, 0}}
	}
	slices.Sort(took)
	s.reportGoal("time to open it, median", took[len(took)/2].Round(time.Microsecond), "10ms", took[len(took)/2] < 10*time.Millisecond)
	return nil
}

// atLeast prints how hard the fleet is, which must be so hard if it is the whole one.
func (s *simulation) atLeast(what string, value, least int, whole bool) {
	if whole {
		s.reportGoal(what, value, fmt.Sprint("at least ", least), value >= least)
	} else {
		s.print(what, value)
	}
}

// divide divides the reports of images, on all processors, in their order.
func (s *simulation) divide(images []int) func(yield func(divided) bool) {
	return func(yield func(divided) bool) {
		const batch = 64
		work := make(chan chan []divided, 2*runtime.NumCPU())
		stop := make(chan struct{})
		var wg sync.WaitGroup
		slots := make(chan struct{}, runtime.NumCPU())
		wg.Go(func() {
			defer close(work)
			for group := range slices.Chunk(images, batch) {
				out := make(chan []divided, 1)
				select {
				case work <- out:
				case <-stop:
					return
				}
				slots <- struct{}{}
				wg.Go(func() {
					defer func() { <-slots }()
					list := make([]divided, len(group))
					for i, image := range group {
						r := s.fleet.report(image)
						list[i].image = image
						list[i].refs, list[i].parts = catalog.Divide(r)
						list[i].tally = tallyOf(r, list[i].refs)
					}
					out <- list
				})
			}
		})
		defer wg.Wait()
		defer close(stop)
		for out := range work {
			for _, d := range <-out {
				if !yield(d) {
					return
				}
			}
		}
	}
}

// A tally measures how hard a fleet is.
type tally struct {
	chunks          map[catalog.Hash]bool
	versions, names map[uint64]bool
	pairs           int
}

// tallyOf returns hashes of the name and of the version of each package in the chunks of a report, which has one chunk for each layer.
func tallyOf(r *analyzer.Report, refs []catalog.PartRef) [][]uint64 {
	list := make([][]uint64, len(refs))
	for n, ref := range refs {
		if ref.Kind != catalog.Chunk {
			continue
		}
		for i := range r.Components {
			if c := &r.Components[i]; c.Layer == ref.Layer {
				name := text(text(text(0, c.Type), c.Namespace), c.Name)
				list[n] = append(list[n], name, text(name, c.Version))
			}
		}
	}
	return list
}

// text continues a hash with a string.
func text(h uint64, s string) uint64 {
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return (h ^ 0xff) * 1099511628211
}

func (t *tally) add(d *divided) {
	for n, ref := range d.refs {
		if ref.Kind != catalog.Chunk || t.chunks[ref.Hash] {
			continue
		}
		t.chunks[ref.Hash] = true
		for i, h := range d.tally[n] {
			if i%2 == 0 {
				t.names[h] = true
			} else {
				t.versions[h] = true
			}
		}
		t.pairs += len(d.tally[n]) / 2
	}
}
