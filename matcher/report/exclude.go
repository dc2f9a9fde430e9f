package report

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/english"
)

// An Exclusion leaves the packages and findings of some files, or those of one analyzer, out of a report.
type Exclusion struct {
	// Path is a pattern for files. "*" stands for any text without a slash, "?" for one character, "[a-z]" for one of a class, and
	// "**" for any directories. A pattern also excludes everything below a directory that it matches. A pattern without a slash
	// matches names in any directory: "node_modules", "*.jar". Other patterns start at the root, with or without "/" or "./".
	Path string

	Analyzer string // name of an analyzer: "npm"; Path is "" then
	Origin   string // what asked for it: "--exclude", "--skip"
}

// String returns the Exclusion as a person writes it: "--exclude /opt/**".
func (e Exclusion) String() string {
	return strings.TrimSpace(e.Origin + " " + e.Path + e.Analyzer)
}

// Excluded counts the effects of an Exclusion. Each component counts for the first Exclusion that matches it.
type Excluded struct {
	Exclusion
	Components  int
	Findings    int
	Records     int
	Diagnostics int
	Files       int // entries of Report.Files, by Path only
}

// Count counts everything that the Exclusion leaves out.
func (e *Excluded) Count() int {
	return e.Components + e.Findings + e.Records + e.Diagnostics + e.Files
}

// ErrPattern reports that the pattern of an Exclusion is malformed.
var ErrPattern = errors.New("malformed pattern")

const (
	maxPattern  = 4096 // bytes
	maxSegments = 64   // between slashes
)

// Check returns an error if nothing can match e.
func (e Exclusion) Check() error {
	if e.Path == "" && e.Analyzer == "" {
		return fmt.Errorf("report: %s excludes nothing: %w", cmp.Or(e.Origin, "exclusion"), ErrPattern)
	}
	segments := strings.Split(e.Path, "/")
	malformed := func(s string) bool { _, err := path.Match(s, ""); return err != nil || s == ".." }
	if len(e.Path) > maxPattern || len(segments) > maxSegments || slices.ContainsFunc(segments, malformed) {
		return fmt.Errorf("report: %.100q: %w", e.Path, ErrPattern)
	}
	return nil
}

// Exclude returns a report without the packages, findings, records, diagnostics and listed files that exclusions match, and a row for each
// exclusion. Diagnostics about package databases stay: no exclusion hides that a database of the distribution could not be read. An
// examination by an analyzer that is left out counts as not run. Call Exclude before matching, and after package verification, to which
// a file that is left out would be missing.
func Exclude(found *analyzer.Report, list []Exclusion) (*analyzer.Report, []Excluded, error) {
	if len(list) == 0 {
		return found, nil, nil
	}
	rows := make([]Excluded, len(list))
	for i, e := range list {
		if err := e.Check(); err != nil {
			return nil, nil, err
		}
		rows[i].Exclusion = e
	}
	first := func(analyzer, path, archived string) *Excluded {
		for i := range rows {
			e := &rows[i]
			if e.Analyzer != "" && e.Analyzer == analyzer || e.Path != "" && e.matches(path, archived) {
				return e
			}
		}
		return nil
	}
	rest := *found
	rest.Components = filter(found.Components, func(c *analyzer.Component) bool {
		e := first(c.Analyzer, c.Path, c.ArchivePath)
		if c.Nested {
			return e == nil
		}
		return count(e, 0)
	})
	rest.Findings = filter(found.Findings, func(f *analyzer.FileFinding) bool { return count(first(f.Analyzer, f.Path, ""), 1) })
	rest.Records = filter(found.Records, func(r *analyzer.FileRecord) bool { return count(first(r.Analyzer, r.Path, ""), 2) })
	rest.Diagnostics = filter(found.Diagnostics, func(d *analyzer.FileDiagnostic) bool {
		return mayHidePackages(d) || count(first(d.Analyzer, d.Path, ""), 3)
	})
	if slices.ContainsFunc(list, func(e Exclusion) bool { return e.Path != "" }) {
		rest.Files = excludeFiles(found.Files, first)
	}
	rest.Examined = slices.Clone(found.Examined)
	for i := range rest.Examined {
		x := &rest.Examined[i]
		at := slices.IndexFunc(list, func(e Exclusion) bool { return e.Analyzer != "" && e.Analyzer == x.Analyzer })
		if at >= 0 && x.NotRun == "" {
			x.NotRun = "left out by " + list[at].String()
		}
	}
	return &rest, rows, nil
}

// filter returns the elements that keep accepts, nil if it accepts none.
func filter[T any](list []T, keep func(*T) bool) []T {
	var kept []T
	for i := range list {
		if keep(&list[i]) {
			kept = append(kept, list[i])
		}
	}
	return kept
}

// excludeFiles returns the list of files without those for which first returns an Exclusion. A nil list stays nil: nothing was listed.
func excludeFiles(found *analyzer.Files, first func(analyzer, path, archived string) *Excluded) *analyzer.Files {
	if found == nil {
		return nil
	}
	return analyzer.FilesOf(func(yield func(*analyzer.ListedFile) bool) {
		for f := range found.All() {
			if count(first("", f.Path, ""), 4) && !yield(f) {
				return
			}
		}
	})
}

// count adds 1 to a count of a row, and reports whether there is no row.
func count(e *Excluded, which int) bool {
	if e == nil {
		return true
	}
	*[]*int{&e.Components, &e.Findings, &e.Records, &e.Diagnostics, &e.Files}[which]++
	return false
}

// matches reports whether a pattern matches a file, one of the directories above it, or a file within it if it is an archive.
func (e Exclusion) matches(file, archived string) bool {
	pattern := strings.Trim(path.Clean("/"+e.Path), "/")
	if file == "" || pattern == "" {
		return pattern == "" && file != "" // "/" is everything
	}
	name := strings.Trim(path.Clean("/"+file), "/")
	if archived != "" {
		name += "/" + archived
	}
	segments := strings.Split(name, "/")
	if !strings.Contains(strings.TrimSuffix(e.Path, "/"), "/") && pattern != "**" {
		return slices.ContainsFunc(segments, func(s string) bool { ok, _ := path.Match(pattern, s); return ok })
	}
	return matchSegments(strings.Split(pattern, "/"), segments)
}

// matchSegments reports whether a pattern matches the beginning of a path. It takes time linear in the product of their lengths.
func matchSegments(pattern, segments []string) bool {
	reach := make([]bool, len(segments)+1) // the pattern so far matches the first i segments
	reach[0] = true
	for _, p := range pattern {
		next := make([]bool, len(reach))
		if p == "**" {
			for i, seen := 0, false; i < len(reach); i++ {
				seen = seen || reach[i]
				next[i] = seen
			}
		} else {
			for i, s := range segments {
				if reach[i] {
					next[i+1], _ = path.Match(p, s)
				}
			}
		}
		reach = next
	}
	if pattern[len(pattern)-1] == "**" { // something below, not the directory itself
		return slices.Contains(reach[:len(segments)], true)
	}
	return slices.Contains(reach, true)
}

// exclusionNotes counts the effects of exclusions.
func (a *Assessment) exclusionNotes() []Note {
	var list []Note
	for i := range a.Excluded {
		e := &a.Excluded[i]
		var parts []string
		for _, p := range []struct {
			n    int
			noun string
		}{{e.Components, "package"}, {e.Findings, "finding"}, {e.Records, "record"}, {e.Diagnostics, "diagnostic"}, {e.Files, "listed file"}} {
			if p.n > 0 {
				parts = append(parts, english.Count(p.n, p.noun))
			}
		}
		if len(parts) > 0 {
			list = append(list, Note{Code: NoteExcluded, Text: fmt.Sprintf("Left out by %s: %s.", e.Exclusion, strings.Join(parts, ", "))})
		}
	}
	return list
}
