package scan

import (
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/builder"
	"github.com/hullmark/hullmark/internal/order"
)

// leaveOut removes components of analyzers that look at programs as they stream by: those in files that the distribution answers for, and
// repeated ones.
func (r *run) leaveOut(report *analyzer.Report) {
	asked := make(map[string]bool)
	for i := range r.analyzers {
		if r.analyzers[i].streams != nil {
			asked[r.analyzers[i].info.Name] = true
		}
	}
	if len(asked) == 0 || !slices.ContainsFunc(report.Components, func(c analyzer.Component) bool { return asked[c.Analyzer] }) {
		return
	}
	byID := make(map[string]*analyzer.Component)
	first := make(map[[2]string]*analyzer.Component) // by PURL and prefix
	for i := range report.Components {
		c := &report.Components[i]
		if c.System {
			byID[c.ID] = c
		}
	}
	var list []*analyzer.Component
	for i := range report.Components {
		c := &report.Components[i]
		if c.System || c.Declared || c.Stated || asked[c.Analyzer] && answeredFor(c, byID[c.Owner], report.Distro) {
			continue
		}
		list = append(list, c)
	}
	order.Sort(list, func(a, b **analyzer.Component) int { return compareFiles(*a, *b) })
	for _, c := range list {
		key := [2]string{c.PURL, prefixOf(c.Path)}
		if f := first[key]; f == nil || asked[f.Analyzer] && !asked[c.Analyzer] {
			first[key] = c
		}
	}
	kept := make([]analyzer.Component, 0, len(report.Components))
	for i := range report.Components {
		c := &report.Components[i]
		if !asked[c.Analyzer] || first[[2]string{c.PURL, prefixOf(c.Path)}] == c {
			kept = append(kept, *c)
		}
	}
	report.Components = kept
}

// compareFiles orders components by their files: programs before libraries.
func compareFiles(a, b *analyzer.Component) int {
	rank := func(c *analyzer.Component) int {
		if strings.Contains("/"+c.Path, "bin/") {
			return 0
		}
		return 1
	}
	if d := rank(a) - rank(b); d != 0 {
		return d
	}
	return strings.Compare(a.Path, b.Path)
}

// answeredFor reports whether a distribution built the package that owns the file of a component, and no later layer wrote the file.
func answeredFor(c, owner *analyzer.Component, d *analyzer.Distro) bool {
	if owner == nil || owner.Stated || c.Layer > owner.Layer || !builder.Distributed(c.Path) {
		return false
	}
	by, _ := builder.Of(owner, d)
	return by != builder.ThirdParty
}

// prefixOf returns the directory below which a file was installed: "usr/local" of "usr/local/lib/libpython3.12.so.1.0".
func prefixOf(file string) string {
	at := 0
	for element := range strings.SplitSeq(file, "/") {
		switch element {
		case "bin", "sbin", "lib", "lib32", "lib64", "libexec", "include", "share":
			if prefix := strings.TrimSuffix(file[:at], "/"); prefix != "usr" {
				return prefix
			}
			return ""
		}
		at = min(at+len(element)+1, len(file))
	}
	return dirOf(file)
}
