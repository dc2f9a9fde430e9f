package anchore

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/cvss"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
)

// vulnerablePackage is vulnerabilities.package.
func (e *evaluation) vulnerablePackage(r *rule) error {
	if e.in.Result == nil {
		return e.factsMissing(r, "the packages were not matched with advisories")
	}
	e.verdict.Decisions = slices.Grow(e.verdict.Decisions, len(e.in.Result.Matches)/2)
	for i := range e.in.Result.Matches {
		m := &e.in.Result.Matches[i]
		c := e.components[m.Component]
		if c == nil {
			return fmt.Errorf("match of %s: component %q is not in the report", m.ID, m.Component)
		}
		if m.Suppressed() || m.Kind.Informational() || !e.meets(r, m, c) {
			continue
		}
		f := firing{Decision: report.Decision{Target: report.TargetMatch, Match: i, Finding: -1, Component: c.ID, Place: c.Location()}}
		f.Message = messageOf(m, c)
		names := packageNames(c)
		f.Trigger = m.ID + "+" + names[0]
		for _, id := range e.identifiers(m) {
			for _, name := range names {
				if s := id + "+" + name; s != f.Trigger {
					f.also = append(f.also, s)
				}
			}
		}
		e.fire(r, f)
	}
	return e.ctx.Err()
}

// identifiers returns the identifiers of a vulnerability that whitelists may name beside its own.
func (e *evaluation) identifiers(m *matcher.Match) []string {
	if len(e.lists.items) == 0 || len(m.Aliases)+len(m.Advisories) == 0 {
		return nil
	}
	return m.Identifiers()
}

// packageNames returns the names of a package in trigger IDs. The first is the one that Anchore Engine gives it.
func packageNames(c *analyzer.Component) []string {
	base := path.Base(c.Path)
	if c.ArchivePath != "" {
		base = path.Base(c.ArchivePath)
	}
	var names []string
	switch {
	case c.System:
		return []string{c.Name}
	case c.Type == "maven", c.Type == "gem":
		names = []string{base}
	case c.Type == "npm":
		names = []string{path.Base(path.Dir("/" + c.Path))}
	default:
		names = []string{c.Name + "-" + c.Version}
	}
	for _, name := range []string{c.Name, fullName(c), c.Name + "-" + c.Version} {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// messageOf describes a match as Anchore does.
func messageOf(m *matcher.Match, c *analyzer.Component) string {
	class, kind := "non-os", c.Type
	if c.System {
		class = "os"
	}
	switch c.Type {
	case "deb":
		kind = "dpkg"
	case "apk":
		kind = "APKG"
	case "maven":
		kind = "java"
	case "pypi":
		kind = "python"
	case "golang":
		kind = "go"
	}
	fixed, link := "", ""
	if m.Fixed != "" {
		fixed = "(fixed in: " + m.Fixed + ")"
	}
	for i := range m.Advisories {
		if urls := m.Advisories[i].URLs; len(urls) > 0 && link == "" {
			link = " - " + urls[0]
		}
	}
	return strings.ToUpper(m.Severity.Level.String()) + " Vulnerability found in " + class + " package type (" + kind + ") - " + cmp.Or(c.Name, c.Path) + " " + fixed + "(" + m.ID + link + ")"
}

// meets reports whether a match meets all conditions of a rule.
func (e *evaluation) meets(r *rule, m *matcher.Match, c *analyzer.Component) bool {
	switch kind := r.values["package_type"].text; {
	case kind == "os" && !c.System, kind == "non-os" && c.System:
		return false
	}
	wanted := slices.Index(severities, r.values["severity"].text)
	if !ordered(r.values["severity_comparison"].text, cmp.Compare(int(m.Severity.Level), wanted)) {
		return false
	}
	if r.values["vendor_only"].truth && isWontFix(m) {
		return false
	}
	if fix, ok := r.values["fix_available"]; ok && fix.truth != (m.Fixed != "") {
		return false
	}
	if exclude := r.values["package_path_exclude"]; exclude.Regexp != nil && !c.System && exclude.MatchString("/"+c.Location()) {
		return false
	}
	for _, vendor := range []bool{false, true} {
		if !e.meetsScores(r, m, vendor) {
			return false
		}
	}
	if days, ok := r.values["max_days_since_creation"]; ok {
		if e.options.Compat { // detected now
			return days.number == 0
		}
		if !e.older(published(m), days.number) {
			return false
		}
	}
	if days, ok := r.values["max_days_since_fix"]; ok && r.values["fix_available"].truth && !e.older(fixPublished(m), days.number) {
		return false
	}
	return true
}

// severities are in the order of matcher.Level.
var severities = []string{"unknown", "negligible", "low", "medium", "high", "critical"}

// isWontFix reports whether the publisher will not fix a vulnerability, or not by an advisory.
func isWontFix(m *matcher.Match) bool {
	return strings.Contains(m.Reason, "no-dsa") || m.Status == matcher.WillNotFix && !strings.Contains(m.Reason, "unimportant")
}

// older reports whether a time is at least so many days ago. One that is not known is.
func (e *evaluation) older(t time.Time, days int64) bool {
	if t.IsZero() || days > 1<<20 {
		return t.IsZero()
	}
	at := t.Add(time.Duration(days) * 24 * time.Hour)
	e.next = earlierAfter(e.next, at, e.in.Now)
	return !at.After(e.in.Now)
}

// published returns the earliest time at which an advisory was published; zero if none says.
func published(m *matcher.Match) time.Time {
	var first time.Time
	for i := range m.Advisories {
		if t := m.Advisories[i].Published; !t.IsZero() && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	return first
}

// fixPublished returns the time at which the update that fixes a vulnerability was published; zero if no advisory is the update's.
func fixPublished(m *matcher.Match) time.Time {
	var first time.Time
	for i := range m.Advisories {
		a := &m.Advisories[i]
		if t := a.Published; !t.IsZero() && slices.Contains(a.Updates, a.ID) && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	return first
}

// meetsScores compares the scores of CVSS version 3.
func (e *evaluation) meetsScores(r *rule, m *matcher.Match, vendor bool) bool {
	prefix := ""
	if vendor {
		prefix = "vendor_"
	}
	var has [3]float64
	known := false
	for i, part := range []string{"base", "exploitability", "impact"} {
		name := prefix + "cvss_v3_" + part + "_score"
		wanted, ok := r.values[name]
		if !ok {
			continue
		}
		if !known {
			has, known = scores(m, vendor), true
		}
		if !ordered(r.values[name+"_comparison"].text, cmp.Compare(has[i], wanted.float)) {
			return false
		}
	}
	return true
}

// scores returns the highest base, exploitability and impact scores of CVSS version 3 by NVD or by publishers; -1 for an unknown one.
func scores(m *matcher.Match, vendor bool) [3]float64 {
	best := [3]float64{-1, -1, -1}
	consider := func(list []matcher.Severity) {
		for _, s := range list {
			base, exploitability, impact, ok := cvss.Parts(s.Vector)
			if !ok || (s.Source != "nvd") != vendor {
				continue
			}
			best[0], best[1], best[2] = max(best[0], base), max(best[1], exploitability), max(best[2], impact)
		}
	}
	consider(m.Enrichment.Severities)
	for i := range m.Advisories {
		consider(m.Advisories[i].Severities)
	}
	return best
}

// distroCoverage returns the coverage of distributions.
func (e *evaluation) distroCoverage() []matcher.Coverage {
	if e.in.Result == nil {
		return nil
	}
	var rows []matcher.Coverage
	for _, c := range e.in.Result.Coverage {
		if c.Namespace != "" && c.Feed != "" && !c.Missing {
			rows = append(rows, c)
		}
	}
	return rows
}

// staleFeed is vulnerabilities.stale_feed_data.
func (e *evaluation) staleFeed(r *rule) error {
	days := r.values["max_days_since_sync"]
	rows := e.distroCoverage()
	stale, oldest := len(rows) == 0, "no advisories"
	for _, c := range rows {
		if c.Date.IsZero() || e.older(c.Date, days.number) && e.in.Now.Sub(c.Date) > time.Duration(days.number)*24*time.Hour {
			stale, oldest = true, c.Feed+" of "+c.Date.UTC().Format(time.DateOnly)
			break
		}
	}
	if stale {
		f := onImage()
		f.Target = report.TargetDistro
		f.Message = fmt.Sprintf("The vulnerability feed for this image distro is older than MAXAGE (%d) days", days.number)
		f.Evidence = append(f.Evidence, evidence("feed", oldest))
		e.fire(r, f)
	}
	return nil
}

// noFeed is vulnerabilities.vulnerability_data_unavailable.
func (e *evaluation) noFeed(r *rule) error {
	if slices.ContainsFunc(e.distroCoverage(), func(c matcher.Coverage) bool { return !c.Sampled }) {
		return nil
	}
	name := "None:None"
	if d := e.in.Report.Distro; d != nil {
		name = d.ID + ":" + d.VersionID
	}
	f := onImage()
	f.Target = report.TargetDistro
	f.Message = fmt.Sprintf("Distro-specific feed data not found for distro namespace: %s. Cannot perform CVE scan OS/distro packages", name)
	e.fire(r, f)
	return nil
}

// vulnerabilityListed is vulnerabilities.blacklist.
func (e *evaluation) vulnerabilityListed(r *rule) error {
	if e.in.Result == nil {
		return e.factsMissing(r, "the packages were not matched with advisories")
	}
	present := make(map[string]bool)
	for i := range e.in.Result.Matches {
		m := &e.in.Result.Matches[i]
		if m.Suppressed() || r.values["vendor_only"].truth && isWontFix(m) {
			continue
		}
		for _, id := range m.Identifiers() {
			present[strings.ToUpper(id)] = true
		}
	}
	var found []string
	for _, id := range r.values["vulnerability_ids"].list {
		if present[strings.ToUpper(id)] && !slices.Contains(found, id) {
			found = append(found, id)
		}
	}
	if len(found) > 0 {
		f := onImage()
		f.Message = fmt.Sprintf("Blacklisted vulnerabilities detected: ['%s']", strings.Join(found, "', '"))
		if len(found) == 1 {
			f.also = []string{r.trigger.Name + "+" + found[0]}
		}
		e.fire(r, f)
	}
	return nil
}
