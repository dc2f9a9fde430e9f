package main

import (
	"bufio"
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/atomicfile"
	"github.com/hullmark/hullmark/internal/console"
	"github.com/hullmark/hullmark/internal/diagnostictext"
	"github.com/hullmark/hullmark/internal/progress"
	"github.com/hullmark/hullmark/internal/terminal"
	"github.com/hullmark/hullmark/matcher/assess"
	"github.com/hullmark/hullmark/matcher/report"
)

func outputFlag(c *cobra.Command, output *string) {
	c.Flags().StringVarP(output, "output", "o", "", "write results to `FILE` instead of standard output")
}

// checkOutput returns an error if -o has the name of a format, as other tools take it.
func checkOutput(name string) error {
	format, _, _ := strings.Cut(name, "=")
	switch format {
	case "json", "table", "text", "cyclonedx", "cyclonedx-json", "cyclonedx-xml", "spdx", "spdx-json", "sarif", "gitlab", "junit", "html", "markdown", "template", "in-toto":
		return fmt.Errorf("-o %s: -o names a file; write -f %[1]s for the format, or -o ./%[1]s for a file of that name", name)
	}
	return nil
}

// An output is standard output, or a file that gets its name when it is complete.
type output struct {
	*bufio.Writer
	file *atomicfile.File // nil for standard output
}

// output opens the file that -o names; "" and "-" are standard output.
func (a *app) output(name string) (*output, error) {
	const buffer = 64 << 10
	if name == "" || name == "-" {
		return &output{Writer: bufio.NewWriterSize(a.stdout, buffer)}, nil
	}
	if err := checkOutput(name); err != nil {
		return nil, err
	}
	f, err := atomicfile.Create(name)
	if err != nil {
		return nil, fmt.Errorf("cannot write results: %w; choose another file with -o", err)
	}
	return &output{bufio.NewWriterSize(f, buffer), f}, nil
}

func (o *output) commit() error {
	err := o.Flush()
	if err == nil && o.file != nil {
		err = o.file.Commit()
	}
	if err != nil {
		return fmt.Errorf("cannot write results: %w", err)
	}
	return nil
}

// discard removes the file, unless it is committed.
func (o *output) discard() {
	if o.file != nil {
		o.file.Discard()
	}
}

// write opens an output, and commits it if write succeeds.
func (a *app) write(name string, write func(*output) error) error {
	out, err := a.output(name)
	if err != nil {
		return err
	}
	defer out.discard()
	if err := write(out); err != nil {
		return err
	}
	return out.commit()
}

// print writes a line to standard output.
func (a *app) print(format string, args ...any) error {
	return a.write("", func(out *output) error {
		fmt.Fprintf(out, format+"\n", args...) // the buffer keeps the error
		return nil
	})
}

// writeGrid writes a table to standard output.
func (a *app) writeGrid(g *terminal.Grid) error {
	return a.write("", func(out *output) error {
		g.Write(out, a.style(out))
		return nil
	})
}

// maxDiagnostics is the number of lines of diagnostics on standard error.
const maxDiagnostics = 20

// diagnoseKept writes the diagnostics of a report that a pipeline does not exclude.
func (a *app) diagnoseKept(found *analyzer.Report, p *assess.Pipeline) error {
	kept, _, err := report.Exclude(found, p.Exclude)
	if err == nil {
		a.diagnose(kept.Diagnostics)
	}
	return err
}

// diagnose writes diagnostics to standard error.
func (a *app) diagnose(list []analyzer.FileDiagnostic) {
	lines, more := diagnostictext.Lines(list, maxDiagnostics)
	for _, line := range lines {
		a.say("%s", line)
	}
	if more > 0 {
		a.say("%d more diagnostics; --format json has all of them", more)
	}
}

// style returns the look of results: as wide as the terminal, in colour unless NO_COLOR is set.
func (a *app) style(o *output) terminal.Style {
	if o.file != nil {
		return terminal.Style{}
	}
	width, ok := console.Width(a.stdout)
	return terminal.Style{Width: width, Color: ok && a.env("NO_COLOR") == "" && a.env("TERM") != "dumb", Links: ok && terminal.KnowsLinks(a.env)}
}

// progress returns bars, which are nil if standard error is not a terminal.
func (a *app) progress(ctx context.Context, quiet bool) *progress.Bars {
	if _, ok := console.Width(a.stderr); quiet || !ok {
		return nil
	}
	return progress.New(ctx, a.stderr)
}
