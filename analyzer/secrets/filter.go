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
	verified := slices.ContainsFunc(report.Examined, func(e analyzer.Examination) bool { return e.Analyzer == "verify" && e.NotRun == "" })
	skipped := make(map[string]*analyzer.Skip)
	skip := func(reason string) *analyzer.Skip {
		if skipped[reason] == nil {
			skipped[reason] = &analyzer.Skip{Reason: reason}
		}
		return skipped[reason]
	}
	report.Records = slices.DeleteFunc(report.Records, func(r analyzer.FileRecord) bool {
		if r.Kind != skippedKind || r.Analyzer != name {
			return false
		}
		s := skip(r.Key)
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
				skip("large-file").Bytes += size
			}
		}
	}
	own, other := make(map[string]int), make(map[string]int) // layers of the packages of the distribution, and of those of others
	for i := range report.Components {
		switch c := &report.Components[i]; {
		case !c.System || c.Stated:
		case report.Distro != nil && c.Namespace == report.Distro.ID:
			own[c.ID] = c.Layer
		default:
			other[c.ID] = c.Layer
		}
	}
	hideValues(report)
	homes := packageHomes(report)
	hidden := hiddenOwned(report, own)
	reason := func(f *analyzer.FileFinding) string {
		intact := func(layers map[string]int) bool {
			layer, ok := layers[f.Owner]
			return ok && (f.Intact || !verified && layer == f.Layer && layer >= 0 && !strings.HasPrefix(f.Path, "etc/"))
		}
		_, owned := own[f.Owner]
		switch {
		case f.Hidden:
			if hidden[home{f.Path, f.Layer}] {
				return ownedByPackage
			}
		case intact(own):
			return ownedByPackage
		case inTests(f.Path) && intact(other), !owned && isTestPlace(f.Path) && homes.have(f.Path, f.Layer):
			return testData
		}
		return ""
	}
	type rulePlace struct {
		path, rule string
		layer      int
	}
	sources := make(map[rulePlace]string) // reasons for findings in programs in Python
	for i := range report.Findings {
		if f := &report.Findings[i]; f.Analyzer == name && !f.Hidden && strings.HasSuffix(f.Path, ".py") {
			sources[rulePlace{f.Path, f.Rule, f.Layer}] = reason(f)
		}
	}
	report.Findings = slices.DeleteFunc(report.Findings, func(f analyzer.FileFinding) bool {
		if f.Analyzer != name {
			return false
		}
		why := reason(&f)
		if why == "" && f.Owner == "" && !f.Hidden {
			why = sources[rulePlace{sourceOf(f.Path), f.Rule, f.Layer}] // packages compile their programs where they are installed
		}
		if why != "" {
			skip(why).Findings++
		}
		return why != ""
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
