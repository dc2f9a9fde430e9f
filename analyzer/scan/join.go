package scan

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/hullmark/hullmark/analyzer"
)

// join calls Join of the analyzers that have it, for files.
func (r *run) join(ctx context.Context, files []*file) []analyzer.FileDiagnostic {
	answers := make([][]*answer, len(r.analyzers))
	facts := make([][]analyzer.Fact, len(r.analyzers))
	for _, f := range files {
		for k := range f.results {
			if a := &f.results[k]; len(a.Fact) > 0 && !r.analyzers[a.analyzer].lists {
				answers[a.analyzer] = append(answers[a.analyzer], a)
				facts[a.analyzer] = append(facts[a.analyzer], analyzer.Fact{Path: f.path, Data: a.Fact})
			}
		}
	}
	var problems []analyzer.FileDiagnostic
	for i, list := range facts {
		if len(list) == 0 {
			continue
		}
		name := r.analyzers[i].info.Name
		j, ok := r.analyzers[i].Analyzer.(analyzer.Joiner)
		if !ok {
			problems = append(problems, diagnosticOf(name, -1, analyzer.Unsupported, "", "the analyzer returns facts, but does not join them"))
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

// callJoin calls Join with facts in the order of their paths, and returns the answers in the order of list.
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
