// Package contentflags has the flags of a command that choose analyzers of content.
package contentflags

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/content"
	"github.com/hullmark/hullmark/analyzer/retrieve"
	"github.com/hullmark/hullmark/internal/helppage"
	"github.com/hullmark/hullmark/internal/terminal"
)

// Flags are the values of the flags.
type Flags struct {
	content  []string
	noHints  bool
	retrieve []string
	size     int
	search   []string
	searchIn []string
	raw      bool
}

// Register adds --content and --no-hints.
func (f *Flags) Register(flags *pflag.FlagSet) {
	flags.StringSliceVar(&f.content, "content", nil, "look at content, too: "+strings.Join(content.Names(), ", ")+"; `NAMES` with commas, or all; -NAME leaves one out")
	c := flags.Lookup("content")
	c.NoOptDefVal = "all"
	helppage.SetValues(c, append(content.Names(), "all")...)
	flags.BoolVar(&f.noHints, "no-hints", false, "with --content, do not read the packages that a hints file of the image states")
}

// RegisterSearch adds the flags for retrieved files and expressions.
func (f *Flags) RegisterSearch(flags *pflag.FlagSet) {
	flags.StringArrayVar(&f.retrieve, "retrieve", nil, "keep the content of files that match `GLOB`, without the secrets in it; repeatable")
	flags.IntVar(&f.size, "retrieve-size", 64<<10, "keep the first `BYTES` of each retrieved file")
	flags.StringArrayVar(&f.search, "search", nil, "record matches of an expression, without secrets: `NAME=REGEXP`; repeatable")
	flags.StringArrayVar(&f.searchIn, "search-in", nil, "search only files that match `GLOB`; repeatable")
	flags.BoolVar(&f.raw, "raw-content", false, "with --retrieve and --search, keep secrets and binary files")
}

// Analyzers returns the analyzers that the flags ask for.
func (f *Flags) Analyzers() ([]analyzer.Analyzer, error) {
	names := slices.Clone(f.content)
	if !slices.ContainsFunc(f.content, func(name string) bool { return !strings.HasPrefix(name, "-") }) && len(f.content) > 0 {
		names = append(names, "all") // but those
	}
	if f.noHints {
		names = append(names, "-hints")
	}
	list, err := content.Select(names...)
	if err != nil {
		return nil, fmt.Errorf("--content: %w", err)
	}
	if len(f.retrieve) > 0 {
		if f.size < 1 {
			return nil, fmt.Errorf("--retrieve-size %d is less than 1", f.size)
		}
		const maxFile = 16 << 20
		a := retrieve.New(retrieve.Options{Paths: paths(f.retrieve), MaxContent: int64(f.size), MaxFile: max(maxFile, int64(f.size)), Raw: f.raw})
		if err := a.Info().Validate(); err != nil {
			return nil, fmt.Errorf("--retrieve: %w", err)
		}
		list = append(list, a)
	}
	if len(f.search) == 0 {
		if len(f.searchIn) > 0 {
			return nil, errors.New("--search-in needs --search NAME=REGEXP")
		}
		return list, nil
	}
	o := retrieve.SearchOptions{Paths: paths(f.searchIn), Raw: f.raw}
	for _, text := range f.search {
		e, err := retrieve.ParseExpression(text)
		if err != nil {
			return nil, fmt.Errorf("--search: %w", err)
		}
		if slices.ContainsFunc(o.Expressions, func(o retrieve.Expression) bool { return o.Name == e.Name }) {
			return nil, fmt.Errorf("--search: two expressions have the name %s", e.Name)
		}
		o.Expressions = append(o.Expressions, e)
	}
	a := retrieve.Search(o)
	if err := a.Info().Validate(); err != nil {
		return nil, fmt.Errorf("--search-in: %w", err)
	}
	return append(list, a), nil
}

// paths returns the patterns of analyzer.Info for globs as --exclude takes them: one without a slash matches names in any directory, and one
// without a star also all files below a directory.
func paths(globs []string) []string {
	var list []string
	for _, g := range globs {
		p := strings.TrimPrefix(strings.Trim(g, "/"), "./")
		if !strings.Contains(g, "/") && p != "**" {
			p = "**/" + p
		}
		list = append(list, p)
		if strings.Contains(g, "/") && !strings.Contains(p, "*") {
			list = append(list, p+"/**")
		}
	}
	return list
}

// Retrieved tells the user if no file was retrieved.
func (f *Flags) Retrieved(report *analyzer.Report, say func(message string)) {
	if len(f.retrieve) > 0 && !slices.ContainsFunc(report.Records, func(r analyzer.FileRecord) bool { return r.Kind == "retrieved-file" }) {
		say(fmt.Sprintf("--retrieve %s matches no regular file", terminal.Escape(strings.Join(f.retrieve, ", "))))
	}
}

// Require adds to the report of an SBOM the analyzers and plugins that the flags ask for and that the SBOM does not name, as ones that did not
// run: a gate must not pass what only the image would show. It returns the error of reading the SBOM, if there is one.
func (f *Flags) Require(err error, report *analyzer.Report, plugins ...string) error {
	if err != nil {
		return err
	}
	list, err := f.Analyzers()
	if err != nil {
		return err
	}
	add := func(x analyzer.Examination) {
		if !slices.ContainsFunc(report.Examined, func(e analyzer.Examination) bool { return e.Analyzer == x.Analyzer }) {
			x.NotRun = "an SBOM was read instead of the image"
			report.Examined = append(report.Examined, x)
		}
	}
	for _, a := range list {
		info := a.Info()
		add(analyzer.Examination{Analyzer: info.Name, Version: info.Version, Finds: info.Finds})
	}
	for _, p := range plugins {
		if p, _, _ = strings.Cut(p, "@"); p != "" {
			add(analyzer.Examination{Analyzer: filepath.Base(p), Finds: []string{"findings"}})
		}
	}
	slices.SortFunc(report.Examined, func(a, b analyzer.Examination) int { return strings.Compare(a.Analyzer, b.Analyzer) })
	return nil
}
