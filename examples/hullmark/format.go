package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report/gitlab"
	"github.com/hullmark/hullmark/matcher/report/html"
	"github.com/hullmark/hullmark/matcher/report/junit"
	"github.com/hullmark/hullmark/matcher/report/markdown"
	"github.com/hullmark/hullmark/matcher/report/sarif"
	"github.com/hullmark/hullmark/matcher/report/template"
	"github.com/hullmark/hullmark/sbom"
)

// formatFlags say how results are written, and where to.
type formatFlags struct {
	formats  []string
	template string
}

func (f *formatFlags) register(c *cobra.Command) {
	c.Flags().StringArrayVar(&f.formats, "format", nil, "write results as `FORMAT[=FILE]`, several if repeated (default table)")
	c.Flags().StringVar(&f.template, "template", "", "write --format template by the Go template in `FILE`")
}

// A format is a form of the results.
type format struct {
	name  string
	write func(*app, *output, *results) error
}

// formats returns how results can be written.
func formats() []format {
	return []format{
		{"table", func(a *app, o *output, v *results) error { return writeTable(o, v, a.style(o), a.now()) }},
		{"json", func(_ *app, o *output, v *results) error { return writeJSON(o, v) }},
		{"cyclonedx", func(_ *app, o *output, v *results) error {
			options, err := sbomOptions(v.Name)
			if err != nil {
				return err
			}
			return sbom.Encode(o, v.Report, v.stated(), options)
		}},
		{"sarif", func(_ *app, o *output, v *results) error { return sarif.Write(o, v.Assessment) }},
		{"gitlab", func(_ *app, o *output, v *results) error { return gitlab.Write(o, v.Assessment) }},
		{"junit", func(_ *app, o *output, v *results) error { return junit.Write(o, v.Assessment) }},
		{"html", func(_ *app, o *output, v *results) error { return html.Write(o, v.Assessment) }},
		{"markdown", func(_ *app, o *output, v *results) error { return markdown.Write(o, v.Assessment) }},
		{"template", nil}, // by that of --template
	}
}

// stated returns the result with what is shown, and with what VEX statements suppress, since CycloneDX can say so.
func (v *results) stated() *matcher.Result {
	r := *v.Result
	r.Matches = nil
	for i := range v.Result.Matches {
		if m := &v.Result.Matches[i]; v.Why(i) == "" || m.Suppressed() {
			r.Matches = append(r.Matches, *m)
		}
	}
	return &r
}

// templateFormat is the format of a template in a file.
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
	return format{"template", func(_ *app, o *output, v *results) error { return t.Write(o, v.Assessment) }}, nil
}

// formatNames lists what --format takes: "a, b or c".
func formatNames() string {
	var names []string
	for _, f := range formats() {
		names = append(names, f.name)
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// formatOutputs are the forms that were asked for, and where each goes.
type formatOutputs []formatOutput

type formatOutput struct {
	format
	*output
}

// openFormats opens an output for each of --format. One without a file goes where -o says.
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
		if chosen.write == nil {
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

// write writes all forms, and puts them in place only when all are complete.
func (f formatOutputs) write(a *app, v *results) error {
	for _, o := range f {
		if err := o.format.write(a, o.output, v); err != nil {
			return fmt.Errorf("--format %s: %w", o.name(), err)
		}
	}
	for _, o := range f {
		if err := o.commit(); err != nil {
			return err
		}
	}
	return nil
}

func (f formatOutput) name() string { return f.format.name }

func (f formatOutputs) discard() {
	for _, o := range f {
		o.discard()
	}
}
