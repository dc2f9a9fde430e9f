// Package template writes a report by a template of text/template, for formats of your own.
//
// The template is executed on a [report.Assessment]; all its fields and methods are there: {{.Name}}, {{range .Findings}}{{.ID}}
// {{.Subject.Name}} {{.Severity.Level}} {{.Fixed}} {{.Word}}{{end}}. Besides the functions of text/template there are
//
//	json V           V as JSON
//	csv S...         one record of RFC 4180
//	escape S         S as text in HTML or XML
//	join S LIST      the texts of a list with S between them
//	lower S, upper S
//	replace OLD NEW S
//	cut N S          at most N characters of S
//	date LAYOUT T    a time, in Go's notation; "" for one that is not known
//	place C          where a component was found
//	failing F        whether a finding, of a package or in a file, disallows the image
//
// {{range .FileFindings}}{{.Rule}} {{.Place}}{{end}} are the findings in files, {{range .Report.Records}} the records, and {{.Examined}}
// sums up the searches in a line.
package template

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"text/template"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher/report"
)

// A Template is a template that was read without errors.
type Template struct{ t *template.Template }

// Parse reads a template. The name is what errors call it, with the line.
func Parse(name, text string) (*Template, error) {
	t, err := template.New(name).Option("missingkey=error").Funcs(functions(nil)).Parse(text)
	if err != nil {
		return nil, err // it says "template: name:line: ..."
	}
	return &Template{t}, nil
}

// Write writes a report.
func (t *Template) Write(w io.Writer, v *report.Assessment) error {
	c, err := t.t.Clone()
	if err != nil {
		return fmt.Errorf("template: %w", err)
	}
	return c.Funcs(functions(v)).Execute(w, v)
}

func functions(v *report.Assessment) template.FuncMap {
	return template.FuncMap{
		"json": func(v any) (string, error) {
			var b bytes.Buffer
			e := json.NewEncoder(&b)
			e.SetEscapeHTML(false)
			err := e.Encode(v)
			return strings.TrimSuffix(b.String(), "\n"), err
		},
		"csv": func(fields ...any) (string, error) {
			record := make([]string, len(fields))
			for i, f := range fields {
				record[i] = fmt.Sprint(f)
			}
			var b strings.Builder
			w := csv.NewWriter(&b)
			w.Write(record)
			w.Flush()
			return strings.TrimSuffix(b.String(), "\n"), w.Error()
		},
		"escape": func(s any) (string, error) {
			var b strings.Builder
			err := xml.EscapeText(&b, []byte(fmt.Sprint(s)))
			return b.String(), err
		},
		"join":    func(sep string, list []string) string { return strings.Join(list, sep) },
		"lower":   strings.ToLower,
		"upper":   strings.ToUpper,
		"replace": func(old, new, s string) string { return strings.ReplaceAll(s, old, new) },
		"cut": func(n int, s string) string {
			if r := []rune(s); len(r) > max(n, 0) {
				return string(r[:max(n, 0)])
			}
			return s
		},
		"date": func(layout string, t time.Time) string {
			if t.IsZero() {
				return ""
			}
			return t.UTC().Format(layout)
		},
		"place": func(c *analyzer.Component) string { return c.Location() },
		"failing": func(f any) (bool, error) {
			switch f := f.(type) {
			case report.Finding:
				return v != nil && f.Disallowed, nil
			case report.FileFinding:
				return v != nil && f.Disallowed, nil
			}
			return false, fmt.Errorf("failing takes a finding, not %T", f)
		},
	}
}
