package policy

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/imageref"
	"github.com/hullmark/hullmark/internal/redact"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/distro"
	"github.com/hullmark/hullmark/matcher/report"
)

// The values of expressions. Their fields are exported since CEL reads them by reflection.
type imageValue struct {
	Reference   string            `cel:"reference"`
	Registry    string            `cel:"registry"`
	Repository  string            `cel:"repository"`
	Tag         string            `cel:"tag"`
	Digest      string            `cel:"digest"`
	ID          string            `cel:"id"`
	Platform    string            `cel:"platform"`
	OS          string            `cel:"os"`
	Arch        string            `cel:"arch"`
	Size        int64             `cel:"size"`
	Layers      []layerValue      `cel:"layers"`
	History     []historyValue    `cel:"history"`
	User        string            `cel:"user"`
	Workdir     string            `cel:"workdir"`
	Entrypoint  []string          `cel:"entrypoint"`
	Cmd         []string          `cel:"cmd"`
	Ports       []string          `cel:"ports"`
	Volumes     []string          `cel:"volumes"`
	Env         map[string]string `cel:"env"`
	Labels      map[string]string `cel:"labels"`
	Uncovered   []string          `cel:"uncovered"`
	Packages    []string          `cel:"packages"`
	Examined    []string          `cel:"examined"`
	Diagnostics int               `cel:"diagnostics"`
}

type layerValue struct {
	DiffID    string `cel:"diff_id"`
	CreatedBy string `cel:"created_by"`
	Size      int64  `cel:"size"`
	Entries   int64  `cel:"entries"`
	Lazy      bool   `cel:"lazy"`
}

type historyValue struct {
	Created   time.Time `cel:"created"`
	CreatedBy string    `cel:"created_by"`
	Comment   string    `cel:"comment"`
	Empty     bool      `cel:"empty"`
}

type distroValue struct {
	ID        string   `cel:"id"`
	Version   string   `cel:"version"`
	Codename  string   `cel:"codename"`
	Name      string   `cel:"name"`
	Like      []string `cel:"like"`
	EndOfLife bool     `cel:"end_of_life"`
}

type packageValue struct {
	Type          string       `cel:"type"`
	Namespace     string       `cel:"namespace"`
	Name          string       `cel:"name"`
	Version       versionValue `cel:"version"`
	Arch          string       `cel:"arch"`
	PURL          string       `cel:"purl"`
	Vendor        string       `cel:"vendor"`
	Source        string       `cel:"source"`
	SourceVersion versionValue `cel:"source_version"`
	Path          string       `cel:"path"`
	Inside        string       `cel:"inside"`
	Analyzer      string       `cel:"analyzer"`
	System        bool         `cel:"system"`
	Declared      bool         `cel:"declared"`
	Stated        bool         `cel:"stated"`
	Dev           bool         `cel:"dev"`
	Owned         bool         `cel:"owned"`
	Licenses      []string     `cel:"licenses"`
	Layer         int          `cel:"layer"`
}

type matchValue struct {
	ID             string        `cel:"id"`
	Kind           string        `cel:"kind"`
	Status         string        `cel:"status"`
	Reason         string        `cel:"reason"`
	Fixed          versionValue  `cel:"fixed"`
	Uncertain      string        `cel:"uncertain"`
	Headers        bool          `cel:"headers"`
	Summary        string        `cel:"summary"`
	Aliases        []string      `cel:"aliases"`
	Updates        []string      `cel:"updates"`
	Feeds          []string      `cel:"feeds"`
	Exploits       []string      `cel:"exploits"`
	Weaknesses     []string      `cel:"weaknesses"`
	Severity       severityValue `cel:"severity"`
	SeveritySource string        `cel:"severity_source"`
	Vector         string        `cel:"vector"`
	Score          float64       `cel:"score"`
	EPSS           float64       `cel:"epss"`
	Percentile     float64       `cel:"percentile"`
	Exploited      bool          `cel:"exploited"`
	Ransomware     bool          `cel:"ransomware"`
	ExploitedSince time.Time     `cel:"exploited_since"`
	Published      time.Time     `cel:"published"`
	Modified       time.Time     `cel:"modified"`
	VEX            vexValue      `cel:"vex"`
}

type vexValue struct {
	Status        string    `cel:"status"`
	Justification string    `cel:"justification"`
	Detail        string    `cel:"detail"`
	Author        string    `cel:"author"`
	Document      string    `cel:"document"`
	Time          time.Time `cel:"time"`
}

type findingValue struct {
	Rule     string        `cel:"rule"`
	Title    string        `cel:"title"`
	Detail   string        `cel:"detail"`
	Severity severityValue `cel:"severity"`
	Path     string        `cel:"path"`
	Place    string        `cel:"place"`
	Analyzer string        `cel:"analyzer"`
	Line     int           `cel:"line"`
	Layer    int           `cel:"layer"`
	Hidden   bool          `cel:"hidden"`
	Intact   bool          `cel:"intact"`
	Owned    bool          `cel:"owned"`
	Owner    string        `cel:"owner"`
}

type recordValue struct {
	Kind     string            `cel:"kind"`
	Key      string            `cel:"key"`
	Fields   map[string]string `cel:"fields"`
	Path     string            `cel:"path"`
	Analyzer string            `cel:"analyzer"`
	Line     int               `cel:"line"`
	Layer    int               `cel:"layer"`
	Hidden   bool              `cel:"hidden"`
}

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
	if c := in.Config; c != nil {
		v.configure(&c.Config)
		for _, h := range c.History {
			v.History = append(v.History, historyValue{instant(h.Created.Time), redact.CreatedBy(h.CreatedBy), redact.Text(h.Comment), h.EmptyLayer})
		}
	}
	return v
}

// configure sets the configuration without secrets, since messages of policies may repeat it.
func (v *imageValue) configure(c *v1.Config) {
	v.User, v.Workdir, v.Entrypoint, v.Cmd = c.User, c.WorkingDir, redact.Words(c.Entrypoint), redact.Words(c.Cmd)
	v.Labels = make(map[string]string, len(c.Labels))
	for name, value := range c.Labels {
		v.Labels[name] = redact.Value(name, value)
	}
	v.Ports, v.Volumes = slices.Sorted(maps.Keys(c.ExposedPorts)), slices.Sorted(maps.Keys(c.Volumes))
	v.Env = make(map[string]string, len(c.Env))
	for _, e := range c.Env {
		name, value, _ := strings.Cut(e, "=")
		v.Env[name] = redact.Value(name, value)
	}
}

func valueOfDistro(in *report.PolicyInput) *distroValue {
	v := new(distroValue)
	d := in.Report.Distro
	if d == nil {
		return v
	}
	*v = distroValue{ID: d.ID, Version: d.VersionID, Codename: d.Codename, Name: d.Name, Like: d.Like}
	base, _, _ := distro.BaseOf(d.ID, d.VersionID, d.Codename, d.Name)
	last, ok := distro.SystemSupportEnds(d.ID, d.VersionID, d.Codename, d.Name)
	v.EndOfLife = ok && in.Now.After(last.AddDate(0, 0, 1))
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

func valueOfMatch(m *matcher.Match, c *analyzer.Component) *matchValue {
	t := &m.Enrichment
	v := &matchValue{
		ID: m.ID, Kind: m.Kind.String(), Updates: m.Updates(), Status: m.Status.String(), Reason: m.Reason, Fixed: fixOf(m, c), Uncertain: m.Uncertain, Headers: m.Headers, Aliases: m.Aliases,
		Severity: severityValue{m.Severity.Level}, SeveritySource: m.Severity.Source, Vector: m.Severity.Vector, Score: m.Severity.Score,
		EPSS: t.EPSS, Percentile: t.Percentile, Exploited: !t.Exploited.IsZero(), Ransomware: t.Ransomware,
		ExploitedSince: instant(t.Exploited), Exploits: t.Exploits, Weaknesses: t.Weaknesses,
	}
	var published, modified time.Time
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
	}
	v.Published, v.Modified, v.VEX.Time = instant(published), instant(modified), instant(time.Time{})
	if a := m.Analysis; a != nil {
		v.VEX = vexValue{a.Status.String(), a.Justification, a.Detail, a.Author, a.Document, instant(a.Time)}
	}
	return v
}

// valueOfFinding describes a finding. Only an unchanged file counts as its owner's: an attacker may replace a program that a package brought.
func (j *judge) valueOfFinding(f *analyzer.FileFinding) *findingValue {
	v := &findingValue{
		Rule: f.Rule, Title: f.Title, Detail: f.Detail, Severity: severityOf(f.Severity), Path: f.Path, Place: (&report.FileFinding{FileFinding: f}).Place(),
		Analyzer: f.Analyzer, Line: f.Line, Layer: f.Layer, Hidden: f.Hidden, Intact: f.Intact,
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
