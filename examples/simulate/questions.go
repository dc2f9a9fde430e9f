package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/db/catalog"
	"github.com/hullmark/hullmark/db/catalog/journal"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/watch"
)

// An answer is the images that an advisory touches.
type answer struct {
	images    int
	took      time.Duration
	processor time.Duration // without the time in which other processes ran
}

// printBySize prints the times of answers by the number of images: none, up to 9, up to 90, ...
func (s *simulation) printBySize(answers []answer) {
	for low, high := -1, 0; low < s.images; low, high = high, max(10*high, 9) {
		var part []answer
		for _, a := range answers {
			if a.images > low && a.images <= high {
				part = append(part, a)
			}
		}
		if len(part) > 0 {
			p50, p99, worst := quantiles(part)
			s.print(fmt.Sprintf("  %d advisories with %d to %d images: p50, p99, worst", len(part), low+1, min(high, s.images)), fmt.Sprint(p50, ", ", p99, ", ", worst))
		}
	}
}

// ask asks which images each of many advisories touches: half of them drawn from all, the others from those about packages that each image has.
func (s *simulation) ask(ctx context.Context) error {
	random := rand.New(rand.NewPCG(5, 5))
	var common []int
	inAll := make(map[string]bool)
	for _, name := range s.world.pool[:everywhere] {
		inAll[name] = true
	}
	for i := range s.world.entries {
		k := &s.world.entries[i].Key
		if k.Type == "deb" && inAll[k.Name] && slices.Contains(s.world.releases, k.Release) {
			common = append(common, i)
		}
	}
	index := s.live[len(s.live)-1].Index // of the first day
	var answers []answer
	var most *catalog.ImageSet
	for n := range s.questions {
		i := random.IntN(len(s.world.entries))
		if n%2 == 0 {
			i = common[random.IntN(len(common))]
		}
		start, before := time.Now(), processorTime()
		numbers, err := watch.Affected(ctx, matcher.Matcher{}, index, s.world.entries[i].Advisory)
		if err != nil {
			return err
		}
		set, err := index.Images(ctx, numbers)
		if err != nil {
			return err
		}
		answers = append(answers, answer{set.Len(), time.Since(start), processorTime() - before})
		if most == nil || set.Len() > most.Len() {
			most = set
		}
	}
	s.printBySize(answers)
	p50, p99, worst := quantiles(answers)
	s.print("an advisory's images: advisories asked about", len(answers))
	s.print("an advisory's images: most", most.Len())
	s.print("an advisory's images: p50", p50)
	s.reportGoal("an advisory's images: p99", p99, "10ms", p99 <= 10*time.Millisecond)
	s.reportGoal("an advisory's images: worst", worst, "50ms", worst <= 50*time.Millisecond)
	for i := range answers {
		answers[i].took = answers[i].processor
	}
	p50, p99, worst = quantiles(answers)
	s.print("an advisory's images: processor time, p50, p99, worst", fmt.Sprint(p50, ", ", p99, ", ", worst))
	start, n := time.Now(), 0
	for time.Since(start) < time.Second/5 {
		for _, err := range most.Digests(ctx) {
			if err != nil {
				return err
			}
			n++
		}
	}
	rate := int(float64(n) / time.Since(start).Seconds())
	s.reportGoal("digests in a second", rate, "1000000", rate >= 1_000_000)
	return nil
}

func quantiles(list []answer) (p50, p99, worst time.Duration) {
	slices.SortFunc(list, func(a, b answer) int { return int(a.took - b.took) })
	of := func(n int) time.Duration { return list[n].took.Round(time.Microsecond) }
	return of(len(list) / 2), of(len(list) * 99 / 100), of(len(list) - 1)
}

// measureFlag begins the process that measures one day.
const measureFlag = "measure-day"

// A cost has the time and memory of a day in a process that does nothing else.
type cost struct {
	Changes, CVEs, Events, Versions int
	Processor                       time.Duration // with starting and reading
	Rows                            time.Duration // more, for the rows of the outbox
	Resident, Heap                  int64         // peaks
}

// measureDay measures the last day in a process that has nothing but the index and both databases.
func (s *simulation) measureDay(ctx context.Context) error {
	args := []string{filepath.Join(s.dir, "index")}
	for i := range 2 {
		name := filepath.Join(s.dir, fmt.Sprint("day", i))
		f, err := os.Create(name)
		if err != nil {
			return err
		}
		if _, err := s.history[len(s.history)-2+i].db.CopyTo(ctx, f, nil); err != nil {
			return err
		}
		if err := f.Close(); err != nil {
			return err
		}
		args = append(args, name)
	}
	program, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, program, "-"+measureFlag, strings.Join(args, ","))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("measure a day: %w", err)
	}
	var c cost
	if err := json.Unmarshal(out, &c); err != nil {
		return err
	}
	s.print("a day in its own process: changed advisories, CVEs", fmt.Sprint(c.Changes, ", ", c.CVEs))
	s.print("a day in its own process: events, package versions", fmt.Sprint(c.Events, ", ", c.Versions))
	s.reportGoal("a day in its own process: processor time", c.Processor.Round(time.Millisecond), "2s", c.Processor <= 2*time.Second)
	s.reportGoal("a day in its own process: with the rows of the outbox", (c.Processor + c.Rows).Round(time.Millisecond), "2s", c.Processor+c.Rows <= 2*time.Second)
	s.reportGoal("a day in its own process: peak of resident memory", c.Resident, "512 MiB", c.Resident <= 512<<20)
	s.print("a day in its own process: heap", c.Heap)
	return nil
}

// measure compares two databases over an index, and writes the cost.
func measure(ctx context.Context, w io.Writer, files []string) error {
	if len(files) != 3 {
		return fmt.Errorf("%d files to measure, want 3", len(files))
	}
	f, err := os.Open(files[0])
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	index, err := catalog.OpenIndex(f, info.Size())
	if err != nil {
		return err
	}
	var days [2]*db.DB
	for i := range days {
		if days[i], err = db.OpenFile(files[1+i]); err != nil {
			return err
		}
		defer days[i].Close()
	}
	u, err := days[1].Since(ctx, days[0])
	if err != nil {
		return err
	}
	events, err := watch.Compare(ctx, matcher.Matcher{}, u, index)
	if err != nil {
		return err
	}
	c := cost{CVEs: len(u.CVEs), Events: len(events), Processor: processorTime(), Resident: peakMemory()}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	c.Heap = int64(m.HeapSys)
	var store catalog.Memory
	if err := (&journal.Journal{Store: &store}).Advisories(ctx, events, index); err != nil {
		return err
	}
	c.Rows = processorTime() - c.Processor
	subjects := make(map[int]bool)
	for i := range events {
		for _, n := range events[i].Subjects {
			subjects[n] = true
		}
	}
	c.Versions = len(subjects)
	for _, err := range u.Changes {
		if err != nil {
			return err
		}
		c.Changes++
	}
	return json.NewEncoder(w).Encode(c)
}
