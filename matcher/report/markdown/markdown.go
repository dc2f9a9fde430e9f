// Package markdown writes a report as a comment on a merge request: the decision, the findings with the worst first, and, folded
// away, hidden findings and gaps. It shows in GitHub's and GitLab's dialects of Markdown.
//
// Text of an image is escaped: it cannot make links, mention people or close its table.
package markdown

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/internal/english"
	"github.com/hullmark/hullmark/internal/lazyregexp"
	"github.com/hullmark/hullmark/internal/terminal"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
)

// GitHub refuses comments of more than 65,536 characters. Each part of a comment ends when the comment has so many bytes, and counts
// the rows that it leaves out.
const (
	maxDecisions = 10_000
	maxFindings  = 35_000
	maxFiles     = 50_000
	maxRest      = 60_000
)

// Write writes a report.
func Write(w io.Writer, v *report.Assessment) error {
	b := &writer{w: bufio.NewWriter(w), v: v}
	b.head()
	b.findings()
	b.files()
	b.hidden()
	b.examined()
	b.notes()
	if err := b.w.Flush(); err != nil {
		return fmt.Errorf("markdown: %w", err)
	}
	return nil
}

type writer struct {
	w *bufio.Writer
	v *report.Assessment
	n int
}

func (b *writer) printf(format string, args ...any) {
	n, _ := fmt.Fprintf(b.w, format, args...)
	b.n += n
}

func (b *writer) head() {
	v := b.v
	failing := 0
	for i := range v.Findings {
		if v.Findings[i].Disallowed {
			failing++
		}
	}
	files, known := 0, len(v.FileFindings)
	for i := range v.FileFindings {
		f := &v.FileFindings[i]
		if f.Disallowed {
			failing++
		}
		if !f.Informs() {
			files++
		}
	}
	mark := "✅"
	switch {
	case failing > 0 || v.Verdict != nil && v.Verdict.Action == report.Stop:
		mark = "❌"
	case len(v.Findings) > 0 || files > 0 || v.Uncovered > 0 || v.Verdict != nil && v.Verdict.Action == report.Warn:
		mark = "⚠️"
	}
	b.printf("## %s %s\n\n", mark, code(v.Name))
	if len(v.Findings) == 0 {
		b.printf("No vulnerabilities are known in the %s that could be judged.\n", english.Count(v.Matched-v.Uncovered, "package"))
	} else {
		b.printf("**%s**: %s in %s.\n\n", english.Count(len(v.Findings), "finding"), english.Count(v.Vulnerabilities, "vulnerability"), english.Count(subjects(v.Findings), "package"))
		b.counts()
	}
	if known > 0 {
		b.printf("\n**%s in files**", english.Count(known, "finding"))
		if info := known - files; info > 0 {
			b.printf(", %s for information", english.Number(info))
		}
		b.printf(".\n")
	}
	if d := v.Verdict; d != nil {
		b.printf("\nPolicy %s of %s: **%s**, %d stop, %d warn, %d allowed by lists, %d hidden.\n", code(strings.Join(d.Policies, ", ")), code(d.Document), d.Action,
			d.Count(report.Stop), d.Count(report.Warn), allowed(d), d.Hidden())
		var lines []string
		for i := range d.Decisions {
			if x := &d.Decisions[i]; x.Target != report.TargetMatch && x.Action > report.Go {
				lines = append(lines, fmt.Sprintf("- **%s**: %s", x.Action, escape(cut(cmp.Or(x.Message, x.Rule)))))
			}
		}
		for _, e := range d.Expired {
			lines = append(lines, fmt.Sprintf("- expired on %s: %s, line %d of the policy", e.Expires.Format("2006-01-02"), escape(cut(e.What)), e.Line))
		}
		b.lines(lines, maxDecisions)
	}
}

// lines writes lines until the comment has limit bytes.
func (b *writer) lines(list []string, limit int) {
	for i, line := range list {
		if b.n > limit {
			b.printf("- and %d more\n", len(list)-i)
			return
		}
		b.printf("%s\n", line)
	}
}

func allowed(d *report.Verdict) int {
	n := 0
	for i := range d.Decisions {
		if d.Decisions[i].Allowed != nil {
			n++
		}
	}
	return n
}

func subjects(list []report.Finding) int {
	seen := make(map[report.Subject]bool)
	for i := range list {
		seen[list[i].Subject] = true
	}
	return len(seen)
}

func (b *writer) counts() {
	levels := make(map[matcher.Level]int)
	for i := range b.v.Findings {
		levels[b.v.Findings[i].Severity.Level]++
	}
	var names, numbers []string
	for l := matcher.Critical; ; l-- {
		if levels[l] > 0 {
			names, numbers = append(names, l.String()), append(numbers, fmt.Sprint(levels[l]))
		}
		if l == matcher.Unknown {
			break
		}
	}
	b.printf("| %s |\n|%s\n| %s |\n", strings.Join(names, " | "), strings.Repeat("--:|", len(names)), strings.Join(numbers, " | "))
}

// findings writes the worst first, and says how many more there are where a comment has no place for them.
func (b *writer) findings() {
	if len(b.v.Findings) == 0 {
		return
	}
	list := make([]*report.Finding, len(b.v.Findings))
	for i := range list {
		list[i] = &b.v.Findings[i]
	}
	slices.SortStableFunc(list, func(x, y *report.Finding) int {
		return cmp.Or(cmp.Compare(y.Action, x.Action), matcher.CompareRisk(x.Match, y.Match))
	})
	policy := b.v.Verdict != nil
	b.printf("\n")
	head, rule := "| severity | vulnerability | package | installed | fixed in | status |", "|---|---|---|---|---|---|"
	if policy {
		head, rule = head+" policy |", rule+"---|"
	}
	b.printf("%s\n%s\n", head, rule)
	for i, f := range list {
		if b.n > maxFindings {
			b.printf("\nand %d more.\n", len(list)-i)
			return
		}
		b.printf("| %s | %s | %s | %s | %s | %s |", f.Severity.Level, link(f.ID), escape(cut(f.Subject.Name)), escape(cut(f.Subject.Version)), escape(cut(f.Fixed)), escape(cut(f.Word())))
		if policy {
			b.printf(" %s |", f.Action)
		}
		b.printf("\n")
	}
}

// files writes the findings in files, the worst first. It leaves out those for information: head counts them.
func (b *writer) files() {
	var list []*report.FileFinding
	for i := range b.v.FileFindings {
		if f := &b.v.FileFindings[i]; !f.Informs() || f.Action > report.Go {
			list = append(list, f)
		}
	}
	for i, f := range list {
		if i == 0 {
			b.printf("\n| severity | file | finding | rule | of package |\n|---|---|---|---|---|\n")
		}
		if b.n > maxFiles {
			b.printf("\nand %s in files.\n", english.Count(len(list)-i, "more finding"))
			return
		}
		title, owner := cut(f.Title), ""
		if s := f.State(); s != "" {
			title += " (file " + s + ")"
		}
		if f.Package != nil {
			owner = f.Package.Name
		}
		b.printf("| %s | %s | %s | %s | %s |\n", escape(cut(f.Severity)), escape(cut(f.Place())), escape(title), escape(cut(f.Rule)), escape(cut(owner)))
	}
}

// examined lists the searches, those that did not run too, and counts records.
func (b *writer) examined() {
	if counts := b.v.RecordCounts(); len(counts) > 0 {
		var parts []string
		for _, c := range counts {
			parts = append(parts, fmt.Sprintf("%s %s", english.Number(c.N), escape(cut(c.Kind))))
		}
		b.printf("\n%s: %s.\n", english.Count(len(b.v.Report.Records), "record"), strings.Join(parts, ", "))
	}
	list := b.v.Searches()
	if list == nil {
		b.printf("\nThe report does not name the kinds of findings looked for.\n")
		return
	}
	b.printf("\n<details><summary>Examined</summary>\n\n| looked for | by | not looked for, or not in all files |\n|---|---|---|\n")
	for i := range list {
		if b.n > maxRest {
			b.printf("| and %d more | | |\n", len(list)-i)
			break
		}
		s := &list[i]
		b.printf("| %s | %s | %s |\n", escape(cut(s.Name())), escape(cut(s.Analyzers())), escape(cut(s.Missing())))
	}
	b.printf("\n</details>\n")
}

func (b *writer) hidden() {
	n := b.v.HiddenCount
	if n == 0 {
		return
	}
	b.printf("\n<details><summary>%s hidden</summary>\n\n", english.Count(n, "finding"))
	var lines []string
	for i := range b.v.Hidden {
		lines = append(lines, fmt.Sprintf("- %d: %s", b.v.Hidden[i].Count(), escape(cut(b.v.Hidden[i].Reason.Text))))
	}
	b.lines(lines, maxFiles+5_000)
	b.printf("\n</details>\n")
}

func (b *writer) notes() {
	var lines []string
	for _, n := range b.v.Notes {
		lines = append(lines, "\n**Note**: "+escape(n.Text))
	}
	b.lines(lines, maxRest)
	if n := len(b.v.Report.Diagnostics); n > 0 {
		b.printf("\n%s could not be read or understood, so that packages may be missing.\n", english.Count(n, "file"))
	}
}

// link makes a link of a CVE, and text of anything else.
func link(id string) string {
	if strings.HasPrefix(id, "CVE-") && strings.Trim(id[4:], "0123456789-") == "" {
		return "[" + id + "](https://www.cve.org/CVERecord?id=" + id + ")"
	}
	return escape(id)
}

// escape escapes a text for one line of a table.
func escape(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\n' || r == '\r' || r == '\t':
			b.WriteByte(' ')
		case r < 0x20 || r == 0x7f:
		case terminal.Hidden(r):
			b.WriteString("\\" + terminal.Rune(r))
		case r == '<':
			b.WriteString("&lt;")
		case r == '>':
			b.WriteString("&gt;")
		case r == '&':
			b.WriteString("&amp;")
		case r == '@' || r == '#' || r == '!': // mentions, issues and merge requests
			fmt.Fprintf(&b, "&#%d;", r)
		case strings.ContainsRune("\\`*_{}[]()|~$", r):
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	// No text becomes a link unasked.
	return www.ReplaceAllString(strings.ReplaceAll(b.String(), "://", ":&#47;/"), "$1&#46;")
}

// www begins a host that GitHub Flavored Markdown makes a link.
var www = lazyregexp.New(`(?i)(www)\.`)

// code shows text in the font of code.
func code(s string) string {
	return "<code>" + escape(s) + "</code>"
}

func cut(s string) string {
	if r := []rune(s); len(r) > 120 {
		return string(r[:119]) + "…"
	}
	return s
}
