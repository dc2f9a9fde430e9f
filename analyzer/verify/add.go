package verify

import (
	"context"
	"slices"
	"strconv"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/canonical"
)

// places are where packages of distributions have files. /usr/local, /home and their like are the user's.
var places = []string{
	"bin/**", "boot/**", "etc/**", "lib/**", "lib32/**", "lib64/**", "libx32/**", "opt/**", "root/.*", "sbin/**", "srv/**", "var/**",
	"usr/bin/**", "usr/etc/**", "usr/games/**", "usr/include/**", "usr/lib/**", "usr/lib32/**", "usr/lib64/**", "usr/libexec/**", "usr/libx32/**",
	"usr/sbin/**", "usr/share/**", "usr/src/**",
}

// digests returns the analyzer that asks for the list of files, with the digests of a package manager. evidence are places that show early
// that an image is the package manager's.
func digests(system string, algorithms []string, evidence ...string) analyzer.Analyzer {
	return analyzer.Func(analyzer.Info{
		Name: filesOf(system), Version: 1, List: true, Patterns: places, Digests: algorithms, DigestsIf: evidence, Finds: []string{finds},
	}, func(context.Context, *analyzer.File) (*analyzer.Result, error) { return nil, nil })
}

func filesOf(system string) string { return name + "-" + system + "-files" }

// Add compares the files of a report with what package databases recorded, and adds findings and records, and marks the
// components in files that differ (Component.Altered). It does nothing to the report of
// a scan without the analyzers of [All]. It drops Package.Recorded, which takes memory. If analyzer/accounts took part in the scan, Add
// compares the owners of files, too.
func Add(report *analyzer.Report) {
	if report.Files == nil || !examined(report, filesOf("dpkg")) && !examined(report, filesOf("rpm")) && !examined(report, filesOf("apk")) {
		return
	}
	r := Check(report.Components, imageOf(report))
	r.mark(report)
	report.Findings = append(report.Findings, r.Findings()...)
	report.Records = append(report.Records, r.Records()...)
	canonical.Findings(report.Findings)
	canonical.Records(report.Records)
	for i := range report.Components {
		report.Components[i].Recorded = ""
	}
}

// A place is a file of the image that a package owns.
type place struct{ owner, path string }

// mark marks the components in files that are not as their owners recorded them, and those in files that a database lists without being
// the package's: ghosts, files that another package replaced or diverted, and those that were not installed.
func (r *Result) mark(report *analyzer.Report) {
	changed := make(map[place]bool)
	for i := range r.Differences {
		if d := &r.Differences[i]; d.Attributes&(analyzer.AttrContent|analyzer.AttrType) != 0 {
			changed[place{report.Components[d.Component].ID, d.Path}] = true
		}
	}
	unknown := make(map[string]bool) // packages some of whose differences were omitted
	for g := range r.omitted {
		unknown[report.Components[g.component].ID] = unknown[report.Components[g.component].ID] || g.severity != ""
	}
	recorded := make(map[string]bool)
	for i := range report.Components {
		if c := &report.Components[i]; c.System && c.Recorded != "" {
			recorded[c.ID] = true
		}
	}
	for i := range report.Components {
		c := &report.Components[i]
		at := place{c.Owner, c.Path}
		if c.Owner != "" && (unknown[c.Owner] || changed[at] || recorded[c.Owner] && !r.packaged[at]) {
			c.Altered = true
		}
	}
}

func examined(report *analyzer.Report, name string) bool {
	return slices.ContainsFunc(report.Examined, func(e analyzer.Examination) bool { return e.Analyzer == name })
}

// imageOf returns the image of a report.
func imageOf(report *analyzer.Report) Image {
	image := Image{Records: report.Records, Files: func(yield func(string, File) bool) {
		for f := range report.Files.All() {
			if !yield(f.Path, File{Entry: f.Entry, Layer: f.Layer, Digest: f.Digest}) {
				return
			}
		}
	}}
	if examined(report, "accounts") {
		image.Users, image.Groups = numbersOf(report.Records, "account", "uid"), numbersOf(report.Records, "group", "gid")
	}
	return image
}

// numbersOf returns the numbers of users or groups by name, from the records of analyzer/accounts.
func numbersOf(records []analyzer.FileRecord, kind, field string) map[string]int {
	m := make(map[string]int)
	for i := range records {
		r := &records[i]
		if n, err := strconv.Atoi(r.Fields[field]); err == nil && r.Kind == kind && !r.Hidden {
			if _, ok := m[r.Key]; !ok {
				m[r.Key] = n
			}
		}
	}
	return m
}
