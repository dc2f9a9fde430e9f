package verify

import (
	"context"
	"slices"
	"strconv"

	"github.com/hullmark/hullmark/analyzer"
)

// places are where packages of distributions have files. /usr/local, /home and their like are the user's.
var places = []string{
	"bin/**", "boot/**", "etc/**", "lib/**", "lib32/**", "lib64/**", "libx32/**", "opt/**", "root/.*", "sbin/**", "srv/**", "var/**",
	"usr/bin/**", "usr/etc/**", "usr/games/**", "usr/include/**", "usr/lib/**", "usr/lib32/**", "usr/lib64/**", "usr/libexec/**", "usr/libx32/**",
	"usr/sbin/**", "usr/share/**", "usr/src/**",
	ostree + "/**",
}

// ostree is where images for bootc have the content of all files of /usr, which are hard links to it and come later in a layer.
const ostree = "sysroot/ostree/repo/objects"

// digests returns the analyzer that asks for the list of files, with the digests of a package manager. evidence are places that show early
// that an image is the package manager's.
func digests(system string, algorithms []string, evidence ...string) analyzer.Analyzer {
	return analyzer.Func(analyzer.Info{
		Name: filesOf(system), Version: 1, List: true, Patterns: places, Digests: algorithms, DigestsIf: evidence, Finds: []string{finds},
	}, func(context.Context, *analyzer.File) (*analyzer.Result, error) { return nil, nil })
}

func filesOf(system string) string { return name + "-" + system + "-files" }

// A verifier is the analyzer that compares, after a scan.
type verifier struct{ analyzer.Analyzer }

func newVerifier() analyzer.Analyzer {
	return verifier{analyzer.Func(analyzer.Info{Name: name, Version: 2, List: true, Finds: []string{finds}},
		func(context.Context, *analyzer.File) (*analyzer.Result, error) { return nil, nil })}
}

// Finish compares the files of a report with what package databases recorded, adds findings and records, and marks components and findings
// (Component.Altered, FileFinding.Intact). It drops Package.Recorded, which takes memory. If analyzer/accounts took part in the scan, it compares
// the owners of files, too.
func (verifier) Finish(ctx context.Context, report *analyzer.Report) error {
	return finish(ctx, report, imageOf(report))
}

func finish(ctx context.Context, report *analyzer.Report, image Image) error {
	places := make(map[place]fileState)
	for i := range report.Components {
		if c := &report.Components[i]; c.Owner != "" {
			places[place{c.Owner, c.Path}] = 0
		}
	}
	for i := range report.Findings {
		if f := &report.Findings[i]; f.Owner != "" && !f.Hidden {
			places[place{f.Owner, f.Path}] = 0
		}
	}
	r, err := check(ctx.Err, report.Components, image, places)
	if err != nil {
		return err
	}
	mark(report, places)
	report.Findings = append(report.Findings, r.Findings()...)
	report.Records = append(report.Records, r.Records()...)
	for i := range report.Components {
		report.Components[i].Recorded = ""
	}
	return nil
}

// A place is a file of the image that a package owns.
type place struct{ owner, path string }

// A fileState says how a file compares with the record of its package.
type fileState uint8

const (
	packaged  fileState = 1 << iota // the package brought the file: it is no ghost, and not replaced, diverted or left out
	compared                        // with everything that the database recorded: its content, if it has content
	differing                       // in something but the time
	replaced                        // content or kind differ
)

// mark marks the findings in files that are as their owners recorded them, and the components in files that are not, or that a database lists
// without being the package's: ghosts, files that another package replaced or diverted, and those that were not installed.
func mark(report *analyzer.Report, places map[place]fileState) {
	recorded := make(map[string]bool)
	for i := range report.Components {
		if c := &report.Components[i]; c.System && c.Recorded != "" {
			recorded[c.ID] = true
		}
	}
	for i := range report.Components {
		c := &report.Components[i]
		if c.Owner == "" {
			continue
		}
		state := places[place{c.Owner, c.Path}]
		if state&replaced != 0 || recorded[c.Owner] && state&packaged == 0 {
			c.Altered, c.Nested = true, false
		}
	}
	for i := range report.Findings {
		f := &report.Findings[i]
		f.Intact = f.Owner != "" && !f.Hidden && places[place{f.Owner, f.Path}]&^replaced == packaged|compared
	}
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
	image.Partial = slices.ContainsFunc(report.Diagnostics, func(d analyzer.FileDiagnostic) bool { return d.Code == analyzer.MissingLayer && d.Analyzer == "" })
	if !image.Partial && slices.ContainsFunc(report.Examined, func(e analyzer.Examination) bool { return e.Analyzer == "accounts" }) {
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
