package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hullmark/hullmark/internal/english"
	"github.com/hullmark/hullmark/internal/terminal"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/assess"
	"github.com/hullmark/hullmark/matcher/ignore"
	"github.com/hullmark/hullmark/matcher/report"
)

// defaultIgnoreFile is read from the working directory if there is such a file.
const defaultIgnoreFile = ".hullmarkignore"

// viewFlags decide which findings a reader sees first, and which ones a person has decided to ignore.
type viewFlags struct {
	severity   string
	ids        []string
	ignoreFile string
	sortBy     string
	origin     func(flag string) string
}

func (f *viewFlags) register(a *app, c *cobra.Command) {
	flags := c.Flags()
	flags.StringVar(&f.severity, "severity", "", "hide findings below `SEVERITY`, and count them, unless --fail-on counts them")
	flags.StringArrayVar(&f.ids, "ignore", nil, "hide findings of the vulnerability or rule `ID`, and count them; repeatable")
	flags.StringVar(&f.ignoreFile, "ignore-file", defaultIgnoreFile, "hide the vulnerabilities and rules that the list in `FILE` ignores; \"off\" reads none")
	flags.StringVar(&f.sortBy, "sort-by", "package", "list findings by `ORDER`: package, severity, risk, epss, id, name")
	f.origin = func(flag string) string { return a.origin(c, flag) }
}

// apply adds the view to a pipeline.
func (f *viewFlags) apply(a *app, p *assess.Pipeline) error {
	if err := p.View.Order.UnmarshalText([]byte(f.sortBy)); err != nil {
		return fmt.Errorf("unknown order --sort-by %q; use package, severity, risk, epss, id or name", f.sortBy)
	}
	if f.severity != "" {
		p.View.Severity = matcher.Critical
		for word := range strings.SplitSeq(f.severity, ",") { // a list, as trivy takes it: its lowest counts
			var l matcher.Level
			if l.UnmarshalText([]byte(strings.ToLower(strings.TrimSpace(word)))) != nil {
				return fmt.Errorf("unknown severity --severity %q; use unknown, negligible, low, medium, high or critical", word)
			}
			p.View.Severity = min(p.View.Severity, l)
		}
	}
	for _, id := range f.ids {
		g, err := ignore.Parse(id)
		if err != nil {
			return fmt.Errorf("--ignore: %w", err)
		}
		g.Origin = f.origin("ignore")
		p.View.Ignore = append(p.View.Ignore, g)
	}
	list, err := f.readList(a)
	p.View.Ignore = append(p.View.Ignore, list...)
	return err
}

// readList reads the ignore list, and reports that it is used.
func (f *viewFlags) readList(a *app) ([]report.Ignore, error) {
	if f.ignoreFile == "off" || f.ignoreFile == "" {
		return nil, nil
	}
	if f.ignoreFile == defaultIgnoreFile { // which is read unasked
		info, err := os.Stat(f.ignoreFile)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		if err == nil && !info.Mode().IsRegular() {
			return nil, fmt.Errorf("%s is not a regular file; --ignore-file off ignores it", f.ignoreFile)
		}
	}
	var notes []string
	list, err := readFile("--ignore-file", f.ignoreFile, func(r io.Reader) (list []report.Ignore, err error) {
		list, notes, err = ignore.ReadAny(r, f.ignoreFile)
		return list, err
	})
	if err != nil {
		return nil, err
	}
	for _, note := range notes {
		a.say("%s", terminal.Escape(note))
	}
	unexplained := 0
	for i := range list {
		if list[i].Reason == "" {
			unexplained++
		}
	}
	text := ""
	if unexplained > 0 {
		text = fmt.Sprintf(", %s without a reason", english.Number(unexplained))
	}
	a.say("using %s: %s%s", terminal.Escape(f.ignoreFile), english.Count(len(list), "entry"), text)
	return list, nil
}

// tellIgnored reports entries of ignore lists that hide nothing.
func (a *app) tellIgnored(x *report.Assessment) {
	const shown = 5
	var lines []string
	for i := range x.Ignored {
		switch g := &x.Ignored[i]; {
		case g.Expired:
			lines = append(lines, fmt.Sprintf("%s: the entry for %s expired on %s, and hides nothing", g.Origin, g.Subject(), day(g.Expires)))
		case g.Matches+g.Findings == 0:
			lines = append(lines, fmt.Sprintf("%s: %s hides nothing in the image", g.Origin, g.Subject()))
		}
	}
	for _, line := range lines[:min(shown, len(lines))] {
		a.say("%s", terminal.Escape(line))
	}
	if more := len(lines) - shown; more > 0 {
		a.say("%s more hide nothing; the JSON report lists them", english.Count(more, "entry"))
	}
}
