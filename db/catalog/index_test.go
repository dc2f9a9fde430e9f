package catalog

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/watch"
)

func digestFor(n int) string { return digestText(hashBytes(fmt.Sprint(n))) }

func hashBytes(s string) []byte {
	h := sha256.Sum256([]byte(s))
	return h[:]
}

// fleet returns random reports of images by digest; many share layers.
func fleet(seed uint64, images int) map[string]*analyzer.Report {
	r := rand.New(rand.NewPCG(seed, 5))
	out := make(map[string]*analyzer.Report)
	var bases []*analyzer.Report
	for range 6 {
		b := randomReport(r)
		for i := range b.Components {
			b.Components[i].Layer = 0
		}
		b.Findings, b.Records, b.Files = nil, nil, nil
		b.Layers = []analyzer.Layer{{DiffID: "sha256:base"}, {DiffID: "sha256:app"}}
		bases = append(bases, b)
	}
	for n := range images {
		image := *bases[r.IntN(len(bases))]
		app := randomReport(r)
		image.Components = slices.Clone(image.Components)
		for _, c := range app.Components[:min(len(app.Components), 8)] {
			c.ID, c.Layer, c.Owner = "app"+c.ID, 1, ""
			if len(image.Components) > 0 && r.IntN(2) == 0 {
				c.Owner = image.Components[0].ID
			}
			image.Components = append(image.Components, c)
		}
		image.Image.ID = fmt.Sprint("sha256:config", n)
		out[digestFor(n)] = &image
	}
	return out
}

func build(t *testing.T, reports map[string]*analyzer.Report, order []string) []byte {
	t.Helper()
	var b IndexBuilder
	for _, d := range order {
		_, parts := Divide(reports[d])
		if err := b.Add(d, parts); err != nil {
			t.Fatal(err)
		}
	}
	return written(t, &b)
}

func written(t *testing.T, b *IndexBuilder) []byte {
	t.Helper()
	var buf bytes.Buffer
	if n, err := b.WriteTo(&buf); err != nil || n != int64(buf.Len()) {
		t.Fatal(n, buf.Len(), err)
	}
	return buf.Bytes()
}

func open(t *testing.T, file []byte) *Index {
	t.Helper()
	x, err := OpenIndex(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// TestIndex compares the answers of an index with those of a search in all reports, for every key.
func TestIndex(t *testing.T) {
	reports := fleet(1, 12)
	x := open(t, build(t, reports, slices.Sorted(maps.Keys(reports))))
	of := make(map[matcher.Key]map[string]bool)
	for digest, r := range reports {
		for _, s := range matcher.Subjects(r) {
			for _, k := range s.Keys() {
				if of[k] == nil {
					of[k] = make(map[string]bool)
				}
				of[k][digest] = true
			}
		}
	}
	if len(of) < 100 || x.Len() != len(reports) {
		t.Fatalf("%d keys, %d images", len(of), x.Len())
	}
	of[matcher.Key{Type: "npm", Name: "unknown"}], of[matcher.Key{Type: "zzz"}], of[matcher.Key{}] = nil, nil, nil
	n := 0
	for k, want := range of {
		if n++; n > 200 {
			break
		}
		var numbers []int
		for f, err := range x.Subjects(t.Context(), []matcher.Key{k}) {
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Contains(f.Subject.Keys(), k) {
				t.Errorf("%v: subject %d has other keys", k, f.Number)
			}
			numbers = append(numbers, f.Number)
		}
		set, err := x.Images(t.Context(), numbers)
		if err != nil {
			t.Fatal(err)
		}
		got := make(map[string]bool)
		for d, err := range set.Digests(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			got[d] = true
		}
		if len(got) != len(want) || set.Len() != len(want) {
			t.Errorf("%v: %d images, want %d", k, len(got), len(want))
		}
		for d := range want {
			if !got[d] {
				t.Errorf("%v: %s is missing", k, d)
			}
		}
	}
}

// TestIndexAtOnce asks many questions at once, whose answers share memory, and compares them with those of an index that is opened for each.
func TestIndexAtOnce(t *testing.T) {
	reports := fleet(8, 30)
	file := build(t, reports, slices.Sorted(maps.Keys(reports)))
	shared := open(t, file)
	answer := func(x *Index, k matcher.Key) (list []string, err error) {
		var numbers []int
		for f, err := range x.Subjects(t.Context(), []matcher.Key{k}) {
			if err != nil {
				return nil, err
			}
			numbers = append(numbers, f.Number)
		}
		for d, err := range x.Digests(t.Context(), numbers) {
			if err != nil {
				return nil, err
			}
			list = append(list, d)
		}
		return list, nil
	}
	var wg sync.WaitGroup
	for digest := range reports {
		wg.Go(func() {
			for _, s := range matcher.Subjects(reports[digest]) {
				for _, k := range s.Keys()[:1] {
					got, err := answer(shared, k)
					if err != nil {
						t.Error(err)
					}
					if want, _ := answer(open(t, file), k); !slices.Equal(got, want) || len(want) == 0 {
						t.Errorf("%v: %v, want %v", k, got, want)
					}
				}
			}
		})
	}
	wg.Wait()
}

// TestIndexBytes requires that an index does not depend on the order of arrival, nor on images that were there before, and that generations,
// merged, give the index of the whole.
func TestIndexBytes(t *testing.T) {
	reports := fleet(2, 16)
	digests := slices.Sorted(maps.Keys(reports))
	want := build(t, reports, digests)
	reversed := slices.Clone(digests)
	slices.Reverse(reversed)
	if !bytes.Equal(build(t, reports, reversed), want) {
		t.Error("another order of arrival gives other bytes")
	}
	newer, older := open(t, build(t, reports, digests[:10])), fleet(3, 13)
	gone := digests[13:]
	last := open(t, build(t, reports, gone))
	var b IndexBuilder
	for _, g := range []struct {
		x    *Index
		skip func(string) bool
	}{{newer, nil}, {last, nil}, {open(t, build(t, older, slices.Sorted(maps.Keys(older)))), func(d string) bool { return slices.Contains(digests[10:13], d) }}} {
		if err := b.AddIndex(t.Context(), g.x, g.skip); err != nil {
			t.Fatal(err)
		}
	}
	for _, d := range digests[10:13] {
		_, parts := Divide(reports[d])
		if err := b.Add(d, parts); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(written(t, &b), want) {
		t.Error("merged generations give other bytes")
	}
	if got := build(t, nil, nil); open(t, got).Len() != 0 {
		t.Error("an empty index has images")
	}
}

// TestIndexNumbers requires an error for numbers that the index lacks, alone or after others.
func TestIndexNumbers(t *testing.T) {
	x := open(t, build(t, fleet(4, 4), []string{digestFor(0), digestFor(1)}))
	for _, x := range []*Index{x, open(t, build(t, nil, nil))} {
		n := x.subjects()
		for _, numbers := range [][]int{{-1}, {n}, {0, n}, {max(0, n-1), n}} {
			if ids, err := x.IDs(t.Context(), numbers); !errors.Is(err, ErrCorrupt) {
				t.Errorf("%d of %d package versions: %d identifiers, %v", numbers, n, len(ids), err)
			}
			if _, err := x.Images(t.Context(), numbers); !errors.Is(err, ErrCorrupt) {
				t.Errorf("images of %d: %v", numbers, err)
			}
		}
	}
}

// TestIndexDamage changes each byte in turn: opening or reading fails, and nothing else happens.
func TestIndexDamage(t *testing.T) {
	file := build(t, fleet(4, 4), []string{digestFor(0), digestFor(1)})
	step := max(1, len(file)/150)
	for i := 0; i < len(file); i += step {
		bad := slices.Clone(file)
		bad[i] ^= 1
		if err := readIndex(t.Context(), bad); err != nil && !errors.Is(err, ErrCorrupt) {
			t.Errorf("byte %d: %v", i, err)
		} else if err == nil && i >= len(indexMagic) {
			t.Errorf("byte %d: no error", i)
		}
	}
}

// readIndex reads all of an index.
func readIndex(ctx context.Context, file []byte) error {
	x, err := OpenIndex(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return err
	}
	var keys []matcher.Key
	for i := range x.root.sections[sectionKeys].blocks {
		b, err := x.block(sectionKeys, i)
		if err != nil {
			return err
		}
		d := &decoder{rest: b, budget: maxMemory}
		var k matcher.Key
		for range x.root.sections[sectionKeys].blocks[i].records {
			readKey(d, &k)
			d.take(d.uint())
			keys = append(keys, k)
		}
		if d.err != nil {
			return d.err
		}
	}
	var numbers []int
	for f, err := range x.Subjects(ctx, keys) {
		if err != nil {
			return err
		}
		numbers = append(numbers, f.Number)
	}
	set, err := x.Images(ctx, numbers)
	if err != nil {
		return err
	}
	for _, err := range set.Digests(ctx) {
		if err != nil {
			return err
		}
	}
	return new(IndexBuilder).AddIndex(ctx, x, nil)
}

func FuzzIndex(f *testing.F) {
	var b IndexBuilder
	for d, r := range fleet(6, 2) {
		_, parts := Divide(r)
		b.Add(d, parts)
	}
	var buf bytes.Buffer
	b.WriteTo(&buf)
	x, err := OpenIndex(bytes.NewReader(buf.Bytes()), int64(buf.Len()))
	if err != nil {
		f.Fatal(err)
	}
	for s := range sections {
		for i := range x.root.sections[s].blocks {
			raw, _ := x.block(s, i)
			f.Add(s, raw)
		}
	}
	f.Fuzz(func(t *testing.T, section int, raw []byte) {
		if section < 0 || section >= sections || len(raw) > 1<<20 {
			return
		}
		records := x.root.sections[section].blocks[0].records
		y := &Index{root: &indexRoot{}, zstd: x.zstd}
		for i := range y.root.sections {
			y.root.sections[i].records = x.root.sections[i].records
		}
		y.root.sections[section].blocks = []indexBlock{{offset: 0, raw: len(raw), records: records}}
		stored := raw
		if section != sectionImages {
			stored = testEncoder().EncodeAll(raw, nil)
		}
		y.r = bytes.NewReader(stored)
		y.root.sections[section].blocks[0].stored, y.root.sections[section].blocks[0].hash = len(stored), sha256.Sum256(stored)
		if section == sectionKeys {
			y.root.firsts = []matcher.Key{{}}
			y.find(t.Context(), []matcher.Key{{Type: "npm", Name: "p1"}})
			return
		}
		if section == sectionChunks {
			y.chunks.blocks = make([]atomic.Pointer[chunkBlock], 1)
			if b, err := y.chunkBlock(0); err == nil && len(b.sets) != records {
				t.Errorf("%d sets, want %d", len(b.sets), records)
			}
		}
		y.records(t.Context(), section, func(n int, d *decoder) error {
			switch section {
			case sectionSubjects:
				var s matcher.Subject
				decode(d.take(d.uint()), &s)
				return eachRun(d.take(d.uint()), 1000, func(from, count int) {
					if from < 0 || count < 1 || from+count > 1000 {
						t.Error(from, count)
					}
				})
			case sectionChunks:
				return eachRun(d.take(d.uint()), 1000, newBitmap(1000).add)
			}
			d.take(digestSize)
			return nil
		})
	})
}

// A recorder keeps the requested keys.
type recorder struct {
	fake
	mu   *sync.Mutex
	keys map[matcher.Key]bool
}

func (r recorder) Advisories(ctx context.Context, keys []matcher.Key) iter.Seq2[matcher.Advisory, error] {
	r.mu.Lock()
	for _, k := range keys {
		r.keys[k] = true
	}
	r.mu.Unlock()
	return r.fake.Advisories(ctx, keys)
}

// Describe tells the days apart.
func (f fake) Describe() matcher.SourceInfo {
	return matcher.SourceInfo{Hash: fmt.Sprint("day ", f.day)}
}

// TestWatch matches whole reports with the advisories of two days, and requires that the events between them turn the matches of the first day
// into those of the second, for every package of every image.
func TestWatch(t *testing.T) {
	reports := fleet(7, 50)
	x := open(t, build(t, reports, slices.Sorted(maps.Keys(reports))))
	days := [2]recorder{}
	for i := range days {
		days[i] = recorder{fake{day: uint32(i)}, new(sync.Mutex), make(map[matcher.Key]bool)}
	}
	states := [2]map[string]map[string]watch.State{{}, {}} // by the form of subjects, by vulnerability
	for _, r := range reports {
		subjects := matcher.Subjects(r)
		ids := make(map[string]string)
		for i := range subjects {
			ids[r.Components[i].ID] = string(encode(&subjects[i]))
		}
		if len(ids) < len(subjects) {
			continue
		}
		for day := range days {
			result, err := matcher.Matcher{Source: days[day]}.Match(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			for _, form := range ids {
				states[day][form] = make(map[string]watch.State)
			}
			for i := range result.Matches {
				m := &result.Matches[i]
				states[day][ids[m.Component]][m.ID] = watch.State{Status: m.Status, Uncertain: m.Uncertain != "", Fixable: m.Fixed != "", Level: m.Severity.Level, Exploited: !m.Enrichment.Exploited.IsZero()}
			}
		}
	}
	var changes []watch.Change
	for k := range days[0].keys {
		old, new := days[0].about(k), days[1].about(k)
		if jsonOf(old) == jsonOf(new) {
			continue
		}
		for i := range old {
			changes = append(changes, watch.Change{Old: &old[i]})
		}
		for i := range new {
			changes = append(changes, watch.Change{New: &new[i]})
		}
	}
	update := watch.Update{Old: days[0], New: days[1], Changes: func(yield func(watch.Change, error) bool) {
		for _, c := range changes {
			if !yield(c, nil) {
				return
			}
		}
	}}
	events, err := watch.Compare(t.Context(), matcher.Matcher{}, update, x)
	if err != nil {
		t.Fatal(err)
	}
	forms := make(map[int]string)
	var all []matcher.Key
	for _, r := range reports {
		for _, s := range matcher.Subjects(r) {
			all = append(all, s.Keys()...)
		}
	}
	for f, err := range x.Subjects(t.Context(), all) {
		if err != nil {
			t.Fatal(err)
		}
		forms[f.Number] = string(encode(&f.Subject))
	}
	seen := make(map[string]bool)
	kinds := make(map[watch.Kind]int)
	for i := range events {
		e := &events[i]
		if seen[e.ID] {
			t.Errorf("two events have the ID %s", e.ID)
		}
		seen[e.ID] = true
		kinds[e.Kind]++
		for _, n := range e.Subjects {
			state := states[0][forms[n]]
			if state == nil {
				continue // of a report with equal IDs
			}
			delete(state, e.Was)
			if e.Kind == watch.Disappeared {
				delete(state, e.Vulnerability)
			} else {
				state[e.Vulnerability] = e.New
			}
		}
	}
	wrong := 0
	for form, want := range states[1] {
		if got := states[0][form]; !maps.Equal(got, want) {
			if wrong++; wrong < 4 {
				var s matcher.Subject
				decode([]byte(form), &s)
				t.Errorf("%s: got %v\nwant %v", jsonOf(s), got, want)
			}
		}
	}
	t.Logf("%d changes, %d subjects, %v, %d wrong", len(changes), len(states[1]), kinds, wrong)
	for _, k := range []watch.Kind{watch.Appeared, watch.Disappeared, watch.StatusChanged, watch.SeverityChanged, watch.FixAvailable} {
		if kinds[k] == 0 {
			t.Errorf("no event %s", k)
		}
	}
	again, err := watch.Compare(t.Context(), matcher.Matcher{}, update, x)
	if err != nil || jsonOf(again) != jsonOf(events) {
		t.Error("the same comparison gives other events")
	}
	same, err := watch.Compare(t.Context(), matcher.Matcher{}, watch.Update{Old: days[0], New: days[0], Changes: update.Changes}, x)
	if err != nil || len(same) > 0 {
		t.Errorf("%d events without a change: %v", len(same), err)
	}
}

// TestGenerations: several indexes answer as one of all images does, without those that were deleted or analyzed again.
func TestGenerations(t *testing.T) {
	reports := fleet(11, 60)
	digests := slices.Sorted(maps.Keys(reports))
	former := fleet(12, 20) // of images that are analyzed again later
	var parts [3]map[string]*analyzer.Report
	current := make(map[string]int) // generation of each image
	for i := range parts {
		parts[i] = make(map[string]*analyzer.Report)
	}
	for i, d := range digests {
		parts[i%3][d], current[d] = reports[d], i%3
		if i%3 < 2 && i < 20 {
			parts[2][d] = former[slices.Sorted(maps.Keys(former))[i]]
		}
	}
	deleted := digests[4]
	delete(current, deleted)
	delete(reports, deleted)
	g := &Generations{Current: func(_ context.Context, generation int, list []string) ([]string, error) {
		return slices.DeleteFunc(slices.Clone(list), func(d string) bool { n, ok := current[d]; return !ok || n != generation }), nil
	}}
	for _, p := range parts {
		g.Indexes = append(g.Indexes, open(t, build(t, p, slices.Sorted(maps.Keys(p)))))
	}
	one := open(t, build(t, reports, slices.Sorted(maps.Keys(reports))))
	images := func(x interface {
		Digests(context.Context, []int) iter.Seq2[string, error]
	}, numbers []int) (list []string) {
		for d, err := range x.Digests(t.Context(), numbers) {
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, d)
		}
		slices.Sort(list)
		return list
	}
	keys := make(map[matcher.Key]bool)
	for _, r := range reports {
		for _, s := range matcher.Subjects(r) {
			for _, k := range s.Keys() {
				keys[k] = true
			}
		}
	}
	tested := 0
	for k := range keys {
		var a, b []int
		for f, err := range one.Subjects(t.Context(), []matcher.Key{k}) {
			if err != nil {
				t.Fatal(err)
			}
			a = append(a, f.Number)
		}
		for f, err := range g.Subjects(t.Context(), []matcher.Key{k}) {
			if err != nil {
				t.Fatal(err)
			}
			b = append(b, f.Number)
		}
		want, got := images(one, a), images(g, b)
		if !slices.Equal(got, want) {
			t.Fatalf("%v: %d images, want %d", k, len(got), len(want))
		}
		ids, err := one.IDs(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		numbers, err := g.Lookup(t.Context(), []matcher.Key{k}, ids)
		if err != nil {
			t.Fatal(err)
		}
		if got := images(g, numbers); !slices.Equal(got, want) {
			t.Fatalf("%v: %d images by identifiers, want %d", k, len(got), len(want))
		}
		if len(want) > 0 {
			tested++
			for range g.Digests(t.Context(), b) {
				break
			}
		}
	}
	if tested < 100 {
		t.Errorf("only %d keys", tested)
	}
	ids, err := g.IDs(t.Context(), []int{0, g.Indexes[0].subjects(), g.Indexes[0].subjects() + g.Indexes[1].subjects()})
	if err != nil || len(ids) == 0 || len(ids) > 3 {
		t.Errorf("%v, %v", ids, err)
	}
}
