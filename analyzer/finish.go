package analyzer

import "context"

// A Finisher is an Analyzer that adds results about the whole report, as package verify does, or that drops findings in its
// light.
//
// A scan calls Finish once, after everything else, and then puts the report in canonical order. Finish must be a pure function of the report. It
// may change Findings, Records, Diagnostics, Component.Altered, Component.Nested, FileFinding.Intact and Examination.Skipped. Of several Finishers, those with Info.List
// come first, because the list of files is evidence for others, and else the names decide. An error or a panic becomes a
// [Diagnostic], and Examination.NotRun says so.
type Finisher interface {
	Analyzer
	Finish(ctx context.Context, report *Report) error
}
