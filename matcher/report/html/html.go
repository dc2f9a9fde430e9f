// Package html writes a report as one HTML file that needs nothing else: to be opened from a disk, kept as a build's artifact or
// sent by mail. Text from an image is escaped by html/template. A content security policy forbids the page to load anything.
//
// A reader filters, sorts and groups the findings by package, layer, instruction, or base image and application. Opening a finding shows the ratings of all sources
// with their CVSS vectors, the weaknesses, the packages with their places, and the links of the advisories. The address of the page then
// names the finding: it ends in "#f:CVE-2023-5678:openssl", which stays the same in later reports. Downloads as CSV and JSON have the
// findings that are shown, with all of this. Printing gives a table on A4. The key "/" goes to the filter, the arrows go from row to row.
//
// Without scripts everything is there to read, as in the artifacts of Jenkins. On a narrow screen each finding is a card.
//
// A page of 20,000 findings has at most 15 MB. Its first frame comes within a second after the load, and that of a click or a key
// within 0.2 s: rows are in blocks that the browser lays out when they come into view, and a finding's details become elements
// when it is opened. Find in page, printing and the keyboard still reach every row. Chromium needs two minutes and 3 GB to print 20,000
// findings. A filter prints some of them.
package html

import (
	"bufio"
	"bytes"
	"cmp"
	"embed"
	"fmt"
	"html/template"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/english"
	"github.com/hullmark/hullmark/internal/idlink"
	"github.com/hullmark/hullmark/internal/terminal"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
)

//go:embed page.tmpl files.tmpl style.css script.js
var files embed.FS

// A page is the data of the template.
type page struct {
	*report.Assessment
	Style    template.CSS
	Script   template.JS
	Blocks   [][]row // findings by risk, then hidden ones
	Levels   []level
	Updates  []report.Upgrade
	Packages [][]installed
	Layers   []layer
	Files    []report.FileFinding // in files: malware, secrets
	Facts    []report.FileFinding // others in files, which are no fault of the image
	Hushed   []report.FileFinding // hidden ones in files
	Records  []analyzer.FileRecord
	Policy   bool
}

type level struct {
	Name  string
	Count int
}

// maxRecords is the number of records on a page. The JSON form has all of them.
const maxRecords = 2000

// blockSize is the number of rows that a browser lays out at once.
const blockSize = 100

// Write writes a report.
func Write(w io.Writer, v *report.Assessment) error {
	text := func(name string) string {
		b, _ := files.ReadFile(name) // embedded
		return string(b)
	}
	t, err := template.New("page").Funcs(template.FuncMap{
		"date":   func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") },
		"day":    func(t time.Time) string { return t.UTC().Format(time.DateOnly) },
		"place":  func(c *analyzer.Component) string { return c.Location() },
		"add":    func(a, b int) int { return a + b },
		"sub":    func(a, b int) int { return a - b },
		"count":  english.Count,
		"number": english.Number,
		"link":   link,
		"words":  func(s matcher.Status) string { return strings.ReplaceAll(s.String(), "-", " ") },
		"kind":   func(k report.Target) string { return string(k) },
		"fields": fields,
		"levels": levels,
		"parts":  func(name string) []string { return strings.Split(name, "/") }, // between which a line may break
	}).Parse(text("page.tmpl") + text("files.tmpl"))
	if err != nil {
		return fmt.Errorf("html: %w", err)
	}
	p := page{Assessment: v, Style: template.CSS(text("style.css")), Script: template.JS(text("script.js")), Policy: v.Verdict != nil}
	p.fill()
	b := bufio.NewWriterSize(w, 1<<16)
	if err := t.Execute(printable{b}, p); err != nil {
		return fmt.Errorf("html: %w", err)
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("html: %w", err)
	}
	return nil
}

// fill makes the rows of every table.
func (p *page) fill() {
	counts := make(map[matcher.Level]int)
	packages := packagesOf(p.Assessment)
	rows := rowsOf(p.Assessment, packages)
	layers := layersOf(p.Assessment)
	for i := range rows {
		if r := &rows[i]; r.Why == "" {
			counts[r.Severity.Level]++
			countFindings(r, packages, layers)
		}
	}
	for l := matcher.Critical; ; l-- {
		p.Levels = append(p.Levels, level{l.String(), counts[l]})
		if l == matcher.Unknown {
			break
		}
	}
	p.Updates = p.Upgrades()
	p.Packages = slices.Collect(slices.Chunk(packages, blockSize))
	p.Layers = layers
	for _, f := range p.FileFindings {
		if f.Informs() && f.Action <= report.Go {
			p.Facts = append(p.Facts, f)
		} else {
			p.Files = append(p.Files, f)
		}
	}
	for i := range p.Hidden {
		p.Hushed = append(p.Hushed, p.Hidden[i].Files...)
	}
	p.Records = p.Report.Records[:min(len(p.Report.Records), maxRecords)]
	p.Blocks = slices.Collect(slices.Chunk(rows, blockSize))
}

// rowsOf returns the findings by risk, and the hidden ones after them.
func rowsOf(v *report.Assessment, packages []installed) []row {
	b := builder{v: v, packages: make(map[string]int, len(packages)), anchors: make(map[string]int)}
	for i := range packages {
		b.packages[packages[i].ID] = i
	}
	var rows []row
	for i := range v.Findings {
		rows = append(rows, b.row(&v.Findings[i]))
	}
	slices.SortStableFunc(rows, func(a, b row) int {
		return cmp.Or(cmp.Compare(b.Action, a.Action), matcher.CompareRisk(a.Match, b.Match))
	})
	for i := range v.Hidden {
		for j := range v.Hidden[i].Findings {
			rows = append(rows, b.row(&v.Hidden[i].Findings[j]))
		}
	}
	return rows
}

// fields writes the fields of a record: "password: locked; uid: 0".
func fields(r analyzer.FileRecord) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(r.Fields)) {
		parts = append(parts, name+": "+r.Fields[name])
	}
	return strings.Join(parts, "; ")
}

// levels counts findings in files by severity: "1 critical, 3 high". They are sorted.
func levels(list []report.FileFinding) string {
	counts := make(map[matcher.Level]int)
	for i := range list {
		counts[list[i].Level]++
	}
	var parts []string
	for l := matcher.Critical; ; l-- {
		if counts[l] > 0 {
			parts = append(parts, english.Number(counts[l])+" "+l.String())
		}
		if l == matcher.Unknown {
			return strings.Join(parts, ", ")
		}
	}
}

// isWebURL reports whether a text is an address that a reader may follow.
func isWebURL(address string) bool {
	return strings.HasPrefix(address, "https://") || strings.HasPrefix(address, "http://")
}

// link returns the address of an identifier's page, "" for an unknown kind.
func link(id string) string {
	if n, ok := strings.CutPrefix(id, "CWE-"); ok && n != "" && strings.Trim(n, "0123456789") == "" {
		return "https://cwe.mitre.org/data/definitions/" + n + ".html"
	}
	_, address := idlink.Of(id)
	return address
}

// printable replaces the control characters that HTML does not allow, and shows hidden characters as escapes. The template writes
// each value at once.
type printable struct{ w io.Writer }

func (p printable) Write(b []byte) (int, error) {
	forbidden := func(r rune) bool { return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r >= 0x7f && r < 0xa0 }
	if bytes.IndexFunc(b, func(r rune) bool { return forbidden(r) || terminal.Hidden(r) }) < 0 {
		return p.w.Write(b)
	}
	var clean bytes.Buffer
	for _, r := range string(b) {
		switch {
		case forbidden(r):
			clean.WriteRune('\uFFFD')
		case terminal.Hidden(r):
			clean.WriteString(terminal.Rune(r))
		default:
			clean.WriteRune(r)
		}
	}
	if _, err := p.w.Write(clean.Bytes()); err != nil {
		return 0, err
	}
	return len(b), nil
}
