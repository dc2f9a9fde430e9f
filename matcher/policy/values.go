package policy

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/imageref"
	"github.com/hullmark/hullmark/internal/redact"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/distro"
	"github.com/hullmark/hullmark/matcher/report"
)

func valueOfImage(in *report.PolicyInput, ref imageref.Reference) *imageValue {
	r := in.Report
	v := &imageValue{
		Reference: in.Reference, Registry: ref.Registry, Repository: ref.Repository, Tag: ref.Tag, Digest: ref.Digest,
		ID: r.Image.ID, Platform: r.Image.Platform, Diagnostics: len(r.Diagnostics),
	}
	v.OS, v.Arch, _ = strings.Cut(r.Image.Platform, "/")
	v.Arch, _, _ = strings.Cut(v.Arch, "/")
	for _, l := range r.Layers {
		v.Size += l.Bytes
		v.Layers = append(v.Layers, layerValue{l.DiffID, l.CreatedBy, l.Bytes, l.Entries, l.Lazy})
	}
	for _, c := range in.Result.Coverage {
		name := (&report.Ecosystem{Key: matcher.Key{Type: c.Type, Namespace: c.Namespace, Release: c.Release}}).Name()
		if (c.Feed == "" || c.Missing) && !slices.Contains(v.Uncovered, name) {
			v.Uncovered = append(v.Uncovered, name)
		}
	}
	for i := range r.Components {
		if c := &r.Components[i]; !c.Stated && !c.Declared {
			v.Packages = append(v.Packages, c.Name)
		}
	}
	for _, s := range (&report.Assessment{Report: r}).Searches() {
		if s.Missing() == "" {
			v.Examined = append(v.Examined, s.Kind)
		}
	}
	v.Config, v.Dockerfile, v.Base = valueOfConfig(in.Config), valueOfDockerfile(in), valueOfBase(in.Base)
	if c := in.Config; c != nil {
		v.configure()
		for _, h := range c.History {
			v.History = append(v.History, historyValue{instant(h.Created.Time), redact.CreatedBy(h.CreatedBy), redact.Text(h.Comment), h.EmptyLayer})
		}
	}
	return v
}

// configure copies the parts of the configuration that have names of their own, too.
func (v *imageValue) configure() {
	c := v.Config
	v.User, v.Workdir, v.Entrypoint, v.Cmd, v.Labels, v.Ports, v.Volumes, v.Env = c.User, c.Workdir, c.Entrypoint, c.Cmd, c.Labels, c.Ports, c.Volumes, c.Env
}

// valueOfDistro describes the distribution. The last day of its support is noted on the clock if an expression asks for it.
func valueOfDistro(in *report.PolicyInput, c *clock) *distroValue {
	v := new(distroValue)
	d := in.Report.Distro
	if d == nil {
		return v
	}
	*v = distroValue{ID: d.ID, Version: d.VersionID, Codename: d.Codename, Name: d.Name, Like: d.Like}
	base, _, _ := distro.BaseOf(d.ID, d.VersionID, d.Codename, d.Name)
	if last, ok := distro.SystemSupportEnds(d.ID, d.VersionID, d.Codename, d.Name); ok {
		ends := last.AddDate(0, 0, 1)
		v.EndOfLife = in.Now.After(ends)
		c.note(ends.Add(1))
	}
	for _, c := range in.Result.Coverage {
		v.EndOfLife = v.EndOfLife || c.EndOfLife && (c.Namespace == distro.ID(d.ID) || c.Namespace == base)
	}
	return v
}

func valueOfPackage(c *analyzer.Component) *packageValue {
	v := &packageValue{
		Type: c.Type, Namespace: c.Namespace, Name: c.Name, Version: versionOf(c, c.Version), Arch: c.Arch, PURL: c.PURL, Vendor: c.Vendor,
		Path: c.Path, Inside: c.ArchivePath, Analyzer: c.Analyzer, System: c.System, Declared: c.Declared, Stated: c.Stated, Dev: c.Dev,
		Owned: c.Owner != "", Licenses: c.Licenses, Layer: c.Layer, Source: c.Name, SourceVersion: versionOf(c, c.Version),
	}
	if c.SourcePackage != nil {
		v.Source, v.SourceVersion = cmp.Or(c.SourcePackage.Name, c.Name), versionOf(c, cmp.Or(c.SourcePackage.Version, c.Version))
	}
	return v
}

func (j *judge) valueOfMatch(m *matcher.Match, p *judged) *matchValue {
	c := p.Component
	t := &m.Enrichment
	v := &matchValue{
		ID: m.ID, Kind: m.Kind.String(), Updates: m.Updates(), Status: m.Status.String(), Reason: m.Reason, Fixed: fixOf(m, c), Uncertain: m.Uncertain, Headers: m.Headers, Aliases: m.Aliases,
		Severity: severityValue{m.Severity.Level}, SeveritySource: m.Severity.Source, Vector: m.Severity.Vector, Score: m.Severity.Score,
		EPSS: t.EPSS, Percentile: t.Percentile, Exploited: !t.Exploited.IsZero(), Ransomware: t.Ransomware,
		ExploitedSince: instant(t.Exploited), Exploits: t.Exploits, Weaknesses: t.Weaknesses,
		Identifiers: m.Identifiers(), Package: j.value(p),
	}
	var published, modified, fixed time.Time
	updates := v.Updates
	for i := range m.Advisories {
		a := &m.Advisories[i]
		v.Summary = cmp.Or(v.Summary, a.Summary)
		if !slices.Contains(v.Feeds, a.Feed) {
			v.Feeds = append(v.Feeds, a.Feed)
		}
		if !a.Published.IsZero() && (published.IsZero() || a.Published.Before(published)) {
			published = a.Published
		}
		if a.Modified.After(modified) {
			modified = a.Modified
		}
		if slices.Contains(updates, a.ID) && !a.Published.IsZero() && (fixed.IsZero() || a.Published.Before(fixed)) {
			fixed = a.Published // the advisory is the update itself, such as DSA-4500-1
		}
		for _, s := range a.Severities {
			v.Scores = append(v.Scores, valueOfScore(s))
		}
	}
	for _, s := range t.Severities {
		v.Scores = append(v.Scores, valueOfScore(s))
	}
	v.Published, v.Modified, v.FixedAt, v.VEX.Time = instant(published), instant(modified), instant(fixed), instant(time.Time{})
	if a := m.Analysis; a != nil {
		v.VEX = vexValue{a.Status.String(), a.Justification, a.Detail, a.Author, a.Document, instant(a.Time)}
	}
	return v
}

func valueOfScore(s matcher.Severity) scoreValue {
	return scoreValue{s.Source, severityValue{s.Level}, s.Score, s.Vector, s.Word}
}

// valueOfFinding describes a finding. Only an unchanged file counts as its owner's: an attacker may replace a program that a package brought.
func (j *judge) valueOfFinding(f *analyzer.FileFinding) *findingValue {
	v := &findingValue{
		Rule: f.Rule, Title: f.Title, Detail: f.Detail, Severity: severityOf(f.Severity), Path: f.Path, Place: (&report.FileFinding{FileFinding: f}).Place(),
		Analyzer: f.Analyzer, Line: f.Line, Layer: f.Layer, Hidden: f.Hidden,
	}
	if owner := j.packages[f.Owner]; owner != nil {
		v.Owned, v.Owner = !j.changed(f, owner), owner.Name
	}
	return v
}

func valueOfRecord(r *analyzer.FileRecord) *recordValue {
	return &recordValue{r.Kind, r.Key, r.Fields, r.Path, r.Analyzer, r.Line, r.Layer, r.Hidden}
}

// instant returns a time as expressions see it; one that is not known is the beginning of 1970.
func instant(t time.Time) time.Time {
	if t.IsZero() {
		return time.Unix(0, 0).UTC()
	}
	return t.UTC()
}
