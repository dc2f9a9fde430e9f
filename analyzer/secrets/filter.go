package secrets

import (
	"context"
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
// the image. It also drops findings in the tests of a package of a language that is from the same layer: such keys are public. It also moves the sums of the records about skipped bytes to Examination.Skipped.
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
	layers := make(map[string]int) // of the packages of the distribution; those of others have another namespace
	for i := range report.Components {
		if c := &report.Components[i]; c.System && !c.Stated && report.Distro != nil && c.Namespace == report.Distro.ID {
			layers[c.ID] = c.Layer
		}
	}
	hideValues(report)
	homes := packageHomes(report)
	hidden := hiddenOwned(report, layers)
	report.Findings = slices.DeleteFunc(report.Findings, func(f analyzer.FileFinding) bool {
		if f.Analyzer != name {
			return false
		}
		if f.Hidden {
			if hidden[home{f.Path, f.Layer}] {
				skip(ownedByPackage).Findings++
				return true
			}
			return false
		}
		layer, ok := layers[f.Owner]
		if !ok {
			if isTestPlace(f.Path) && homes.have(f.Path, f.Layer) {
				skip(testData).Findings++
				return true
			}
			return false
		}
		same := f.Intact
		if !verified {
			same = layer == f.Layer && layer >= 0 && !strings.HasPrefix(f.Path, "etc/")
		}
		if same {
			skip(ownedByPackage).Findings++
		}
		return same
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

// hiddenOwned returns the hidden files with findings that a package of the distribution brought in the same layer, except configuration: nothing
// verification compares only files that a container has.
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
// above, if the files of several packages lie beside one another.
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
		}
		list[home{dir, c.Layer}] = true
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
