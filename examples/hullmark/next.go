package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/internal/terminal"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/matcher/report/table"
)

// next writes the commands that a reader of a table is likely to want now, ready to be copied. The command line that ran comes back with
// a flag more.
func (a *app) next(out *output, x *report.Assessment, o table.Options) {
	var rows [][2]string
	add := func(what string, words ...string) {
		rows = append(rows, [2]string{terminal.Escape(terminal.ShellLine(append([]string{"hullmark"}, words...))), what})
	}
	with := func(flags ...string) []string {
		if len(a.args) == 0 {
			return flags
		}
		return append(append(slices.Clone(a.args[:1]), flags...), a.args[1:]...)
	}
	if ref := a.image(x); ref != "" && len(x.Findings) > 0 {
		worst := slices.MinFunc(x.Findings, func(f, g report.Finding) int { return matcher.CompareRisk(f.Match, g.Match) })
		words := []string{"explain"}
		if database := a.flag("db"); database != "" {
			words = append(words, "--db", database)
		}
		add("why "+worst.ID+" was found", append(words, ref, worst.ID)...)
	}
	if x.Database.Starter {
		add("a current database, for --db advisories.db", "db", "update", "-o", "advisories.db")
	}
	if len(x.Hidden) > 0 && !o.ShowHidden {
		add("the hidden findings, too", with("--show-hidden")...)
	}
	if !o.ShowInfo && slices.ContainsFunc(x.FileFindings, func(f report.FileFinding) bool { return f.Informs() }) {
		add("the findings for information, too", with("--show-info")...)
	}
	if len(x.LeftOut) > x.Omitted {
		add("packages in caches and test data, too", with("--include", "cached,test-data")...)
	}
	if x.Omitted > 0 {
		add("packages that only lock files and manifests name, too", with("--declared")...)
	}
	if len(rows) == 0 {
		return
	}
	fmt.Fprintf(out, "\nnext:\n")
	for _, r := range rows {
		fmt.Fprintf(out, "  %s\n      %s\n", r[0], r[1])
	}
}

// image returns the reference that the command line names if hullmark explain takes it, else "".
func (a *app) image(x *report.Assessment) string {
	ref, _, _ := strings.Cut(x.Name, " (")
	if len(a.args) == 0 || a.args[0] != "scan" || isDocument(ref) {
		return ""
	}
	return ref
}

// flag returns the value of a flag of the command that runs.
func (a *app) flag(name string) string {
	if a.running == nil {
		return ""
	}
	if f := a.running.Flags().Lookup(name); f != nil {
		return f.Value.String()
	}
	return ""
}
