package scan

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/content"
	"github.com/hullmark/hullmark/internal/problem"
)

// A job is one file for one analyzer.
type job struct {
	entry    int    // number of the file in the journal
	analyzer int    // index into run.analyzers
	path     string // name of the file in the layer
	as       string // another name under which the analyzer wants it, or ""
}

// name returns the name under which the analyzer sees the file.
func (j job) name() string { return cmp.Or(j.as, j.path) }

// task runs a job as soon as a worker is free, and calls done afterwards.
func (c *collector) task(j job, open opener, done func()) {
	workers := c.analyzers[j.analyzer].workers
	select {
	case workers <- struct{}{}:
	case <-c.ctx.Done():
		done()
		return
	}
	c.tasks.Go(func() {
		defer func() { <-workers }()
		defer done()
		if result := c.analyze(c.ctx, j.analyzer, open); !result.empty() {
			c.packages.Add(int64(len(result.Packages) + len(result.Fragments) + len(result.Findings)))
			c.add(j, result)
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
