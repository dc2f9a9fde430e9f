package scan

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/diagnostic"
)

// finish calls the Finishers with a report that is complete without them.
func (r *run) finish(ctx context.Context, report *analyzer.Report) error {
	var list []*bound
	for i := range r.analyzers {
		if _, ok := r.analyzers[i].Analyzer.(analyzer.Finisher); ok {
			list = append(list, &r.analyzers[i])
		}
	}
	if list == nil {
		r.joinRepeated(report)
		return nil
	}
	slices.SortFunc(list, func(a, b *bound) int {
		if a.info.List != b.info.List {
			if a.info.List {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.info.Name, b.info.Name)
	})
	for _, a := range list {
		d := callFinish(ctx, a.Analyzer.(analyzer.Finisher), report)
		if err := ctx.Err(); err != nil {
			return err
		}
		if d.Code == "" {
			continue
		}
		report.Diagnostics = append(report.Diagnostics, diagnosticOf(a.info.Name, -1, d.Code, "", d.Message))
		for i := range report.Examined {
			if e := &report.Examined[i]; e.Analyzer == a.info.Name && e.NotRun == "" {
				e.NotRun = d.Message
			}
		}
	}
	r.joinRepeated(report)
	sortReport(report)
	return nil
}

// callFinish returns a diagnostic without a Code if Finish succeeds.
func callFinish(ctx context.Context, f analyzer.Finisher, report *analyzer.Report) (d analyzer.Diagnostic) {
	defer func() {
		if p := recover(); p != nil {
			d = analyzer.Diagnostic{Code: analyzer.Panicked, Message: fmt.Sprintf("finish: %v", p)}
		}
	}()
	if err := f.Finish(ctx, report); err != nil {
		return diagnostic.Of(err)
	}
	return analyzer.Diagnostic{}
}
