package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/english"
)

// A Search is one kind of thing that analyzers look for in images, and the analyzers that looked for it.
type Search struct {
	Kind   string                  // in kebab-case: "packages", "secrets"
	Done   []*analyzer.Examination // by analyzers that ran, in the order of the report
	NotRun []*analyzer.Examination // by analyzers that looked at no file, or not at all files
}

// kinds are the aims of the analyzers of packages all and content, which this package must not import, of the plugin clamav, and secrets. A
// report names those that no analyzer pursued. Package retrieve is left out: its user chooses the files.
var kinds = [...]string{"packages", "accounts", "configuration", "files", "hints", "instructions", "malware", "package-verification", "secrets"}

// Searches returns the searches by kind, packages first. It includes the kinds of this module's analyzers that no analyzer of the scan
// looked for. It returns nil for a report without examinations, such as a document of another tool.
func (a *Assessment) Searches() []Search {
	if len(a.Report.Examined) == 0 {
		return nil
	}
	by := make(map[string]*Search)
	for _, kind := range kinds {
		by[kind] = &Search{Kind: kind}
	}
	for i := range a.Report.Examined {
		x := &a.Report.Examined[i]
		for _, kind := range finds(x) {
			s := by[kind]
			if s == nil {
				s = &Search{Kind: kind}
				by[kind] = s
			}
			if x.NotRun == "" {
				s.Done = append(s.Done, x)
			} else {
				s.NotRun = append(s.NotRun, x)
			}
		}
	}
	list := []Search{*by[kinds[0]]}
	for _, kind := range slices.Sorted(maps.Keys(by)) {
		if kind != kinds[0] {
			list = append(list, *by[kind])
		}
	}
	return list
}

// finds returns the kinds of things that an analyzer looks for, each once.
func finds(x *analyzer.Examination) []string {
	if len(x.Finds) == 0 {
		return kinds[:1]
	}
	return slices.Compact(slices.Sorted(slices.Values(x.Finds)))
}

// Name returns the kind as a person writes it: "retrieved files".
func (s *Search) Name() string { return strings.ReplaceAll(s.Kind, "-", " ") }

// Analyzers names the analyzers that ran, with their data: "clamav with ClamAV 27833". It counts them if there are many without data.
func (s *Search) Analyzers() string {
	const most = 5
	var names, dated []string
	for _, x := range s.Done {
		if x.Data == "" {
			names = append(names, x.Analyzer)
		} else {
			dated = append(dated, x.Analyzer+" with "+x.Data)
		}
	}
	if len(names) > most {
		names = []string{english.Count(len(names), "analyzer")}
	}
	return strings.Join(append(names, dated...), ", ")
}

// Missing names the gaps of the search: "not looked for", "clamav: no signatures". It is "" if every analyzer ran on all
// files.
func (s *Search) Missing() string {
	if len(s.Done)+len(s.NotRun) == 0 {
		return "not looked for"
	}
	var parts []string
	for _, x := range s.NotRun {
		parts = append(parts, notRun(x))
	}
	return strings.Join(parts, "; ")
}

func notRun(x *analyzer.Examination) string {
	return x.Analyzer + ": " + x.NotRun
}

// Examined sums up the searches in a line: "looked for packages (47 analyzers); not looked for: secrets".
func (a *Assessment) Examined() string {
	list := a.Searches()
	if list == nil {
		return "the report does not name the kinds of findings looked for"
	}
	var done, not, never []string
	for i := range list {
		s := &list[i]
		if by := s.Analyzers(); by != "" {
			done = append(done, fmt.Sprintf("%s (%s)", s.Name(), by))
		} else if len(s.NotRun) == 0 {
			never = append(never, s.Name())
		}
	}
	for i := range a.Report.Examined {
		if x := &a.Report.Examined[i]; x.NotRun != "" {
			not = append(not, fmt.Sprintf("%s (%s)", x.Analyzer, x.NotRun))
		}
	}
	var parts []string
	if len(done) > 0 {
		parts = append(parts, "looked for "+strings.Join(done, ", "))
	}
	if len(not) > 0 {
		parts = append(parts, "did not run, or not on all files: "+strings.Join(not, ", "))
	}
	if len(never) > 0 {
		parts = append(parts, "not looked for: "+strings.Join(never, ", "))
	}
	return strings.Join(parts, "; ")
}

// notRun names the analyzers that looked at no file, or not at all files, the kinds of things that they may have missed, and the reason. It skips
// analyzers that an Exclusion leaves out. A report of another program may have a diagnostic only.
func (a *Assessment) notRun() []string {
	var list []string
	examined := make(map[string]bool)
	add := func(x *analyzer.Examination) {
		if examined[x.Analyzer] = true; x.NotRun != "" && !a.skips(x.Analyzer) {
			missed := strings.ReplaceAll(strings.Join(finds(x), ", "), "-", " ")
			list = append(list, fmt.Sprintf("%s may have missed %s: %s", x.Analyzer, missed, x.NotRun))
		}
	}
	for i := range a.Report.Examined {
		add(&a.Report.Examined[i])
	}
	for i := range a.Report.Diagnostics {
		if d := &a.Report.Diagnostics[i]; d.Code == analyzer.Unavailable && !examined[d.Analyzer] {
			add(&analyzer.Examination{Analyzer: d.Analyzer, NotRun: d.Message})
		}
	}
	return list
}

func (a *Assessment) notRunNotes() []Note {
	const most = 5
	var list []Note
	lacks := a.notRun()
	for _, text := range lacks[:min(most, len(lacks))] {
		list = append(list, Note{Code: NoteNotRun, Text: text + "."})
	}
	if more := len(lacks) - most; more > 0 {
		list = append(list, Note{Code: NoteNotRun, Text: fmt.Sprintf("%s more did not run, or not on all files.", english.Count(more, "analyzer"))})
	}
	return list
}

// skips reports whether an Exclusion leaves out an analyzer.
func (a *Assessment) skips(analyzer string) bool {
	return slices.ContainsFunc(a.Excluded, func(e Excluded) bool { return e.Analyzer == analyzer })
}

// A RecordCount is the number of records of one kind.
type RecordCount struct {
	Kind string // in kebab-case
	N    int
}

// RecordCounts counts the records of the report by kind, in the order of their names.
func (a *Assessment) RecordCounts() []RecordCount {
	counts := make(map[string]int)
	for i := range a.Report.Records {
		counts[a.Report.Records[i].Kind]++
	}
	var list []RecordCount
	for _, kind := range slices.Sorted(maps.Keys(counts)) {
		list = append(list, RecordCount{kind, counts[kind]})
	}
	return list
}
