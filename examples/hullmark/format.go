package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
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
	showInfo   bool
	groupBy    string
	top        int
}

func (f *formatFlags) register(c *cobra.Command) {
	flags := c.Flags()
	flags.StringArrayVarP(&f.formats, "format", "f", nil, "write the report as `FORMAT[=FILE]`; repeatable, or several with commas (default by the name of -o, or table)")
	flags.StringVar(&f.template, "template", "", "write --format template with the Go template in `FILE`")
	flags.BoolVar(&f.showHidden, "show-hidden", false, "list hidden findings in the table, too")
	flags.BoolVar(&f.showInfo, "show-info", false, "list findings in files of level info in the table, instead of their number")
	flags.StringVar(&f.groupBy, "group-by", "", "group the findings of the table by `WHAT`: package (default without --sort-by), layer, file or none")
	flags.IntVar(&f.top, "top", 0, "list only the first `N` findings in the table (default all)")
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
		o := table.Options{ShowHidden: f.showHidden, ShowInfo: f.showInfo, Top: f.top, GroupBy: table.Group(f.groupBy)}
		if err := o.Check(); err != nil {
			return nil, fmt.Errorf("--group-by %s, --top %d: %w; use package, layer, file or none, and a number of findings", f.groupBy, f.top, err)
		}
		w.write = func(_ io.Writer, x *report.Assessment) error { return a.writeTable(w.output, x, o) }
	case format == "template" && f.template == "":
		return nil, errors.New("--format template needs --template FILE")
	case format == "template":
		text, err := os.ReadFile(f.template)
		switch file, at := strings.CutPrefix(f.template, "@"); {
		case err != nil && at: // as trivy writes it
			return nil, fmt.Errorf("--template: %w; write %s, without @", err, file)
		case err != nil:
			return nil, fmt.Errorf("--template: %w", err)
		}
		t, err := template.Parse(f.template, string(text))
		if err != nil {
			return nil, fmt.Errorf("--template: %w", err)
		}
		w.write = t.Write
	default:
		return nil, fmt.Errorf("unknown --format %q; use table, json, cyclonedx, sarif, gitlab, junit, html, markdown or template; hullmark sbom writes other SBOMs", format)
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

// writeTable writes the table, and then the commands to run next.
func (a *app) writeTable(out *output, x *report.Assessment, o table.Options) error {
	s := a.tableOptions(out)
	o.Width, o.Color, o.Links = s.Width, s.Color, s.Links
	if err := table.Write(out, x, o); err != nil {
		return err
	}
	a.next(out, x, o)
	return nil
}

func (a *app) tableOptions(out *output) table.Options {
	s := a.style(out)
	return table.Options{Width: s.Width, Color: s.Color, Links: s.Links}
}

// writers are the requested formats.
type writers []*writer

// extensions are the ends of the files' names if -o gives several formats one name, with the names of all formats of a report.
var extensions = map[string]string{
	"table": ".txt", "json": ".json", "cyclonedx": ".cdx.json", "sarif": ".sarif", "gitlab": ".gitlab.json", "junit": ".junit.xml",
	"html": ".html", "markdown": ".md", "template": ".out",
}

// splitFormats separates formats that are written with commas between them. A comma in the name of a file stays: a format, and then
// "=" or the end, must follow a comma that separates.
func splitFormats(list []string) []string {
	var words []string
	for _, text := range list {
		for i, part := range strings.Split(text, ",") {
			name, _, _ := strings.Cut(strings.TrimSpace(part), "=")
			last := len(words) - 1
			if i > 0 && extensions[name] == "" && strings.Contains(words[last], "=") {
				words[last] += "," + part
				continue
			}
			words = append(words, strings.TrimSpace(part))
		}
	}
	return words
}

// unnamedFile returns the file of a format that names none: that of -o, with the extension of the format if several formats need one.
func (f *formatFlags) unnamedFile(format string, several bool) (string, error) {
	file, ext := f.output, extensions[format]
	if !several || file == "" || file == "-" || ext == "" {
		return file, nil
	}
	if strings.HasSuffix(file, string(filepath.Separator)) {
		return "", fmt.Errorf("-o %s is a directory; name a file", file)
	}
	base := filepath.Base(file)
	return filepath.Join(filepath.Dir(file), cmp.Or(strings.TrimSuffix(base, filepath.Ext(base)), base)+ext), nil
}

// open opens an output for each --format.
func (f *formatFlags) open(a *app) (list writers, err error) {
	defer func() {
		if err != nil {
			list.discard()
		}
	}()
	words := splitFormats(f.formats)
	if len(words) == 0 {
		words = []string{"table"}
	}
	unnamed := slices.DeleteFunc(slices.Clone(words), func(word string) bool { return strings.Contains(word, "=") })
	used := make(map[string]string)
	for _, word := range words {
		format, file, named := strings.Cut(word, "=")
		if format == "cyclonedx-json" { // the name in the formats of sbom
			format = "cyclonedx"
		}
		if named && file == "" {
			return list, fmt.Errorf("--format %s= names no file", format)
		}
		if !named {
			if file, err = f.unnamedFile(format, len(unnamed) > 1); err != nil {
				return list, err
			}
		}
		if file == "-" || file == "" {
			file = ""
		} else {
			file = filepath.Clean(file)
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
