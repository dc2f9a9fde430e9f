package scan

import (
	"cmp"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/indirectsort"
	"github.com/hullmark/hullmark/internal/packageorigin"
)

// markNested marks components of analyzers that look at programs as they stream by: those in files of packages that the distribution seems to have
// built. It removes packages of distributions that a database has, too. Others stay: the advisories for a library are about its copy in another package, too.
func (r *run) markNested(report *analyzer.Report) {
	streamed := r.streamed(report)
	if streamed == nil {
		return
	}
	dropInstalled(report, streamed)
	byID := make(map[string]*analyzer.Component)
	for i := range report.Components {
		if c := &report.Components[i]; c.System && !c.Stated {
			byID[c.ID] = c
		}
	}
	for i := range report.Components {
		if c := &report.Components[i]; streamed[c.Analyzer] {
			c.Nested = nested(c, byID[c.Owner], report.Distro)
		}
	}
}

// dropInstalled removes the packages of distributions that analyzers found in programs, and that a database has.
func dropInstalled(report *analyzer.Report, streamed map[string]bool) {
	noted := func(c analyzer.Component) bool { return c.System && streamed[c.Analyzer] }
	if !slices.ContainsFunc(report.Components, noted) {
		return
	}
	type source struct{ purlType, name, version string }
	installed := make(map[source]bool)
	for i := range report.Components {
		if c := &report.Components[i]; c.System && !c.Stated {
			installed[source{c.Type, c.Name, withoutEpoch(c.Version)}] = true
			if s := c.SourcePackage; s != nil {
				installed[source{c.Type, s.Name, withoutEpoch(cmp.Or(s.Version, c.Version))}] = true
			}
		}
	}
	report.Components = slices.DeleteFunc(report.Components, func(c analyzer.Component) bool {
		return noted(c) && installed[source{c.Type, c.Name, withoutEpoch(c.Version)}]
	})
}

// streamed returns the names of analyzers that look at programs as they stream by, or nil if the report has no component of them.
func (r *run) streamed(report *analyzer.Report) map[string]bool {
	names := make(map[string]bool)
	for i := range r.analyzers {
		if r.analyzers[i].streams != nil {
			names[r.analyzers[i].info.Name] = true
		}
	}
	if len(names) == 0 || !slices.ContainsFunc(report.Components, func(c analyzer.Component) bool { return names[c.Analyzer] }) {
		return nil
	}
	return names
}

// joinRepeated removes repeated components of analyzers that look at programs as they stream by, such as those of a small program and its library.
// A component repeats one whose file has the same owner and is altered as well, or neither, since these decide whether the distribution answers for it.
func (r *run) joinRepeated(report *analyzer.Report) {
	streamed := r.streamed(report)
	if streamed == nil {
		return
	}
	type key struct {
		purl, prefix, owner string
		altered, nested     bool
	}
	keyOf := func(c *analyzer.Component) key { return key{c.PURL, prefixOf(c.Path), c.Owner, c.Altered, c.Nested} }
	purls := make(map[string]bool)
	for i := range report.Components {
		if c := &report.Components[i]; streamed[c.Analyzer] {
			purls[c.PURL] = true
		}
	}
	first := make(map[key]*analyzer.Component)
	var list []*analyzer.Component
	for i := range report.Components {
		if c := &report.Components[i]; purls[c.PURL] && (streamed[c.Analyzer] || !c.System && !c.Declared && !c.Stated) {
			list = append(list, c)
		}
	}
	indirectsort.Sort(list, func(a, b **analyzer.Component) int { return compareFiles(*a, *b) })
	for _, c := range list {
		k := keyOf(c)
		if f := first[k]; f == nil || streamed[f.Analyzer] && !streamed[c.Analyzer] {
			first[k] = c
		}
	}
	repeats := func(c analyzer.Component) bool { return streamed[c.Analyzer] && first[keyOf(&c)].ID != c.ID }
	if slices.ContainsFunc(report.Components, repeats) {
		report.Components = slices.DeleteFunc(slices.Clone(report.Components), repeats) // first has places in the list
	}
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

// nested reports whether a distribution seems to have built the package that owns the file of a component, and no later layer wrote the file.
// Databases of apk name no builder. The matcher, which knows the advisories of the distribution, has the last word.
func nested(c, owner *analyzer.Component, d *analyzer.Distro) bool {
	if owner == nil || owner.Stated || c.System || c.Layer > owner.Layer || !packageorigin.Distributed(c.Path) {
		return false
	}
	by, _ := packageorigin.Of(owner, d)
	return by == packageorigin.Distribution || by == packageorigin.Unknown && owner.Type == "apk"
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

// withoutEpoch returns a version of dpkg or rpm without its epoch, which notes in programs lack.
func withoutEpoch(version string) string {
	if epoch, rest, ok := strings.Cut(version, ":"); ok && strings.Trim(epoch, "0123456789") == "" {
		return rest
	}
	return version
}
