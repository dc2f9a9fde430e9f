package falco

import (
	"cmp"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher/report"
)

// owners finds the component that owns a file of an image.
type owners struct {
	found           *analyzer.Report
	files           map[string]int      // index of the component
	directories     map[string]int      // of packages without a list of files, such as those of npm
	vulnerabilities map[string][]string // by component
}

func newOwners(a *report.Assessment) *owners {
	o := &owners{a.Report, make(map[string]int), make(map[string]int), make(map[string][]string)}
	// Packages of the distribution come last, so that a file that several claim is theirs.
	order := make([]int, len(a.Report.Components))
	for i := range order {
		order[i] = i
	}
	rank := func(i int) int {
		if a.Report.Components[i].System {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(order, func(x, y int) int { return cmp.Compare(rank(x), rank(y)) })
	for _, i := range order {
		c := &a.Report.Components[i]
		for _, f := range c.Files {
			o.files[f] = i
		}
		if !c.System {
			if _, ok := o.files[c.Path]; !ok {
				o.files[c.Path] = i
			}
			if dir, base, ok := cutLast(c.Path, "/"); ok && base == "package.json" {
				o.directories[dir] = i
			}
		}
	}
	for i := range a.Findings {
		for _, c := range a.Findings[i].Components {
			o.vulnerabilities[c.ID] = append(o.vulnerabilities[c.ID], a.Findings[i].ID)
		}
	}
	for _, list := range o.vulnerabilities {
		slices.Sort(list)
	}
	return o
}

func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return "", s, false
	}
	return s[:i], s[i+len(sep):], true
}

// of returns the index of the component that owns a file, or -1. Falco has the path that the kernel resolved, "/usr/bin/bash", while packages
// may list "bin/bash", where bin is a link.
func (o *owners) of(path string) int {
	path = strings.TrimPrefix(path, "/")
	if path == "" {
		return -1
	}
	for _, p := range []string{path, strings.TrimPrefix(path, "usr/"), "usr/" + path} {
		if i, ok := o.files[p]; ok {
			return i
		}
	}
	for dir, _, ok := cutLast(path, "/"); ok; dir, _, ok = cutLast(dir, "/") {
		if i, found := o.directories[dir]; found {
			return i
		}
	}
	return -1
}
