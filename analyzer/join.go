package analyzer

import "context"

// A Joiner is an Analyzer of files that complete one another from any directory and any layer, as a project's pom.xml and
// those of its parents do. Analyze answers for each single file, and keeps in Result.Fact what Join needs of the file.
//
// A scan calls Join once, after it merged the layers, with the facts of all visible files, sorted by path. Join must be a
// pure function of them. Each answer belongs to the fact at the same index. A missing answer changes nothing. A panic
// becomes a [Diagnostic] that takes the place of all answers.
type Joiner interface {
	Analyzer
	Join(ctx context.Context, facts []Fact) []Joined
}

// A Fact is the Result.Fact of one file. It is not empty.
type Fact struct {
	Path string // slash-separated, clean, relative to the root, without a leading slash
	Data []byte // must not be changed
}

// A Joined is the answer of a [Joiner] for one file. The layer of its packages is the lowest one from which on the file has
// had this fact.
type Joined struct {
	Result      *Result      // takes the place of the Result of Analyze; nil leaves it
	Diagnostics []Diagnostic // beside those of Analyze and of Result
	Err         error        // becomes one more Diagnostic
}
