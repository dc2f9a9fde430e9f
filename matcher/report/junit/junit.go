// Package junit writes a report as JUnit's XML, which every CI server shows. The format has no specification; this is what
// Jenkins, GitLab and GitHub's actions read: https://github.com/testmoapp/junitxml.
//
// Every distribution and ecosystem of the image is a suite, and every finding a case: it fails if it disallows the image, is skipped
// with the reason if it is hidden, and passes otherwise. A case of its own has an error if the ecosystem has no advisories, and passes if
// it has, so a suite is never empty. A release past its end of life is a skipped case.
//
// The suite "files" has the findings in files, in the same way. Properties of the suite "examined" name the analyzers of each kind of search. A kind that no
// analyzer looked for is a skipped case, because its findings are unknown.
package junit

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
)

type suites struct {
	XMLName  xml.Name `xml:"testsuites"`
	Name     string   `xml:"name,attr"`
	Tests    int      `xml:"tests,attr"`
	Failures int      `xml:"failures,attr"`
	Errors   int      `xml:"errors,attr"`
	Skipped  int      `xml:"skipped,attr"`
	Time     string   `xml:"time,attr"`
	Suites   []suite  `xml:"testsuite"`
}

type suite struct {
	Name       string      `xml:"name,attr"`
	Tests      int         `xml:"tests,attr"`
	Failures   int         `xml:"failures,attr"`
	Errors     int         `xml:"errors,attr"`
	Skipped    int         `xml:"skipped,attr"`
	Time       string      `xml:"time,attr"`
	Timestamp  string      `xml:"timestamp,attr,omitempty"`
	Properties *properties `xml:"properties"`
	Cases      []testcase  `xml:"testcase"`
}

type properties struct {
	List []property `xml:"property"`
}

type property struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type testcase struct {
	Name    string   `xml:"name,attr"`
	Class   string   `xml:"classname,attr"`
	File    string   `xml:"file,attr,omitempty"`
	Time    string   `xml:"time,attr"`
	Skipped *outcome `xml:"skipped"`
	Failure *outcome `xml:"failure"`
	Error   *outcome `xml:"error"`
	Out     string   `xml:"system-out,omitempty"`
}

type outcome struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",chardata"`
}

// Write writes a report, indented.
func Write(w io.Writer, v *report.Assessment) error {
	all := suites{Name: clean(v.Name), Time: "0"}
	at := make(map[matcher.Key]int)
	for i := range v.Ecosystems {
		e := &v.Ecosystems[i]
		s := suite{Name: clean(e.Name()), Time: "0", Properties: &properties{[]property{{"image", clean(v.Name)}}}}
		if !v.Time.IsZero() {
			s.Timestamp = v.Time.UTC().Format("2006-01-02T15:04:05")
		}
		advisories := testcase{Name: "advisories are known", Class: clean(e.Name()), Time: "0"}
		support := testcase{Name: "release is supported", Class: clean(e.Name()), Time: "0"}
		for _, n := range v.Notes {
			switch {
			case n.Ecosystem != e.Key:
			case n.Code == report.NoteEndOfLife:
				support.Skipped = &outcome{Message: clean(n.Text)}
			default:
				advisories.Error = &outcome{Message: clean(n.Text), Type: string(n.Code)}
			}
		}
		s.add(advisories)
		if support.Skipped != nil {
			s.add(support)
		}
		at[e.Key] = len(all.Suites)
		all.Suites = append(all.Suites, s)
	}
	add := func(f *report.Finding) {
		if i, ok := at[f.Subject.Ecosystem]; ok {
			all.Suites[i].add(caseOf(v, f))
		}
	}
	for i := range v.Findings {
		add(&v.Findings[i])
	}
	for i := range v.Hidden {
		for j := range v.Hidden[i].Findings {
			add(&v.Hidden[i].Findings[j])
		}
	}
	if s, ok := imageSuite(v); ok {
		all.Suites = append(all.Suites, s)
	}
	if s, ok := files(v); ok {
		all.Suites = append(all.Suites, s)
	}
	all.Suites = append(all.Suites, examined(v))
	if s, ok := policySuite(v); ok {
		all.Suites = append(all.Suites, s)
	}
	all.number()
	for i := range all.Suites {
		s := &all.Suites[i]
		all.Tests, all.Failures, all.Errors, all.Skipped = all.Tests+s.Tests, all.Failures+s.Failures, all.Errors+s.Errors, all.Skipped+s.Skipped
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return fmt.Errorf("junit: %w", err)
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(all); err != nil {
		return fmt.Errorf("junit: %w", err)
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// number numbers the cases with a class and a name that an earlier one has. GitLab keeps one of them, whatever their suites are.
func (x *suites) number() {
	seen := make(map[[2]string]int)
	for i := range x.Suites {
		for k := range x.Suites[i].Cases {
			c := &x.Suites[i].Cases[k]
			key := [2]string{c.Class, c.Name}
			for seen[key]++; seen[key] > 1; {
				key[1] = fmt.Sprintf("%s (%d)", c.Name, seen[[2]string{c.Class, c.Name}])
				seen[key]++
			}
			c.Name = key[1]
		}
	}
}

func (s *suite) add(c testcase) {
	s.Tests++
	switch {
	case c.Failure != nil:
		s.Failures++
	case c.Error != nil:
		s.Errors++
	case c.Skipped != nil:
		s.Skipped++
	}
	s.Cases = append(s.Cases, c)
}

func caseOf(v *report.Assessment, f *report.Finding) testcase {
	c := testcase{Name: clean(f.ID), Class: clean(f.Subject.Name + " " + f.Subject.Version), File: clean(f.Components[0].Path), Time: "0"}
	var lines []string
	for _, line := range [][2]string{
		{"Severity: ", f.Severity.Level.String()}, {"Fixed in: ", f.Fixed}, {"Status: ", f.Word()}, {"", f.Summary()},
	} {
		if line[1] != "" {
			lines = append(lines, line[0]+line[1])
		}
	}
	for _, x := range f.Components {
		lines = append(lines, x.Label()+" in "+x.Location())
	}
	lines = append(lines, f.URLs()...)
	detail := clean(strings.Join(lines, "\n"))
	message := fmt.Sprintf("%s: %s in %s %s", f.Severity.Level, f.ID, f.Subject.Name, f.Subject.Version)
	if f.Fixed != "" {
		message += ", fixed in " + f.Fixed
	}
	for _, d := range f.Decisions {
		if d.Message != "" && d.Action == f.Action {
			message = d.Message
			break
		}
	}
	switch {
	case f.Hidden != nil:
		c.Skipped = &outcome{Message: clean("hidden: " + f.Hidden.Text)}
		c.Out = detail
	case f.Disallowed:
		c.Failure = &outcome{Message: clean(message), Type: f.Severity.Level.String(), Text: detail}
	default:
		c.Out = detail
	}
	return c
}

// imageSuite has the notes about the whole image.
func imageSuite(v *report.Assessment) (suite, bool) {
	s := suite{Name: "image", Time: "0"}
	for _, n := range v.Notes {
		c := testcase{Class: "image", Time: "0"}
		switch n.Code {
		case report.NoteUnread:
			c.Name = "package databases are complete"
			c.Error = &outcome{Message: clean(n.Text), Type: string(n.Code)}
		case report.NoteExcluded, report.NoteExpired:
			c.Name = "the report is complete"
			c.Skipped = &outcome{Message: clean(n.Text)}
		case report.NoteNotRun:
			c.Name = "every analyzer ran"
			c.Error = &outcome{Message: clean(n.Text), Type: string(n.Code)}
		case report.NoteLazy:
			c.Name = "layers were read completely"
			c.Skipped = &outcome{Message: clean(n.Text)}
		default:
			continue
		}
		s.add(c)
	}
	return s, s.Tests > 0
}

// policySuite has the decisions on the image, its distribution and packages, which are no findings.
func policySuite(v *report.Assessment) (suite, bool) {
	s := suite{Name: "policy", Time: "0"}
	if v.Verdict == nil {
		return s, false
	}
	for i := range v.Verdict.Decisions {
		d := &v.Verdict.Decisions[i]
		if d.Target == report.TargetMatch || d.Target == report.TargetFinding {
			continue
		}
		c := testcase{Name: clean(d.Policy + "/" + d.Rule), Class: string(d.Target), Time: "0"}
		if d.Target == report.TargetRecord {
			r := &v.Report.Records[d.Record]
			c.Class, c.File = clean(strings.TrimSpace(r.Kind+" "+r.Key)), clean(r.Path)
		}
		if x := v.Component(d.Component); x != nil {
			c.Class = clean(x.Label())
		}
		if d.Action == report.Stop {
			c.Failure = &outcome{Message: clean(d.Message), Type: "stop"}
		}
		s.add(c)
	}
	return s, s.Tests > 0
}

// clean replaces what XML cannot hold.
func clean(s string) string {
	if utf8.ValidString(s) && strings.IndexFunc(s, forbidden) < 0 {
		return s
	}
	return strings.Map(func(r rune) rune {
		if forbidden(r) {
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(s, string(utf8.RuneError)))
}

func forbidden(r rune) bool {
	return r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF
}
