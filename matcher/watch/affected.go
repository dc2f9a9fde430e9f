package watch

import (
	"context"
	"fmt"
	"iter"

	"github.com/hullmark/hullmark/matcher"
)

// Affected returns the numbers of the package versions of an index that advisories affect, or may affect. The advisories may be
// drafts that no source has.
func Affected(ctx context.Context, m matcher.Matcher, index Index, advisories ...matcher.Advisory) ([]int, error) {
	var keys []matcher.Key
	for i := range advisories {
		keys = append(keys, advisories[i].Key.Forms()...)
	}
	m.Source = drafts(advisories)
	var found []Found
	var subjects []matcher.Subject
	for f, err := range index.Subjects(ctx, keys) {
		if err != nil {
			return nil, fmt.Errorf("watch: %w", err)
		}
		found = append(found, f)
		subjects = append(subjects, f.Subject)
	}
	matches, err := m.MatchSubjects(ctx, subjects)
	if err != nil {
		return nil, fmt.Errorf("watch: %w", err)
	}
	var numbers []int
	for i := range found {
		if len(matches[i]) > 0 {
			numbers = append(numbers, found[i].Number)
		}
	}
	return numbers, nil
}

// drafts is a source of some advisories.
type drafts []matcher.Advisory

func (d drafts) Advisories(_ context.Context, keys []matcher.Key) iter.Seq2[matcher.Advisory, error] {
	return func(yield func(matcher.Advisory, error) bool) {
		wanted := make(map[matcher.Key]bool, len(keys))
		for _, k := range keys {
			wanted[k] = true
		}
		for i := range d {
			if wanted[d[i].Key] && !yield(d[i], nil) {
				return
			}
		}
	}
}

// Coverage covers the ecosystems of the drafts.
func (d drafts) Coverage(_ context.Context, keys []matcher.Key) ([]matcher.Coverage, error) {
	seen := make(map[matcher.Key]bool)
	var rows []matcher.Coverage
	for _, k := range keys {
		e := k.Ecosystem()
		if seen[e] {
			continue
		}
		seen[e] = true
		row := matcher.Coverage{Type: e.Type, Namespace: e.Namespace, Release: e.Release}
		for i := range d {
			if d[i].Key.Ecosystem() == e {
				row.Feed = d[i].Feed
			}
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func (d drafts) Named(_ context.Context, keys []matcher.Key) ([]matcher.Key, error) {
	var list []matcher.Key
	for i := range d {
		for _, k := range keys {
			if k.Type == d[i].Key.Type && k.Name == d[i].Key.Name && d[i].Key.Release == "" {
				list = append(list, d[i].Key)
				break
			}
		}
	}
	return list, nil
}
