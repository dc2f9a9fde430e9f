package secrets

import (
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
)

// A finisher is the analyzer that also drops findings.
type finisher struct{ analyzer.Analyzer }

// Finish drops findings in files that are as a package of the distribution brought them: tests and documents of libraries, not secrets of
// the image. It also drops findings in the tests of other packages, since such keys are public: those of the system if the file is as the package
// brought it, and those of a language if they are from the layer of the file. A compiled program in Python goes with its source. Finish also moves
// the sums of the records about skipped bytes to Examination.Skipped.
//
// In a scan without package verify, the evidence is that the file and the package are from one layer; configuration files then stay, and so do
// all files of a root file system, which has no layers.
func (finisher) Finish(_ context.Context, report *analyzer.Report) error {
	skipped := skippedBytes(report)
	hideValues(report)
	f := newFindingFilter(report)
	report.Findings = slices.DeleteFunc(report.Findings, func(finding analyzer.FileFinding) bool {
		if finding.Analyzer != name {
			return false
		}
		reason := f.reason(&finding)
		if reason != "" {
			skipped.of(reason).Findings++
		}
		return reason != ""
	})
	for i := range report.Examined {
		if e := &report.Examined[i]; e.Analyzer == name {
			e.Skipped = nil
			for _, reason := range slices.Sorted(maps.Keys(skipped)) {
				e.Skipped = append(e.Skipped, *skipped[reason])
			}
		}
	}
	return nil
}

// skips are the sums of an Examination, by reason.
type skips map[string]*analyzer.Skip

func (s skips) of(reason string) *analyzer.Skip {
	if s[reason] == nil {
		s[reason] = &analyzer.Skip{Reason: reason}
	}
	return s[reason]
}

// skippedBytes sums the records about skipped bytes, which it removes, and the sizes of files that were too large.
func skippedBytes(report *analyzer.Report) skips {
	skipped := make(skips)
	report.Records = slices.DeleteFunc(report.Records, func(r analyzer.FileRecord) bool {
		if r.Kind != skippedKind || r.Analyzer != name {
			return false
		}
		s := skipped.of(r.Key)
		for field, sum := range map[string]*int64{"bytes": &s.Bytes, "findings": &s.Findings} {
			if n, err := strconv.ParseInt(r.Fields[field], 10, 64); err == nil {
				*sum += n
			}
		}
		return true
	})
	for _, d := range report.Diagnostics {
		if d.Analyzer == name && d.Code == analyzer.TooLarge && d.Path != "" {
			var size int64
			if n, _ := fmt.Sscanf(d.Message, "%d bytes, more than the ", &size); n == 1 && size > 0 { // as the scanner writes
				skipped.of("large-file").Bytes += size
			}
		}
	}
	return skipped
}

// A findingFilter finds the reasons to drop findings.
type findingFilter struct {
	verified   bool
	own, other map[string]int // layers of the packages of the distribution, and of those of others
	homes      homes
	hidden     homes
	sources    map[rulePlace]string // reasons for findings in programs in Python
}

// A rulePlace is a file with findings of a rule.
type rulePlace struct {
	path, rule string
	layer      int
}

func newFindingFilter(report *analyzer.Report) *findingFilter {
	f := &findingFilter{
		verified: slices.ContainsFunc(report.Examined, func(e analyzer.Examination) bool { return e.Analyzer == "verify" && e.NotRun == "" }),
		own:      make(map[string]int), other: make(map[string]int), homes: packageHomes(report), sources: make(map[rulePlace]string),
	}
	for i := range report.Components {
		switch c := &report.Components[i]; {
		case !c.System || c.Stated:
		case report.Distro != nil && c.Namespace == report.Distro.ID:
			f.own[c.ID] = c.Layer
		default:
			f.other[c.ID] = c.Layer
		}
	}
	f.hidden = hiddenOwned(report, f.own)
	for i := range report.Findings {
		if x := &report.Findings[i]; x.Analyzer == name && !x.Hidden && strings.HasSuffix(x.Path, ".py") {
			f.sources[rulePlace{x.Path, x.Rule, x.Layer}] = f.reasonOfFile(x)
		}
	}
	return f
}

// reason returns why a finding is dropped, or "".
func (f *findingFilter) reason(x *analyzer.FileFinding) string {
	if reason := f.reasonOfFile(x); reason != "" || x.Owner != "" || x.Hidden {
		return reason
	}
	return f.sources[rulePlace{sourceOf(x.Path), x.Rule, x.Layer}] // packages compile their programs where they are installed
}

// reasonOfFile is reason without the source of a compiled program.
func (f *findingFilter) reasonOfFile(x *analyzer.FileFinding) string {
	_, owned := f.own[x.Owner]
	switch {
	case x.Hidden:
		if f.hidden[home{x.Path, x.Layer}] {
			return ownedByPackage
		}
	case f.isIntact(x, f.own):
		return ownedByPackage
	case inTests(x.Path) && f.isIntact(x, f.other), !owned && isTestPlace(x.Path) && f.homes.have(x.Path, x.Layer):
		return testData
	}
	return ""
}

// isIntact reports whether one of the packages installed the file of a finding with its present content.
func (f *findingFilter) isIntact(x *analyzer.FileFinding, layers map[string]int) bool {
	layer, ok := layers[x.Owner]
	return ok && (x.Intact || !f.verified && layer == x.Layer && layer >= 0 && !strings.HasPrefix(x.Path, "etc/"))
}

// hiddenOwned returns the hidden files with findings that a package of the distribution brought in the same layer, except configuration.
// Package verification compares only files that a container has.
func hiddenOwned(report *analyzer.Report, layers map[string]int) homes {
	wanted, owned := make(map[string]bool), make(homes)
	for i := range report.Findings {
		if f := &report.Findings[i]; f.Analyzer == name && f.Hidden && !strings.HasPrefix(f.Path, "etc/") {
			wanted[f.Path] = true
		}
	}
	if len(wanted) == 0 {
		return owned
	}
	for i := range report.Components {
		c := &report.Components[i]
		if layer, ok := layers[c.ID]; ok && layer >= 0 {
			for _, p := range c.Files {
				if wanted[p] {
					owned[home{p, layer}] = true
				}
			}
		}
	}
	return owned
}

// testData is the reason to leave out findings in the tests of a package of a language.
const testData = "test-data-of-package"

// A home is a directory that has packages of a language, or a file of a package, and the layer that it is from.
type home struct {
	dir   string
	layer int
}

// homes are the directories of packages of languages.
type homes map[home]bool

// packageHomes returns the directories of the packages of languages in a report: that of the file with the name and version, or the one
// above, if the files of several packages lie beside one another. The libraries of Python are above the packages that its installation brings;
// those of Go and Rust are beside the directory of the compiler.
func packageHomes(report *analyzer.Report) homes {
	list := make(homes)
	for i := range report.Components {
		c := &report.Components[i]
		if c.System || c.Stated || c.Path == "" {
			continue
		}
		dir := path.Dir(c.Path)
		switch base := path.Base(dir); {
		case strings.HasSuffix(base, ".dist-info"), strings.HasSuffix(base, ".egg-info"), base == "specifications", base == "composer":
			dir = path.Dir(dir)
		case base == "bin" && (strings.HasSuffix(c.Path, "/go") || strings.HasSuffix(c.Path, "/rustc")):
			dir = path.Dir(dir)
		}
		list[home{dir, c.Layer}] = true
		if isPython(path.Base(path.Dir(dir))) {
			list[home{path.Dir(dir), c.Layer}] = true
		}
	}
	return list
}

// have reports whether a file of a layer lies in a directory of packages.
func (h homes) have(name string, layer int) bool {
	for dir := path.Dir(name); dir != "." && dir != "/"; dir = path.Dir(dir) {
		if h[home{dir, layer}] {
			return true
		}
	}
	return false
}

// ownedByPackage is the reason to leave out findings in files that a package of the distribution brought.
const ownedByPackage = "owned-by-package"
