package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/matcher/report/gitlab"
	"github.com/hullmark/hullmark/matcher/report/html"
	"github.com/hullmark/hullmark/matcher/report/json"
	"github.com/hullmark/hullmark/matcher/report/junit"
	"github.com/hullmark/hullmark/matcher/report/markdown"
	"github.com/hullmark/hullmark/matcher/report/sarif"
	"github.com/hullmark/hullmark/matcher/report/table"
	"github.com/hullmark/hullmark/matcher/report/template"
	"github.com/hullmark/hullmark/sbom"
)

// formatFlags decide how and where reports are written.
type formatFlags struct {
	formats    []string
	template   string
	output     string // destination of the format without a file
	tag        string // goes into the names of files
	showHidden bool
}

func (f *formatFlags) register(c *cobra.Command) {
	flags := c.Flags()
	flags.StringArrayVar(&f.formats, "format", nil, "write the report as `FORMAT[=FILE]`; repeatable (default table)")
	flags.StringVar(&f.template, "template", "", "write --format template with the Go template in `FILE`")
	flags.BoolVar(&f.showHidden, "show-hidden", false, "list hidden findings in the table, too")
	outputFlag(c, &f.output)
}

// A writer writes a report to one output.
type writer struct {
	*output
	format string
	write  func(io.Writer, *report.Assessment) error
}

// writer returns the writer of a format, without its output.
func (f *formatFlags) writer(a *app, format string) (*writer, error) {
	w := &writer{format: format, write: map[string]func(io.Writer, *report.Assessment) error{
		"json":      json.Write,
		"cyclonedx": writeCycloneDX,
		"sarif":     sarif.Write,
		"gitlab":    gitlab.Write,
		"junit":     junit.Write,
		"html":      html.Write,
		"markdown":  markdown.Write,
	}[format]}
	switch {
	case w.write != nil:
	case format == "table":
		w.write = func(_ io.Writer, x *report.Assessment) error { return a.writeTable(w.output, x, f.showHidden) }
	case format == "template" && f.template == "":
		return nil, errors.New("--format template needs --template FILE")
	case format == "template":
		text, err := os.ReadFile(f.template)
		if err != nil {
			return nil, fmt.Errorf("--template: %w", err)
		}
		t, err := template.Parse(f.template, string(text))
		if err != nil {
			return nil, fmt.Errorf("--template: %w", err)
		}
		w.write = t.Write
	default:
		return nil, fmt.Errorf("unknown --format %q; use table, json, cyclonedx, sarif, gitlab, junit, html, markdown or template", format)
	}
	return w, nil
}

func writeCycloneDX(w io.Writer, x *report.Assessment) error {
	options, err := sbomOptions(x.Name)
	if err != nil {
		return err
	}
	return sbom.Encode(w, x, options)
}

// writeTable writes the table, and names the flags that show more.
func (a *app) writeTable(out *output, x *report.Assessment, showHidden bool) error {
	o := a.tableOptions(out)
	o.ShowHidden = showHidden
	if err := table.Write(out, x, o); err != nil {
		return err
	}
	if len(x.Hidden) > 0 && !showHidden {
		fmt.Fprintln(out, "\n--show-hidden lists the hidden findings")
	}
	if len(x.LeftOut) > x.Omitted {
		fmt.Fprintln(out, "\n--include cached,test-data includes packages in caches and test data")
	}
	if x.Omitted > 0 {
		fmt.Fprintln(out, "\n--declared includes packages that only lock files or manifests name")
	}
	return nil
}

func (a *app) tableOptions(out *output) table.Options {
	s := a.style(out)
	return table.Options{Width: s.Width, Color: s.Color}
}

// writers are the requested formats.
type writers []*writer

// open opens an output for each --format.
func (f *formatFlags) open(a *app) (list writers, err error) {
	defer func() {
		if err != nil {
			list.discard()
		}
	}()
	words := f.formats
	if len(words) == 0 {
		words = []string{"table"}
	}
	used := make(map[string]string)
	for _, word := range words {
		format, file, named := strings.Cut(word, "=")
		if named && file == "" {
			return list, fmt.Errorf("--format %s= names no file", format)
		}
		if !named {
			file = f.output
		}
		if file == "-" {
			file = ""
		}
		if other, ok := used[file]; ok {
			return list, fmt.Errorf("--format %s and %s go to the same output; name a file for one: --format %[2]s=FILE", other, format)
		}
		used[file] = format
		w, err := f.writer(a, format)
		if err != nil {
			return list, err
		}
		if w.output, err = a.output(taggedFile(file, f.tag)); err != nil {
			return list, err
		}
		list = append(list, w)
	}
	if f.template != "" && !slices.ContainsFunc(list, func(w *writer) bool { return w.format == "template" }) {
		return list, errors.New("--template needs --format template[=FILE]")
	}
	return list, nil
}

// commit writes all formats, and then puts all files in place.
func (list writers) commit(x *report.Assessment) error {
	for _, w := range list {
		if err := w.write(w.output, x); err != nil {
			return fmt.Errorf("--format %s: %w", w.format, err)
		}
	}
	for _, w := range list {
		if err := w.output.commit(); err != nil {
			return err
		}
	}
	return nil
}

func (list writers) discard() {
	for _, w := range list {
		w.discard()
	}
}
