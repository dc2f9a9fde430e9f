package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/db/catalog"
	"github.com/hullmark/hullmark/db/catalog/journal"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/assess"
	"github.com/hullmark/hullmark/matcher/watch"
)

// mostExpanded is for how many events of the last day the sets of images are compared.
const mostExpanded = 300

// An observed is an image whose states follow from the events since its arrival.
type observed struct {
	image  int
	forms  []string // package versions in the order of the components
	states map[string]map[string]watch.State
}

// check follows images from their arrival, with all events, and compares the states at the end with those of a match of the whole report, which
// knows neither chunks nor the index. The last day touched half of the images.
func (s *simulation) check(ctx context.Context) error {
	random := rand.New(rand.NewPCG(3, 3))
	last := &s.history[len(s.history)-1]
	sets, touched, err := s.setsOfEvents(ctx, random, last)
	if err != nil {
		return err
	}
	chosen, half := s.choose(random, touched)
	var list []observed
	var keys []matcher.Key
	for _, image := range slices.Sorted(maps.Keys(chosen)) {
		o := observed{image: image}
		subjects := matcher.Subjects(s.fleet.report(image))
		for i := range subjects {
			o.forms = append(o.forms, formOf(&subjects[i]))
			keys = append(keys, subjects[i].Keys()...)
		}
		if o.states, err = s.states(ctx, &o, s.history[s.arrived[image]].db); err != nil {
			return err
		}
		list = append(list, o)
	}
	slices.SortFunc(keys, matcher.CompareKeys)
	keys = slices.Compact(keys)
	known := make(map[*catalog.Index]*numbering)
	applied := 0
	for n := 1; n < len(s.history); n++ {
		d := &s.history[n]
		first, err := s.number(ctx, known, d, keys)
		if err != nil {
			return err
		}
		byNumber := eventsByNumber(d)
		for i := range list {
			o := &list[i]
			at := slices.IndexFunc(d.live, func(g generation) bool { return g.first <= s.arrived[o.image] && s.arrived[o.image] <= g.last })
			if at < 0 {
				continue // it has not arrived
			}
			mine, count, err := o.follow(known[d.live[at].Index], first[at], byNumber)
			if err != nil {
				return fmt.Errorf("image %d, day %d: %w", o.image, n, err)
			}
			applied += count
			if d == last {
				if err := compareSets(o.image, d, mine, sets); err != nil {
					return err
				}
			}
		}
	}
	if err := s.compareStates(ctx, list, last.db); err != nil {
		return err
	}
	s.print("images that were matched in full at arrival and at the end", len(list))
	s.print("of them touched by the last day", half)
	s.print("events of them between, which agree", applied)
	s.print("events of the last day whose sets of images agree", len(sets))
	return nil
}

// eventsByNumber returns the events of a day by the numbers of their package versions.
func eventsByNumber(d *day) map[int][]*watch.Event {
	byNumber := make(map[int][]*watch.Event)
	for i := range d.events {
		for _, number := range d.events[i].Subjects {
			byNumber[number] = append(byNumber[number], &d.events[i])
		}
	}
	return byNumber
}

// compareSets compares the events of an image's package versions with the sets of images by event.
func compareSets(image int, d *day, mine map[*watch.Event]bool, sets map[int]map[int]bool) error {
	for e, set := range sets {
		if mine[&d.events[e]] != set[image] {
			return fmt.Errorf("image %d: its package versions have the event %v: %v, but its set has the image: %v", image, d.events[e].Vulnerability, !set[image], set[image])
		}
	}
	return nil
}

// setsOfEvents returns the images by events of a day, for some of them, and images of each.
func (s *simulation) setsOfEvents(ctx context.Context, random *rand.Rand, d *day) (sets map[int]map[int]bool, touched []int, err error) {
	sets = make(map[int]map[int]bool)
	for _, i := range random.Perm(len(d.events)) {
		if len(sets) == mostExpanded {
			break
		}
		set := make(map[int]bool)
		for digest, err := range s.indexes(d.live).Digests(ctx, d.events[i].Subjects) {
			if err != nil {
				return nil, nil, err
			}
			set[s.numbers[prefix(digest)]] = true
		}
		sets[i] = set
		if err := s.compareNotice(ctx, &d.events[i], d, set); err != nil {
			return nil, nil, err
		}
		for n, image := range slices.Sorted(maps.Keys(set)) {
			if n < 1+s.checked/100 {
				touched = append(touched, image)
			}
		}
	}
	return sets, touched, nil
}

// choose returns the images to follow, and how many of them are touched.
func (s *simulation) choose(random *rand.Rand, touched []int) (chosen map[int]bool, half int) {
	random.Shuffle(len(touched), func(i, j int) { touched[i], touched[j] = touched[j], touched[i] })
	chosen = make(map[int]bool)
	for _, image := range touched {
		if len(chosen) < s.checked/2 {
			chosen[image] = true
		}
	}
	half = len(chosen)
	for range 100 * s.checked {
		image := random.IntN(s.images + len(s.arrived))
		if len(chosen) < s.checked && !s.gone[digestOf(image)] {
			chosen[image] = true
		}
	}
	return chosen, half
}

// number adds the numbers of package versions in the indexes of a day, and returns the number of the first one in each index.
func (s *simulation) number(ctx context.Context, known map[*catalog.Index]*numbering, d *day, keys []matcher.Key) ([]int, error) {
	for _, g := range d.live {
		if known[g.Index] != nil {
			continue
		}
		numbers := &numbering{own: make(map[string]int)}
		for f, err := range g.Subjects(ctx, keys) {
			if err != nil {
				return nil, err
			}
			numbers.last = f.Subject
			numbers.own[formOf(&f.Subject)] = f.Number
		}
		known[g.Index] = numbers
	}
	first := make([]int, len(d.live))
	for i := range d.live {
		var err error
		if first[i], err = known[d.live[i].Index].offset(ctx, s.indexes(d.live[:i+1])); err != nil {
			return nil, err
		}
	}
	return first, nil
}

// follow applies the events of a day to the states of an image, whose index has the numbers from first on. It returns these events, and how often
// it applied one.
func (o *observed) follow(numbers *numbering, first int, byNumber map[int][]*watch.Event) (mine map[*watch.Event]bool, applied int, err error) {
	mine = make(map[*watch.Event]bool)
	for form, states := range o.states {
		number, ok := numbers.own[form]
		if !ok {
			return nil, 0, fmt.Errorf("the index lacks a package version: %s", form)
		}
		events := byNumber[first+number]
		if err := apply(states, events); err != nil {
			return nil, 0, fmt.Errorf("%s: %w", form, err)
		}
		applied += len(events)
		for _, e := range events {
			mine[e] = true
		}
	}
	return mine, applied, nil
}

// compareStates compares the states of images with those of a match of the whole reports.
func (s *simulation) compareStates(ctx context.Context, list []observed, d *db.DB) error {
	wrong := 0
	for i := range list {
		o := &list[i]
		want, err := s.states(ctx, o, d)
		if err != nil {
			return err
		}
		for form := range want {
			if !maps.Equal(o.states[form], want[form]) {
				wrong++
				s.print("WRONG", fmt.Sprintf("image %d: %s: %v, want %v", o.image, form, o.states[form], want[form]))
			}
		}
	}
	if wrong > 0 {
		return fmt.Errorf("%d package versions have other states than their events give", wrong)
	}
	return nil
}

// A numbering has the numbers of package versions in an index, and one of them.
type numbering struct {
	own  map[string]int // by form
	last matcher.Subject
}

// offset returns how much is added to the numbers of an index that is the last one of several.
func (n *numbering) offset(ctx context.Context, all *catalog.Generations) (int, error) {
	number, form := 0, formOf(&n.last)
	for f, err := range all.Subjects(ctx, n.last.Keys()) {
		if err != nil {
			return 0, err
		}
		if formOf(&f.Subject) == form {
			number = f.Number
		}
	}
	return number - n.own[form], nil
}

// compareNotice compares the images of an event in the store with its set.
func (s *simulation) compareNotice(ctx context.Context, e *watch.Event, d *day, set map[int]bool) error {
	if s.store == nil {
		return nil
	}
	notice, ok := s.notices[e.ID]
	if !ok {
		return fmt.Errorf("the store lacks an event about %s", e.Vulnerability)
	}
	n := 0
	for digest, err := range journal.Digests(ctx, &notice, s.indexes(d.live)) {
		if err != nil {
			return err
		}
		if !set[s.numbers[prefix(digest)]] {
			return fmt.Errorf("event about %s: %s is not in its set", e.Vulnerability, digest)
		}
		n++
	}
	if n != len(set) {
		return fmt.Errorf("event about %s: %d images, want %d", e.Vulnerability, n, len(set))
	}
	return nil
}

// apply changes the states of a package version by the events of a day, which must all fit.
func apply(states map[string]watch.State, events []*watch.Event) error {
	became := make(map[string]bool)
	for _, kinds := range [][]watch.Kind{
		{watch.Disappeared}, {watch.Renamed}, {watch.Appeared}, {watch.FixAvailable, watch.SeverityChanged, watch.Exploited, watch.StatusChanged},
	} {
		for _, e := range events {
			if !slices.Contains(kinds, e.Kind) {
				continue
			}
			id := e.Vulnerability
			if e.Kind == watch.Renamed {
				id = e.Was
			}
			was, ok := states[id]
			if ok != (e.Kind != watch.Appeared) || was != e.Old && !became[id] {
				return fmt.Errorf("event %s of %s from %v, but the state is %v", e.Kind, id, e.Old, was)
			}
			delete(states, id)
			if e.Kind != watch.Disappeared {
				states[e.Vulnerability] = e.New
				became[e.Vulnerability] = true
			}
		}
	}
	return nil
}

// states matches the whole report of an image, and returns the states of vulnerabilities by package version.
func (s *simulation) states(ctx context.Context, o *observed, source *db.DB) (map[string]map[string]watch.State, error) {
	report := s.fleet.report(o.image)
	answer, err := assess.Pipeline{Source: source}.Report(ctx, report, nil)
	if err != nil {
		return nil, err
	}
	forms := make(map[string]string, len(o.forms)) // by component
	states := make(map[string]map[string]watch.State)
	for i := range report.Components {
		forms[report.Components[i].ID] = o.forms[i]
		states[o.forms[i]] = make(map[string]watch.State)
	}
	for i := range answer.Result.Matches {
		m := &answer.Result.Matches[i]
		states[forms[m.Component]][m.ID] = watch.State{
			Status: m.Status, Uncertain: m.Uncertain != "", Fixable: m.Fixed != "", Level: m.Severity.Level, Exploited: !m.Enrichment.Exploited.IsZero(),
		}
	}
	return states, nil
}

// formOf returns a text that equal package versions have in common.
func formOf(s *matcher.Subject) string {
	b, err := json.Marshal(s)
	if err != nil {
		return err.Error() // Subjects have no values that JSON lacks
	}
	return string(b)
}
