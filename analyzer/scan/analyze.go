package scan

import (
	"context"
	"errors"
	"fmt"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/content"
	"github.com/hullmark/hullmark/internal/problem"
)

// An opener returns a file for one call of Analyze, whose memory the account counts.
type opener func(*content.Account) *analyzer.File

// analyze lets one analyzer look at the file that open returns. It always returns an answer, whatever the analyzer does.
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
