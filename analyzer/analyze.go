package analyzer

import (
	"context"
	"errors"
	"fmt"
)

// analyze lets one analyzer look at one file. Whatever it does, there is an answer.
func (r *run) analyze(ctx context.Context, i int, f *File) (answer fileResult) {
	a := &r.analyzers[i]
	defer func() {
		if p := recover(); p != nil {
			answer = fileResult{Problems: []problem{{Kind: Panicked, Message: fmt.Sprint(p)}}}
		}
	}()
	f.account = &account{most: r.limits.Memory, left: r.limits.Inflated, alone: r.budget.alone}
	defer f.account.close()
	result, err := a.Analyze(ctx, f)
	if result != nil {
		answer.Result = *result
	}
	for _, err := range parts(err) {
		if errors.Is(err, ErrUnavailable) {
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

func kindOf(err error) DiagnosticKind {
	switch {
	case errors.Is(err, ErrTooLarge):
		return TooLarge
	case errors.Is(err, ErrUnsupported), errors.Is(err, errors.ErrUnsupported):
		return Unsupported
	case errors.Is(err, ErrPanic):
		return Panicked
	}
	return Malformed
}
