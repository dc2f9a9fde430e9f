package scan

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/content"
	"github.com/hullmark/hullmark/analyzer/internal/stream"
	"github.com/hullmark/hullmark/internal/diagnostic"
)

// A job is one file for one analyzer.
type job struct {
	entry    int                   // number of the file in the journal
	analyzer int                   // index into run.analyzers
	path     string                // name of the file in the layer
	as       string                // another name under which the analyzer wants it, or ""
	siblings map[string]string     // names in the layer of its siblings, if the file is a hard link
	lost     []analyzer.Diagnostic // siblings that were not read
	parts    *parts                // the content, if the scan did not keep all of it
	reader   stream.Reader         // has looked at the content; or nil
}

// name returns the name under which the analyzer sees the file.
func (j job) name() string { return cmp.Or(j.as, j.path) }

// task runs a job as soon as a worker is free, and calls done afterwards.
func (c *collector) task(j job, open opener, done func()) {
	if c.checkLimit() != nil { // finish returns the error; a file may have many names
		done()
		return
	}
	release, err := c.work(c.ctx, j.analyzer)
	if err != nil {
		done()
		return
	}
	c.tasks.Go(func() {
		defer release()
		account := content.NewAccount(c.limits.Memory, c.limits.Inflated, c.analysis)
		defer account.Close() // when the result is counted
		result := c.analyze(c.ctx, j, open, account)
		if j.parts != nil && j.parts.missed.Load() {
			result = fileResult{More: true}
		}
		result.Diagnostics = append(slices.Clip(result.Diagnostics), j.lost...)
		done()
		if !result.empty() {
			c.packages.Add(int64(result.count()))
			c.add(j, result)
			c.keepResults() // finish returns the error
		}
	})
}

// work waits until an analyzer may work. An analyzer that limits its calls has places of its own.
func (r *run) work(ctx context.Context, i int) (release func(), err error) {
	workers := r.analyzers[i].workers
	if workers == nil {
		return r.worker(ctx)
	}
	select {
	case workers <- struct{}{}:
		return func() { <-workers }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// An opener returns a file for one call of Analyze, whose memory the account counts.
type opener func(*content.Account) *analyzer.File

// analyze calls the analyzer of a job with the file that open returns. It always returns an answer, even if the analyzer panics.
func (r *run) analyze(ctx context.Context, j job, open opener, account *content.Account) (answer fileResult) {
	a := &r.analyzers[j.analyzer]
	defer func() {
		if p := recover(); p != nil {
			answer = fileResult{}
			answer.diagnose(analyzer.Panicked, fmt.Sprint(p))
		}
	}()
	f := open(account)
	var result *analyzer.Result
	var err error
	if j.reader != nil {
		result, err = j.reader.Result()
	} else {
		result, err = a.Analyze(ctx, f)
	}
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
		answer.Diagnostics = append(answer.Diagnostics, diagnostic.Of(err))
	}
	return answer
}
