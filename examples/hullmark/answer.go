package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
)

// Of ranges, and of packages that are not installed, so many are shown. All are in the JSON form.
const (
	maxRanges = 8
	maxAbsent = 12
)

// writeAnswer writes an answer for a person: every reason by itself, what matters most first.
func writeAnswer(w io.Writer, x *answer, s style) error {
	p := &answerWriter{w: w, answer: x, style: s}
	p.printf("%s in %s\n", p.bold(plain(x.id)), plain(x.ref))
	absent := 0
	for i := range x.reasons {
		r := &x.reasons[i]
		if len(r.components) == 0 && r.Advisory != nil {
			if absent++; absent > maxAbsent {
				continue
			}
		}
		p.printf("\n")
		p.reason(r)
	}
	if absent > maxAbsent {
		p.printf("\n%s more that are not installed; --format json has them all\n", number(absent-maxAbsent))
	}
	p.threat()
	p.unknown()
	return nil
}

// An answerWriter writes an answer. Errors of w are kept by the buffer below it.
type answerWriter struct {
	w io.Writer
	*answer
	style
}

func (p *answerWriter) printf(format string, args ...any) { fmt.Fprintf(p.w, format, args...) }

// line writes a name and what there is to say of it, wrapped to the width of the terminal.
func (p *answerWriter) line(name, format string, args ...any) {
	const indent = 14
	text := plain(fmt.Sprintf(format, args...))
	room := p.width - indent
	if p.width == 0 || room < 30 {
		room = len(text)
	}
	for first := true; first || text != ""; first = false {
		head := ""
		if first {
			head = name
		}
		part, rest := wrap(text, room)
		p.printf("%s\n", strings.TrimRight(fmt.Sprintf("  %-*s%s", indent-2, head, part), " "))
		text = rest
	}
}

// wrap cuts text where a word ends, so that the first part has at most n characters, if words are not longer.
func wrap(text string, n int) (first, rest string) {
	if utf8.RuneCountInString(text) <= n {
		return text, ""
	}
	at := len(string([]rune(text)[:n+1]))
	if i := strings.LastIndexByte(text[:at], ' '); i > 0 {
		return text[:i], text[i+1:]
	}
	at = len(string([]rune(text)[:n]))
	return text[:at], text[at:]
}

// paragraph breaks text into lines of at most n characters.
func paragraph(text string, n int) string {
	var lines []string
	for text != "" {
		var line string
		line, text = wrap(text, n)
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// reason writes what one advisory means.
func (p *answerWriter) reason(r *reason) {
	p.printf("%s\n", p.verdict(r))
	if r.Outcome == matcher.OutcomeNoAdvisory {
		return
	}
	p.packages(r)
	a := r.Advisory
	if a == nil {
		return
	}
	about := a.Key
	about.Release = ""
	name := ecosystemName(a.Key.Ecosystem())
	if len(r.releases) > 1 {
		slices.SortFunc(r.releases, compareReleases)
		name = ecosystemName(about.Ecosystem()) + " " + strings.Join(r.releases, ", ")
	}
	date := ""
	if d := p.dateOf(a); !d.IsZero() {
		date = ", data of " + d.Format(time.DateOnly)
	}
	also := ""
	if len(a.Aliases) > 0 {
		also = " (" + strings.Join(a.Aliases, ", ") + ")"
	}
	p.line("advisory", "%s%s of feed %s%s", a.ID, also, a.Feed, date)
	p.line("about", "%s of %s", qualified(a.Key), name)
	if a.Summary != "" {
		p.line("summary", "%s", a.Summary)
	}
	if len(r.releases) > 1 {
		return // it says something else of each
	}
	said := a.Status.String()
	if a.Status == matcher.Fixed {
		said = "affected, and fixed in a later version"
	}
	if a.Reason != "" {
		said += ", in its own words: " + a.Reason
	}
	p.line("says", "%s", said)
	var severities []string
	for _, s := range a.Severities {
		severities = append(severities, severityText(s.Rate()))
	}
	if len(severities) > 0 {
		p.line("severity", "%s", strings.Join(severities, "; "))
	}
	p.ranges(r)
	if r.Outcome == matcher.OutcomeAffected || r.Outcome == matcher.OutcomeUncertain {
		p.line("fixed in", "%s", cmp.Or(r.Fixed, "no version that the advisory knows"))
	}
	for _, u := range a.URLs[:min(len(a.URLs), 3)] {
		p.line("see", "%s", u)
	}
}

// verdict is the first line of a reason.
func (p *answerWriter) verdict(r *reason) string {
	subject := qualified(r.Key)
	if r.Version != "" {
		subject += " " + r.Version
	}
	subject = plain(subject)
	switch r.Outcome {
	case matcher.OutcomeAffected:
		return p.alarm("AFFECTED") + ": " + subject
	case matcher.OutcomeUncertain:
		return p.alarm("UNCERTAIN") + ": " + subject + ": " + plain(r.Doubt)
	case matcher.OutcomeFixed:
		return p.bold("FIXED") + ": " + subject + " has the fix"
	case matcher.OutcomeNotAffected:
		return p.bold("NOT AFFECTED") + ": " + subject + ": so says the publisher of " + plain(r.Advisory.Feed)
	case matcher.OutcomeOutOfRange:
		return p.bold("NOT AFFECTED") + ": " + subject + " is in no range of affected versions"
	case matcher.OutcomeSkipped:
		return p.bold("NOT MATCHED") + ": " + subject + ": " + p.skipped(r)
	case matcher.OutcomeOtherRelease:
		return p.bold("NO WORD") + ": " + subject + " is installed, but the advisory is about another release of the distribution"
	case matcher.OutcomeNotInstalled:
		return p.bold("NOT INSTALLED") + ": " + subject
	}
	return p.bold("NOT KNOWN") + ": no advisory of the database goes by this identifier"
}

// skipped says why a component was not matched.
func (p *answerWriter) skipped(r *reason) string {
	owner := p.components[r.components[0].Owner]
	switch {
	case r.Skip == matcher.OwnedByDistro && owner != nil:
		return fmt.Sprintf("owned by %s, a package of the distribution, whose advisories count", plain(owner.Name))
	case r.Skip == matcher.OnlyDeclared:
		return "declared, not installed; --declared matches it"
	}
	return string(r.Skip)
}

// packages says what is installed and what brought it.
func (p *answerWriter) packages(r *reason) {
	if len(r.components) == 0 {
		return
	}
	var names []string
	for _, c := range r.components {
		name := c.Name + " " + c.Version
		if c.Namespace != "" && !c.System {
			name = c.Namespace + "/" + name
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	first := r.components[0]
	p.line("installed", "%s", strings.Join(names, ", "))
	if first.System && !slices.Contains(names, r.Key.Name+" "+r.Version) {
		p.line("built from", "%s %s, which advisories of %s name", r.Key.Name, r.Version, first.Namespace)
	}
	if first.Path != "" {
		p.line("found in", "%s", location(first))
	}
	if l := first.Layer; l >= 0 && l < len(p.report.Layers) {
		p.line("layer", "%d of %d, %s", l, len(p.report.Layers), p.report.Layers[l].DiffID)
		p.line("brought by", "%s", cut(cmp.Or(instruction(p.report.Layers[l].CreatedBy), "an instruction that the image's history does not tell"), 300))
	}
}

func location(c *analyzer.Component) string {
	if c.ArchivePath != "" {
		return c.Path + "!" + c.ArchivePath
	}
	return c.Path
}

// threat writes what is known of the vulnerability itself.
func (p *answerWriter) threat() {
	t := &p.answer.threat
	var lines [][2]string
	if !t.Exploited.IsZero() {
		text := "known since " + t.Exploited.Format(time.DateOnly)
		if t.Ransomware {
			text += ", for ransomware too"
		}
		lines = append(lines, [2]string{"exploited", text})
	}
	if t.EPSS > 0 {
		lines = append(lines, [2]string{"likelihood", fmt.Sprintf("EPSS %.2f %%, percentile %.2f", 100*t.EPSS, 100*t.Percentile)})
	}
	if len(t.Exploits) > 0 {
		lines = append(lines, [2]string{"exploits", strings.Join(t.Exploits[:min(5, len(t.Exploits))], ", ")})
	}
	for _, s := range t.Severities {
		lines = append(lines, [2]string{"severity", severityText(s.Rate())})
	}
	if len(t.Weaknesses) > 0 {
		lines = append(lines, [2]string{"weakness", strings.Join(t.Weaknesses, ", ")})
	}
	if len(lines) == 0 {
		return
	}
	p.printf("\n%s\n", p.bold("Whatever it is found in"))
	for _, l := range lines {
		p.line(l[0], "%s", l[1])
	}
}

// unknown names the parts of the image of which nobody was asked.
func (p *answerWriter) unknown() {
	if len(p.answer.unknown) == 0 {
		return
	}
	var names []string
	for _, k := range p.answer.unknown {
		names = append(names, plain(ecosystemName(k)))
	}
	p.printf("\n%s: there are no advisories, or only samples, for %s of this image, so that of those nothing is known\n",
		p.alarm("NO DATA"), strings.Join(names, "; "))
}

// qualified is the name of a key with its namespace, where that is a part of the name.
func qualified(k matcher.Key) string {
	if k.Namespace != "" && k.Ecosystem().Namespace == "" {
		return k.Namespace + "/" + k.Name
	}
	return k.Name
}
