package analyzer

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
)

// A Joiner is an Analyzer of files that complete one another from any directory and any layer, as a project's pom.xml and
// those of its parents do. Analyze says of each file what it says by itself, and keeps in Result.Fact what is to be known of
// it beside others.
//
// Join is called once a scan, after the layers are merged, with the facts of all files that are visible then, sorted by
// path. It must be a pure function of them. Its answers belong to the facts at the same index; missing ones say nothing. A
// panic becomes a [Diagnostic] that takes the place of all answers.
type Joiner interface {
	Analyzer
	Join(ctx context.Context, facts []Fact) []Joined
}

// A Fact is what [Joiner] is told of one file: Result.Fact as Analyze returned it, not empty.
type Fact struct {
	Path string // slash-separated, clean, relative to the root, without a leading slash
	Data []byte // not to be changed
}

// A Joined is what [Joiner] answers of one file. A Result takes the place of the one that Analyze returned, nil leaves it.
// Err becomes one Diagnostic or, as [errors.Join] makes it, several, beside those of Analyze. The layer of what was found is
// the one since which the file has had this fact.
type Joined struct {
	Result *Result
	Err    error
}

// join lets the analyzers that are Joiners answer for the files in a tree.
func (r *run) join(ctx context.Context, t *tree) []Diagnostic {
	answers := make([][]*answer, len(r.analyzers))
	facts := make([][]Fact, len(r.analyzers))
	t.root.each(func(f *file) {
		for k := range f.results {
			if a := &f.results[k]; len(a.Fact) > 0 {
				answers[a.analyzer] = append(answers[a.analyzer], a)
				facts[a.analyzer] = append(facts[a.analyzer], Fact{f.path, a.Fact})
			}
		}
	})
	var problems []Diagnostic
	for i, list := range facts {
		if len(list) == 0 {
			continue
		}
		name := r.analyzers[i].info.Name
		j, ok := r.analyzers[i].Analyzer.(Joiner)
		if !ok {
			problems = append(problems, Diagnostic{Kind: Unsupported, Layer: -1, Analyzer: name, Message: "it keeps facts of files, and does not join them"})
			continue
		}
		joined, err := callJoin(ctx, j, list)
		if err != nil {
			problems = append(problems, Diagnostic{Kind: Panicked, Layer: -1, Analyzer: name, Message: err.Error()})
			continue
		}
		for k := range joined[:min(len(joined), len(list))] {
			if errors.Is(joined[k].Err, ErrUnavailable) {
				r.analyzers[i].missing.add(list[k].Path, joined[k].Err)
				continue
			}
			answers[i][k].joined = &joined[k]
		}
	}
	return problems
}

// callJoin calls j with facts in the order of paths and returns the answers in the order of list.
func callJoin(ctx context.Context, j Joiner, list []Fact) (joined []Joined, err error) {
	defer func() {
		if p := recover(); p != nil {
			joined, err = nil, fmt.Errorf("join: %v", p)
		}
	}()
	order := make([]int, len(list))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(list[a].Path, list[b].Path) })
	sorted := make([]Fact, len(list))
	for i, k := range order {
		sorted[i] = list[k]
	}
	joined = make([]Joined, len(list))
	for i, answer := range j.Join(ctx, sorted) {
		if i < len(order) {
			joined[order[i]] = answer
		}
	}
	return joined, nil
}

// inheritFact attributes what Join will say of a file to the layer since which it has had the same fact.
func (a *answer) inheritFact(old *answer) {
	if len(a.Fact) > 0 && bytes.Equal(a.Fact, old.Fact) {
		a.factSince = old.factSince
	}
}

// result returns what counts of a file: what Join said, or else Analyze.
func (a *answer) result() *Result {
	if a.joined != nil && a.joined.Result != nil {
		return a.joined.Result
	}
	return &a.Result
}

// layerOf returns the layer to which package n of the result is attributed.
func (a *answer) layerOf(n int) int {
	if a.joined != nil && a.joined.Result != nil {
		return a.factSince
	}
	return a.since[n]
}

// problems returns those of Analyze and of Join.
func (a *answer) problems() []problem {
	if a.joined == nil || a.joined.Err == nil {
		return a.Problems
	}
	return append(a.Problems[:len(a.Problems):len(a.Problems)], capProblems(problemsOf(a.joined.Err))...)
}
