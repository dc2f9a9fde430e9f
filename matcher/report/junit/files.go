package junit

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/hullmark/hullmark/matcher/report"
)

// files are the findings in files: a case fails if it disallows the image, and is skipped if it is hidden.
func files(v *report.Assessment) (suite, bool) {
	s := suite{Name: "files", Time: "0"}
	for i := range v.FileFindings {
		s.add(caseOfFile(&v.FileFindings[i]))
	}
	for i := range v.Hidden {
		for k := range v.Hidden[i].Files {
			s.add(caseOfFile(&v.Hidden[i].Files[k]))
		}
	}
	return s, s.Tests > 0
}

func caseOfFile(f *report.FileFinding) testcase {
	var lines []string
	add := func(name, value string) {
		if value != "" {
			lines = append(lines, name+value)
		}
	}
	add("", f.Detail)
	add("Severity: ", f.Severity)
	add("Found in: ", f.Place())
	add("The file is ", f.State())
	if f.Layer >= 0 {
		add("Layer: ", fmt.Sprint(f.Layer))
	}
	if f.Package != nil {
		add("Of package: ", f.Package.Label())
	}
	add("Analyzer: ", f.Analyzer)
	message := f.Title
	for _, d := range f.Decisions {
		if d.Message != "" && d.Action == f.Action {
			message = d.Message
			break
		}
	}
	name := f.Rule
	if f.Title != "" { // a file may have several findings of a rule
		name += ": " + f.Title
	}
	c := testcase{Name: clean(name), Class: clean(cmp.Or(f.Path, "image configuration")), File: clean(f.Path), Time: "0"}
	detail := clean(strings.Join(lines, "\n"))
	switch {
	case f.Reason != nil:
		c.Skipped = &outcome{Message: clean("hidden: " + f.Reason.Text)}
		c.Out = detail
	case f.Disallowed:
		c.Failure = &outcome{Message: clean(message), Type: clean(f.Severity), Text: detail}
	default:
		c.Out = clean(f.Title + "\n" + strings.Join(lines, "\n"))
	}
	return c
}

// examined has a case for each kind of search. Properties have the analyzers, and the numbers of records by kind.
func examined(v *report.Assessment) suite {
	s := suite{Name: "examined", Time: "0"}
	list := v.Searches()
	if list == nil {
		s.add(testcase{Name: "the kinds of findings looked for are known", Class: "examined", Time: "0", Skipped: &outcome{Message: "The report does not name the kinds of findings looked for."}})
	}
	var p properties
	for i := range list {
		x := &list[i]
		c := testcase{Name: clean("looked for " + x.Name()), Class: "examined", Time: "0"}
		if missing := x.Missing(); missing != "" {
			c.Skipped = &outcome{Message: clean(missing)}
		}
		if by := x.Analyzers(); by != "" {
			p.List = append(p.List, property{clean("looked for " + x.Name()), clean(by)})
		}
		s.add(c)
	}
	for _, c := range v.RecordCounts() {
		p.List = append(p.List, property{clean("records " + c.Kind), fmt.Sprint(c.N)})
	}
	if len(p.List) > 0 {
		s.Properties = &p
	}
	return s
}
