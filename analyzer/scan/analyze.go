package scan

import (
	"context"
	"errors"
	"fmt"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/content"
)

// An opener returns a file for one call of Analyze, whose memory the account counts.
type opener func(*content.Account) *analyzer.File

// analyze lets one analyzer look at the file that open returns. It always returns an answer, whatever the analyzer does.
func (r *run) analyze(ctx context.Context, i int, open opener) (answer fileResult) {
	a := &r.analyzers[i]
	defer func() {
		if p := recover(); p != nil {
			answer = fileResult{Problems: []problem{{Kind: analyzer.Panicked, Message: fmt.Sprint(p)}}}
		}
	}()
	account := content.NewAccount(r.limits.Memory, r.limits.Inflated, r.budget.alone)
	defer account.Close()
	f := open(account)
	result, err := a.Analyze(ctx, f)
	if result != nil {
		answer.Result = *result
	}
	for _, err := range parts(err) {
		if errors.Is(err, analyzer.ErrUnavailable) {
			a.missing.add(f.Path, err)
			answer.missing = true
			continue
		}
		answer.Problems = append(answer.Problems, problem{Kind: kindOf(err), Message: err.Error()})
	}
	return answer
}

// problemsOf returns what an analyzer's error tells, part by part.
func problemsOf(err error) (list []problem) {
	for _, err := range parts(err) {
		list = append(list, problem{Kind: kindOf(err), Message: err.Error()})
	}
	return list
}

// parts returns the errors that errors.Join put together.
func parts(err error) []error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	if all := errors.Join(joined.Unwrap()...); all == nil || all.Error() != err.Error() {
		return []error{err} // fmt.Errorf, too, makes one of several, but with a text of its own
	}
	var list []error
	for _, e := range joined.Unwrap() {
		list = append(list, parts(e)...)
	}
	return list
}

func kindOf(err error) analyzer.DiagnosticKind {
	switch {
	case errors.Is(err, analyzer.ErrTooLarge):
		return analyzer.TooLarge
	case errors.Is(err, analyzer.ErrUnsupported), errors.Is(err, errors.ErrUnsupported):
		return analyzer.Unsupported
	case errors.Is(err, analyzer.ErrPanic):
		return analyzer.Panicked
	}
	return analyzer.Malformed
}
