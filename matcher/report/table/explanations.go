package table

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/hullmark/hullmark/internal/english"
	"github.com/hullmark/hullmark/internal/releaseorder"
	"github.com/hullmark/hullmark/internal/terminal"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
)

// Limits of the output. The JSON form has everything.
const (
	maxRanges = 8
	maxAbsent = 12 // packages that are not installed
)

// WriteExplanations writes Explanations, the most important one first.
func WriteExplanations(w io.Writer, x *report.Explanations, o Options) error {
	b := bufio.NewWriter(w)
	p := &explainer{w: b, x: x, style: style{terminal.Style{Width: o.Width, Color: o.Color}}}
	p.printf("%s in %s\n", p.Bold(terminal.Escape(x.ID)), terminal.Escape(x.Name))
	absent := 0
	for i := range x.Groups {
		g := &x.Groups[i]
		if len(g.Components) == 0 && g.Advisory != nil {
			if absent++; absent > maxAbsent {
				continue
			}
		}
		p.printf("\n")
		p.group(g)
	}
	if absent > maxAbsent {
		p.printf("\n%s more that are not installed\n", english.Number(absent-maxAbsent))
	}
	p.enrichment()
	p.noData()
	if err := b.Flush(); err != nil {
		return fmt.Errorf("table: %w", err)
	}
	return nil
}

// An explainer writes Explanations. Its buffer keeps errors.
type explainer struct {
	w *bufio.Writer
	x *report.Explanations
	style
}

func (p *explainer) printf(format string, args ...any) { fmt.Fprintf(p.w, format, args...) }

// line writes a name and its text, wrapped to the width of the terminal.
func (p *explainer) line(name, format string, args ...any) {
	const indent = 14
	text := terminal.Escape(fmt.Sprintf(format, args...))
	room := p.Width - indent
	if p.Width == 0 || room < 30 {
		room = len(text)
	}
	for first := true; first || text != ""; first = false {
		head := ""
		if first {
			head = name
		}
		part, rest := terminal.Wrap(text, room)
		p.printf("%s\n", strings.TrimRight(fmt.Sprintf("  %-*s%s", indent-2, head, part), " "))
		text = rest
	}
}

// group writes the meaning of one advisory.
func (p *explainer) group(g *report.ExplanationGroup) {
	p.printf("%s\n", p.outcome(g))
	if g.Outcome == matcher.OutcomeNoAdvisory {
		return
	}
	p.packages(g)
	a := g.Advisory
	if a == nil {
		return
	}
	name := ecosystemName(a.Key.Ecosystem())
	if len(g.Releases) > 1 {
		slices.SortFunc(g.Releases, releaseorder.Compare)
		all := a.Key
		all.Release = ""
		name = ecosystemName(all.Ecosystem()) + " " + strings.Join(g.Releases, ", ")
	}
	date := ""
	if !g.FeedDate.IsZero() {
		date = ", data of " + g.FeedDate.Format(time.DateOnly)
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
	if len(g.Releases) > 1 {
		return // the rest differs between releases
	}
	status := a.Status.Text()
	if a.Reason != "" {
		status += ", in the publisher's words: " + a.Reason
	}
	p.line("status", "%s", status)
	if a.Kind != matcher.Vulnerability {
		p.line("kind", "%s", a.Kind)
	}
	if len(a.Updates) > 0 {
		p.line("fixed by", "%s", strings.Join(a.Updates, ", "))
	}
	var severities []string
	for _, s := range a.Severities {
		severities = append(severities, severityText(s.Rate()))
	}
	if len(severities) > 0 {
		p.line("severity", "%s", strings.Join(severities, "; "))
	}
	p.ranges(g)
	if g.Outcome == matcher.OutcomeAffected || g.Outcome == matcher.OutcomeUncertain {
		p.line("fixed in", "%s", cmp.Or(g.Fixed, "the advisory names no version"))
	}
	for _, u := range a.URLs[:min(len(a.URLs), 3)] {
		p.line("see", "%s", u)
	}
}

// outcome is the first line of a group.
func (p *explainer) outcome(g *report.ExplanationGroup) string {
	subject := qualified(g.Key)
	if g.Version != "" {
		subject += " " + g.Version
	}
	subject = terminal.Escape(subject)
	because := ""
	if g.Evidence != "" {
		because = ": " + terminal.Escape(g.Evidence)
	}
	switch g.Outcome {
	case matcher.OutcomeAffected:
		return p.Alarm("AFFECTED") + ": " + subject + because
	case matcher.OutcomeUncertain:
		return p.Alarm("UNCERTAIN") + ": " + subject + ": " + terminal.Escape(g.Doubt)
	case matcher.OutcomeFixed:
		return p.Bold("FIXED") + ": " + subject + " has the fix" + because
	case matcher.OutcomeNotAffected:
		return p.Bold("NOT AFFECTED") + ": " + subject + ", according to feed " + terminal.Escape(g.Advisory.Feed) + because
	case matcher.OutcomeNotPresent:
		return p.Bold("NOT AFFECTED") + ": " + subject + because
	case matcher.OutcomeOutOfRange:
		return p.Bold("NOT AFFECTED") + ": " + subject + " is in no range of affected versions"
	case matcher.OutcomeOtherSystem:
		return p.Bold("NOT AFFECTED") + ": " + subject + ": the advisory is about other operating systems"
	case matcher.OutcomeSkipped:
		return p.Bold("NOT MATCHED") + ": " + subject + ": " + p.skipped(g)
	case matcher.OutcomeOtherRelease:
		return p.Bold("OTHER RELEASE") + ": " + subject + " is installed, but the advisory is about another release of the distribution"
	case matcher.OutcomeNotInstalled:
		return p.Bold("NOT INSTALLED") + ": " + subject
	}
	return p.Bold("NO ADVISORY") + ": the database has no advisory with this identifier"
}

// skipped says why a component was not matched.
func (p *explainer) skipped(g *report.ExplanationGroup) string {
	if g.Skip == matcher.OwnedByDistro && len(g.Components) > 0 {
		for i := range p.x.Report.Components {
			if c := &p.x.Report.Components[i]; c.ID == g.Components[0].Owner {
				text := fmt.Sprintf("owned by %s, a package of the distribution, whose advisories count", c.Name)
				if g.Evidence != "" {
					text += ": " + g.Evidence
				}
				return terminal.Escape(text)
			}
		}
	}
	return g.Skip.Text()
}

// packages names the installed packages and the layer that introduced them.
func (p *explainer) packages(g *report.ExplanationGroup) {
	if len(g.Components) == 0 {
		return
	}
	var names []string
	for _, c := range g.Components {
		name := c.Name + " " + c.Version
		if c.Namespace != "" && !c.System {
			name = c.Namespace + "/" + name
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	first := g.Components[0]
	p.line("installed", "%s", strings.Join(names, ", "))
	if first.System && !slices.Contains(names, g.Key.Name+" "+g.Version) {
		p.line("built from", "%s %s, which advisories of %s name", g.Key.Name, g.Version, first.Namespace)
	}
	if first.Path != "" {
		p.line("found in", "%s", first.Location())
	}
	if layers := p.x.Report.Layers; first.Layer >= 0 && first.Layer < len(layers) {
		l := &layers[first.Layer]
		p.line("layer", "%d of %d, %s", first.Layer, len(layers), l.DiffID)
		p.line("created by", "%s", terminal.Cut(cmp.Or(l.Instruction(), "unknown: the image's history does not tell"), 300))
	}
}

// enrichment writes facts about the vulnerability itself.
func (p *explainer) enrichment() {
	e := &p.x.Enrichment
	var lines [][2]string
	add := func(name, format string, args ...any) {
		lines = append(lines, [2]string{name, fmt.Sprintf(format, args...)})
	}
	if !e.Exploited.IsZero() {
		ransomware := ""
		if e.Ransomware {
			ransomware = ", for ransomware too"
		}
		add("exploited", "known since %s%s", e.Exploited.Format(time.DateOnly), ransomware)
	}
	if e.EPSS > 0 {
		add("likelihood", "EPSS %.2f %%, percentile %.2f", 100*e.EPSS, 100*e.Percentile)
	}
	if len(e.Exploits) > 0 {
		add("exploits", "%s", strings.Join(e.Exploits[:min(5, len(e.Exploits))], ", "))
	}
	for _, s := range e.Severities {
		add("severity", "%s", severityText(s.Rate()))
	}
	if len(e.Weaknesses) > 0 {
		add("weakness", "%s", strings.Join(e.Weaknesses, ", "))
	}
	if len(lines) == 0 {
		return
	}
	p.printf("\n%s\n", p.Bold("The vulnerability itself"))
	for _, l := range lines {
		p.line(l[0], "%s", l[1])
	}
}

// noData names the parts of the image without advisories.
func (p *explainer) noData() {
	if len(p.x.NoData) == 0 {
		return
	}
	var names []string
	for _, k := range p.x.NoData {
		names = append(names, terminal.Escape(ecosystemName(k)))
	}
	p.printf("\n%s for %s: the vulnerability may affect these packages too\n", p.Alarm("NO ADVISORIES"), strings.Join(names, "; "))
}

func ecosystemName(k matcher.Key) string { return (&report.Ecosystem{Key: k}).Name() }

// qualified returns the name of a package with its namespace, if that is a part of the name.
func qualified(k matcher.Key) string {
	if k.Namespace != "" && k.Ecosystem().Namespace == "" {
		return k.Namespace + "/" + k.Name
	}
	return k.Name
}
