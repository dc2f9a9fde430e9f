package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hullmark/hullmark/internal/terminal"
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

// formatFlags decide how and where results are written.
type formatFlags struct {
	formats  []string
	template string
}

func (f *formatFlags) register(c *cobra.Command) {
	c.Flags().StringArrayVar(&f.formats, "format", nil, "write results as `FORMAT[=FILE]`, several if repeated (default table)")
	c.Flags().StringVar(&f.template, "template", "", "write --format template by the Go template in `FILE`")
}

// A format writes results.
type format struct {
	name  string
	write func(io.Writer, *report.Assessment) error
}

// formats returns the formats of results. The template is that of --template.
func formats() []format {
	return []format{
		{"table", nil}, // see formatOutputs.write
		{"json", json.Write},
		{"cyclonedx", writeCycloneDX},
		{"sarif", sarif.Write},
		{"gitlab", gitlab.Write},
		{"junit", junit.Write},
		{"html", html.Write},
		{"markdown", markdown.Write},
		{"template", nil},
	}
}

func writeCycloneDX(w io.Writer, x *report.Assessment) error {
	options, err := sbomOptions(x.Name)
	if err != nil {
		return err
	}
	return sbom.Encode(w, x, options)
}

// writeTable writes the table, and the flags that show more.
func (a *app) writeTable(o *output, x *report.Assessment, showHidden bool) error {
	s := a.style(o)
	if err := table.Write(o, x, table.Options{Width: s.Width, Color: s.Color, ShowHidden: showHidden}); err != nil {
		return err
	}
	if n := len(x.Hidden); n > 0 && !showHidden {
		fmt.Fprintln(o, "\n--show-hidden lists the hidden findings")
	}
	if x.Omitted > 0 {
		fmt.Fprintln(o, "\n--declared includes packages that only lock files or manifests name")
	}
	return nil
}

// style returns the look of results: as wide as the terminal, and in colours unless NO_COLOR is set.
func (a *app) style(o *output) terminal.Style {
	if o.file != nil {
		return terminal.Style{}
	}
	width, ok := terminalWidth(a.stdout)
	return terminal.Style{Width: width, Color: ok && os.Getenv("NO_COLOR") == ""}
}

// templateFormat returns the format of a template file.
func templateFormat(name string) (format, error) {
	if name == "" {
		return format{}, errors.New("--format template needs a template; --template FILE names it")
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return format{}, fmt.Errorf("--template: %w", err)
	}
	t, err := template.Parse(name, string(text))
	if err != nil {
		return format{}, fmt.Errorf("--template: %w", err)
	}
	return format{"template", t.Write}, nil
}

// formatNames lists the values of --format: "a, b or c".
func formatNames() string {
	var names []string
	for _, f := range formats() {
		names = append(names, f.name)
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// formatOutputs are the requested formats with their destinations.
type formatOutputs []formatOutput

type formatOutput struct {
	format
	*output
}

// openFormats opens an output for each --format. One without a file goes to -o.
func (a *app) openFormats(f *formatFlags, output string) (_ formatOutputs, err error) {
	var outs formatOutputs
	defer func() {
		if err != nil {
			outs.discard()
		}
	}()
	files := make(map[string]bool)
	used := false
	words := f.formats
	if len(words) == 0 {
		words = []string{"table"}
	}
	for _, word := range words {
		name, file, named := strings.Cut(word, "=")
		if named && file == "" {
			return nil, fmt.Errorf("--format %s= names no file", name)
		}
		if !named {
			file = output
		}
		if file == "-" {
			file = ""
		}
		if files[file] {
			if file == "" {
				return nil, errors.New("two of --format go to standard output; name a file for one: --format " + name + "=FILE")
			}
			return nil, fmt.Errorf("two of --format go to %s; name another file for one", file)
		}
		files[file] = true
		i := 0
		for i < len(formats()) && formats()[i].name != name {
			i++
		}
		if i == len(formats()) {
			return nil, fmt.Errorf("--format %q is none of %s", name, strings.Replace(formatNames(), " or ", " and ", 1))
		}
		chosen := formats()[i]
		if name == "template" {
			if chosen, err = templateFormat(f.template); err != nil {
				return nil, err
			}
			used = true
		}
		o, err := a.output(file)
		if err != nil {
			return nil, err
		}
		outs = append(outs, formatOutput{chosen, o})
	}
	if f.template != "" && !used {
		return outs, errors.New("--template is for --format template[=FILE], which is not given")
	}
	return outs, nil
}

// write writes all formats, and puts the files in place only if all are complete.
func (f formatOutputs) write(a *app, x *report.Assessment, showHidden bool) error {
	for _, o := range f {
		var err error
		if o.format.name == "table" {
			err = a.writeTable(o.output, x, showHidden)
		} else {
			err = o.format.write(o.output, x)
		}
		if err != nil {
			return fmt.Errorf("--format %s: %w", o.format.name, err)
		}
	}
	for _, o := range f {
		if err := o.commit(); err != nil {
			return err
		}
	}
	return nil
}

func (f formatOutputs) discard() {
	for _, o := range f {
		o.discard()
	}
}
