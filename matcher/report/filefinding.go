package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/english"
	"github.com/hullmark/hullmark/matcher"
)

// A FileFinding is a finding of an analyzer in a file or in the image's configuration: malware, a secret.
type FileFinding struct {
	*analyzer.FileFinding

	Index      int                 // in Report.Findings
	Level      matcher.Level       // of Severity; Negligible for "info", Unknown for "" and words that are no severity
	Package    *analyzer.Component // has the ID Owner; nil if the file belongs to no package of the report
	Action     Action              // the most severe that a policy decided; Undecided without one
	Disallowed bool                // it makes the image fail; without a Gate and a policy every finding does that is not for information
	Decisions  []*Decision
	Reason     *Reason // why the finding is not shown; nil if it is
}

// Informs reports whether the finding is for information only, and no fault of the image. A Gate does not count it.
func (f *FileFinding) Informs() bool {
	return f.Severity == "" || strings.EqualFold(f.Severity, "info")
}

// Place returns the file and the line: "etc/app.conf:3", "image configuration".
func (f *FileFinding) Place() string {
	place := cmp.Or(f.Path, "image configuration")
	if f.Line > 0 {
		place += fmt.Sprintf(":%d", f.Line)
	}
	return place
}

// State says that the file is hidden in the image: "deleted or replaced by a later layer", else "".
func (f *FileFinding) State() string {
	if f.Hidden {
		return "deleted or replaced by a later layer"
	}
	return ""
}

// levelOf returns the level of a finding's severity.
func levelOf(severity string) matcher.Level {
	if strings.EqualFold(severity, "info") {
		return matcher.Negligible
	}
	for l := matcher.Critical; l > matcher.Unknown; l-- {
		if strings.EqualFold(severity, l.String()) {
			return l
		}
	}
	return matcher.Unknown
}

// countsFile reports whether FailOn disallows a finding in a file that is shown.
func (g Gate) countsFile(f *FileFinding) bool {
	return g.FailOn != matcher.Unknown && f.Level >= g.FailOn && !f.Informs()
}

// collectFiles finds the reasons for which findings in files are hidden, and separates the hidden ones.
func (a *Assessment) collectFiles(o *Options, groups map[Reason]int) {
	judged := a.Verdict.byFinding()
	known := newEarlierFiles(o.View.Since)
	ignores := a.ignoresByID()
	for i := range a.Report.Findings {
		f := FileFinding{FileFinding: &a.Report.Findings[i], Index: i, Decisions: judged[i]}
		f.Level, f.Package = levelOf(f.Severity), a.components[f.Owner]
		for _, d := range f.Decisions {
			f.Action = max(f.Action, d.Action)
		}
		r, given := o.HiddenFiles[i]
		ignored := a.ignoreFile(ignores, &f)
		switch {
		case given:
		case ignored != nil:
			ignored.Findings++
			r = ignored.reason()
		case known.take(&f):
			r = Reason{ReasonNotNew, "not new"}
		case f.Level < o.View.Severity && !o.Gate.countsFile(&f) && !demands(f.Decisions):
			r = Reason{ReasonSeverity, "severity " + f.Level.String()}
		}
		if r.Code == "" {
			a.FileFindings = append(a.FileFindings, f)
			continue
		}
		h := a.hiddenFor(r, groups)
		f.Reason = &r
		h.Files = append(h.Files, f)
	}
	sortFiles(a.FileFindings)
	for i := range a.Hidden {
		sortFiles(a.Hidden[i].Files)
	}
}

// sortFiles puts the most severe findings first, and those for information last.
func sortFiles(list []FileFinding) {
	slices.SortStableFunc(list, func(x, y FileFinding) int { return cmp.Compare(y.rank(), x.rank()) })
}

func (f *FileFinding) rank() int {
	if f.Informs() {
		return -1
	}
	return int(f.Level)
}

// ignoreFile returns the first Ignore that holds for a finding in a file, or nil.
func (a *Assessment) ignoreFile(byID map[string][]int, f *FileFinding) *IgnoreUse {
	if len(byID) == 0 {
		return nil
	}
	for _, id := range []string{f.Rule, f.digest()} {
		for _, i := range byID[strings.ToLower(id)] {
			if g := &a.Ignored[i]; g.coversFile(f) {
				return g
			}
		}
	}
	return nil
}

// digest returns the digest of a secret, which ends the detail of a finding of package secrets, or "".
func (f *FileFinding) digest() string {
	word := f.Detail[strings.LastIndexByte(f.Detail, ' ')+1:]
	if algorithm, _, _ := strings.Cut(word, ":"); algorithm == "sha256" || algorithm == "hmac-sha256" {
		return word
	}
	return ""
}

// earlierFiles counts the findings in files that an earlier Assessment shows, without their lines, which move.
type earlierFiles map[analyzer.FileFinding]int

func newEarlierFiles(since *Assessment) earlierFiles {
	if since == nil {
		return nil
	}
	e := make(earlierFiles)
	for i := range since.FileFindings {
		e[earlierFile(&since.FileFindings[i])]++
	}
	return e
}

func earlierFile(f *FileFinding) analyzer.FileFinding {
	return analyzer.FileFinding{Finding: analyzer.Finding{Rule: f.Rule, Title: f.Title, Detail: f.Detail}, Analyzer: f.Analyzer, Path: f.Path}
}

// take reports whether the earlier Assessment has the finding. Each of its findings is taken once: a second equal one is new.
func (e earlierFiles) take(f *FileFinding) bool {
	key := earlierFile(f)
	if e[key] == 0 {
		return false
	}
	e[key]--
	return true
}

// fileFailure counts the findings in files that FailOn disallows.
func (a *Assessment) fileFailure() (Failure, bool) {
	n := 0
	for i := range a.FileFindings {
		if a.Gate.countsFile(&a.FileFindings[i]) {
			n++
		}
	}
	verb := "are"
	if n == 1 {
		verb = "is"
	}
	return Failure{FailedFindings, fmt.Sprintf("%s in files %s %s or worse", english.Count(n, "finding"), verb, a.Gate.FailOn), n}, n > 0
}
