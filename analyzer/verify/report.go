package verify

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"github.com/hullmark/hullmark/analyzer"
)

const (
	name = "verify"

	// maxSame is the most findings of one rule and severity in a package. One more counts the others.
	maxSame = 16
)

// Kinds of records of a Result.
const (
	kindPackage = "package-verification" // key: package and version
	kindFile    = "package-file"         // key: package and version; the file differs in a way that is to be expected
)

// Findings returns the differences that have a severity, as findings of a report. The owner is the package's component. A package has up
// to 16 findings of one rule and severity, and one that counts the others.
func (r *Result) Findings() []analyzer.FileFinding {
	var list []analyzer.FileFinding
	more := make(map[group]int)
	seen := make(map[group]int)
	var order []group
	for i := range r.Differences {
		d := &r.Differences[i]
		if d.Severity == "" {
			continue
		}
		g := group{d.Component, d.Rule, d.Severity}
		if seen[g]++; seen[g] > maxSame {
			if more[g]++; more[g] == 1 {
				order = append(order, g)
			}
			continue
		}
		c := &r.components[d.Component]
		list = append(list, analyzer.FileFinding{
			Finding: analyzer.Finding{
				Rule:     d.Rule,
				Title:    fmt.Sprintf("file of %s %s", c.Name, titles[d.Rule]),
				Detail:   d.detail(),
				Severity: d.Severity,
			},
			Analyzer: name, Path: d.Path, Layer: d.Layer, Owner: c.ID,
		})
	}
	for g, n := range r.omitted {
		if g.severity == "" {
			continue
		}
		if more[g] == 0 {
			order = append(order, g)
		}
		more[g] += n
		seen[g] += n
	}
	slices.SortFunc(order, func(a, b group) int {
		return cmp.Or(cmp.Compare(a.component, b.component), cmp.Compare(a.rule, b.rule), cmp.Compare(a.severity, b.severity))
	})
	for _, g := range order {
		c := &r.components[g.component]
		list = append(list, analyzer.FileFinding{
			Finding: analyzer.Finding{
				Rule:     g.rule,
				Title:    fmt.Sprintf("%d more files of %s", more[g], c.Name),
				Detail:   fmt.Sprintf("%s %s has %d files with this rule and severity.", c.Name, c.Version, seen[g]),
				Severity: g.severity,
			},
			Analyzer: name, Path: c.Path, Layer: c.Layer, Owner: c.ID,
		})
	}
	return list
}

// detail explains a finding.
func (d *Difference) detail() string {
	if d.Missing {
		return "The package database lists the file, but the image does not have it."
	}
	return "Differs from the package database: " + d.Detail + "."
}

// Records returns one record for each package, with its state and counts, and one for each difference that is to be expected, such as those of
// configuration files and times. A package has up to 16 of these for one reason. Its own record counts the others.
func (r *Result) Records() []analyzer.FileRecord {
	var list, files []analyzer.FileRecord
	type same struct {
		component       int
		differs, reason string
	}
	seen := make(map[same]int)
	more := make(map[int]int) // by component
	for g, n := range r.omitted {
		if g.severity == "" {
			more[g.component] += n
		}
	}
	for i := range r.Differences {
		d := &r.Differences[i]
		if d.Severity != "" || d.Excluded || d.Documentation && d.Missing {
			continue
		}
		c := &r.components[d.Component]
		fields := map[string]string{"differs": d.Attributes.String()}
		if d.Missing {
			fields["differs"] = "missing"
		}
		if why := d.expected(); why != "" {
			fields["reason"] = why
		}
		s := same{d.Component, fields["differs"], fields["reason"]}
		if seen[s]++; seen[s] > maxSame {
			more[d.Component]++
			continue
		}
		files = append(files, analyzer.FileRecord{
			Record:   analyzer.Record{Kind: kindFile, Key: label(c), Fields: fields},
			Analyzer: name, Path: d.Path, Layer: d.Layer,
		})
	}
	for i := range r.Verdicts {
		v := &r.Verdicts[i]
		c := &r.components[v.Component]
		fields := map[string]string{"state": string(v.State)}
		for key, n := range map[string]int{
			"files": v.Files, "compared": v.Compared, "no-digest": v.NoDigest, "not-hashed": v.NotHashed, "missing": v.Missing, "differing": v.Differing,
			"not-listed": more[v.Component],
		} {
			if n > 0 {
				fields[key] = strconv.Itoa(n)
			}
		}
		list = append(list, analyzer.FileRecord{
			Record:   analyzer.Record{Kind: kindPackage, Key: label(c), Fields: fields},
			Analyzer: name, Path: c.Path, Layer: c.Layer,
		})
	}
	return append(list, files...)
}

// expected says why a difference has no severity.
func (d *Difference) expected() string {
	switch {
	case d.Config:
		return "configuration"
	case d.Excluded:
		return "excluded"
	case d.Ghost:
		return "ghost"
	case d.Documentation:
		return "documentation"
	case isMounted(d.Recorded):
		return "mounted"
	case d.Attributes&^(analyzer.AttrModTime|analyzer.AttrSize) == 0:
		return "time"
	}
	return ""
}

func label(c *analyzer.Component) string {
	s := c.Name + " " + c.Version
	if c.Arch != "" {
		s += " " + c.Arch
	}
	return s
}
