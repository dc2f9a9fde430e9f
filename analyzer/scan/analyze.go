package scan

import (
	"context"
	"errors"
	"fmt"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/content"
	"github.com/hullmark/hullmark/internal/problem"
)

// A job is one file for one analyzer, slot.asked[k].
type job struct {
	slot *slot
	k    int
}

// task runs a job as soon as a worker is free, and calls done afterwards.
func (c *collector) task(j job, open opener, done func()) {
	workers := c.analyzers[j.slot.asked[j.k]].workers
	select {
	case workers <- struct{}{}:
	case <-c.ctx.Done():
		done()
		return
	}
	c.tasks.Go(func() {
		defer func() { <-workers }()
		defer done()
		if result := c.analyze(c.ctx, j.slot.asked[j.k], open); !result.empty() {
			c.packages.Add(int64(len(result.Packages) + len(result.Fragments) + len(result.Findings)))
			j.slot.results[j.k] = &result
		}
	})
}

// An opener returns a file for one call of Analyze, whose memory the account counts.
type opener func(*content.Account) *analyzer.File

// analyze calls an analyzer with the file that open returns. It always returns an answer, even if the analyzer panics.
func (r *run) analyze(ctx context.Context, i int, open opener) (answer fileResult) {
	a := &r.analyzers[i]
	defer func() {
		if p := recover(); p != nil {
			answer = fileResult{}
			answer.diagnose(analyzer.Panicked, fmt.Sprint(p))
		}
	}()
	account := content.NewAccount(r.limits.Memory, r.limits.Inflated, r.budget.alone)
	defer account.Close()
	f := open(account)
	result, err := a.Analyze(ctx, f)
	if result != nil {
		answer.Result = *result
		answer.Diagnostics = checked(answer.Diagnostics)
	}
	switch {
	case err == nil:
	case errors.Is(err, analyzer.ErrUnavailable):
		a.missing.add(f.Path, err)
		answer.missing = true
	default:
		answer.Diagnostics = append(answer.Diagnostics, problem.Of(err))
	}
	return answer
}
