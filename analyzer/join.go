package analyzer

import "context"

// A Joiner is an Analyzer of files that complete one another from any directory and any layer, as a project's pom.xml and
// those of its parents do. Analyze says of each file what it says by itself, and keeps in Result.Fact what is to be known of
// it beside others.
//
// Join is called once a scan, after the layers are merged, with the facts of all files that are visible then, sorted by
// path. It must be a pure function of them. Its answers belong to the facts at the same index; missing ones say nothing. A
// panic becomes a [Diagnostic] that takes the place of all answers.
type Joiner interface {
	Analyzer
	Join(ctx context.Context, facts []Fact) []Joined
}

// A Fact is what [Joiner] is told of one file: Result.Fact as Analyze returned it, not empty.
type Fact struct {
	Path string // slash-separated, clean, relative to the root, without a leading slash
	Data []byte // not to be changed
}

// A Joined is what [Joiner] answers of one file. A Result takes the place of the one that Analyze returned, nil leaves it.
// Err becomes one Diagnostic or, as [errors.Join] makes it, several, beside those of Analyze. The layer of what was found is
// the one since which the file has had this fact.
type Joined struct {
	Result *Result
	Err    error
}
