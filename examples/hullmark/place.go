package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/all"
	"github.com/hullmark/hullmark/analyzer/content"
	"github.com/hullmark/hullmark/internal/terminal"
	"github.com/hullmark/hullmark/matcher/assess"
	"github.com/hullmark/hullmark/matcher/report"
)

// placeFlags choose packages by their place, besides those that are installed or vendored, and leave some out.
type placeFlags struct {
	declared bool
	include  []string
	exclude  []string
	skip     []string
	origin   func(flag string) string // where the value of a flag comes from
}

func (f *placeFlags) register(a *app, c *cobra.Command) {
	c.Flags().BoolVar(&f.declared, "declared", false, "include packages that only lock files and manifests name")
	c.Flags().StringSliceVar(&f.include, "include", nil, "include packages at `PLACES`: cached, test-data, or both with a comma")
	f.registerExclusions(a, c)
}

// registerExclusions adds --exclude and --skip.
func (f *placeFlags) registerExclusions(a *app, c *cobra.Command) {
	c.Flags().StringArrayVar(&f.exclude, "exclude", nil, "leave out packages and findings of files that match `GLOB`, and count them; repeatable")
	c.Flags().StringSliceVar(&f.skip, "skip", nil, "leave out what `ANALYZER` finds, and count it; repeatable")
	f.origin = func(flag string) string { return a.origin(c, flag) }
}

// apply adds the choice to a pipeline.
func (f *placeFlags) apply(p *assess.Pipeline) {
	p.Declared = f.declared
	for _, name := range f.include {
		p.Include = append(p.Include, analyzer.Place(strings.TrimSpace(name)))
	}
	for _, glob := range f.exclude {
		p.Exclude = append(p.Exclude, report.Exclusion{Path: glob, Origin: f.origin("exclude")})
	}
	for _, name := range f.skip {
		p.Exclude = append(p.Exclude, report.Exclusion{Analyzer: name, Origin: f.origin("skip")})
	}
}

// check returns an error if a flag names a place or an analyzer that does not exist. Plugins have names of their own.
func (f *placeFlags) check(plugins bool) error {
	for _, name := range f.include {
		if place := analyzer.Place(strings.TrimSpace(name)); place != analyzer.Cached && place != analyzer.TestData {
			return fmt.Errorf("unknown place --include %q; use cached, test-data or both with a comma", name)
		}
	}
	for _, glob := range f.exclude {
		if err := (report.Exclusion{Path: glob}).Check(); err != nil {
			return fmt.Errorf("--exclude: %w", err)
		}
	}
	for _, name := range f.skip {
		if known := analyzers(); !plugins && !slices.Contains(known, name) {
			return fmt.Errorf("unknown analyzer --skip %q; known are %s", name, strings.Join(known, ", "))
		}
	}
	return nil
}

// analyzers returns the names of all analyzers.
func analyzers() (names []string) {
	for _, analyzer := range append(all.All(), content.All()...) {
		names = append(names, analyzer.Info().Name)
	}
	return append(names, "retrieve", "search")
}

// tellLeftOut reports the notes, for which a document has no place.
func (a *app) tellLeftOut(x *report.Assessment) {
	for _, n := range x.Notes {
		a.say("%s", terminal.Escape(n.Text))
	}
	a.tellExcluded(x)
}

// tellExcluded reports exclusions that left nothing out.
func (a *app) tellExcluded(x *report.Assessment) {
	for _, e := range x.Excluded {
		if e.Count() == 0 {
			a.say("%s left nothing out", terminal.Escape(e.Exclusion.String()))
		}
	}
}
