package scan

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/problem"
)

// join lets the analyzers that are Joiners answer for the files in a tree.
func (r *run) join(ctx context.Context, t *tree) []analyzer.FileDiagnostic {
	answers := make([][]*answer, len(r.analyzers))
	facts := make([][]analyzer.Fact, len(r.analyzers))
	t.root.each(func(f *file) {
		for k := range f.results {
			if a := &f.results[k]; len(a.Fact) > 0 {
				answers[a.analyzer] = append(answers[a.analyzer], a)
				facts[a.analyzer] = append(facts[a.analyzer], analyzer.Fact{Path: f.path, Data: a.Fact})
			}
		}
	})
	var problems []analyzer.FileDiagnostic
	for i, list := range facts {
		if len(list) == 0 {
			continue
		}
		name := r.analyzers[i].info.Name
		j, ok := r.analyzers[i].Analyzer.(analyzer.Joiner)
		if !ok {
			problems = append(problems, diagnosticOf(name, -1, analyzer.Unsupported, "", "it keeps facts of files, and does not join them"))
			continue
		}
		joined, err := callJoin(ctx, j, list)
		if err != nil {
			problems = append(problems, diagnosticOf(name, -1, analyzer.Panicked, "", err.Error()))
			continue
		}
		for k := range joined[:min(len(joined), len(list))] {
			if errors.Is(joined[k].Err, analyzer.ErrUnavailable) {
				r.analyzers[i].missing.add(list[k].Path, joined[k].Err)
				continue
			}
			answers[i][k].joined = &joined[k]
		}
	}
	return problems
}

// callJoin calls j with facts in the order of paths and returns the answers in the order of list.
func callJoin(ctx context.Context, j analyzer.Joiner, list []analyzer.Fact) (joined []analyzer.Joined, err error) {
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
	sorted := make([]analyzer.Fact, len(list))
	for i, k := range order {
		sorted[i] = list[k]
	}
	joined = make([]analyzer.Joined, len(list))
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
func (a *answer) result() *analyzer.Result {
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

// diagnostics returns those of the engine, Analyze and Join.
func (a *answer) diagnostics() []analyzer.Diagnostic {
	list := a.Diagnostics[:len(a.Diagnostics):len(a.Diagnostics)]
	if a.Link != "" {
		list = append(list, analyzer.Diagnostic{Code: analyzer.Unsupported, Message: fmt.Sprintf("a hard link to %s, which was not read", a.Link)})
	}
	if a.joined == nil {
		return list
	}
	joined := a.joined.Diagnostics
	if a.joined.Result != nil {
		joined = slices.Concat(a.joined.Result.Diagnostics, joined)
	}
	list = append(list, checked(joined)...)
	if a.joined.Err != nil {
		list = append(list, problem.Of(a.joined.Err))
	}
	return list
}
