package json

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/redact"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
)

// ErrVersion reports that a document is not of a version that this package reads.
var ErrVersion = errors.New("unknown version of the JSON form")

var errTooLarge = errors.New("too large")

const (
	maxBytes  = 256 << 20
	maxMemory = 1 << 30
	maxLayers = 1 << 16
)

// Read reads what [Write] wrote. A document that refers to a component it does not list is an error.
func Read(r io.Reader) (*report.Assessment, error) {
	var d document
	p, err := decode(r, &d, &d.Schema, version)
	if err != nil {
		return nil, err
	}
	a := d.assessment(p)
	if p.err != nil {
		return nil, fmt.Errorf("json: %w", p.err)
	}
	return a, nil
}

// ReadExplanations reads what [WriteExplanations] wrote.
func ReadExplanations(r io.Reader) (*report.Explanations, error) {
	var d explanations
	p, err := decode(r, &d, &d.Schema, explainVersion)
	if err != nil {
		return nil, err
	}
	x := d.explanations(p)
	if p.err != nil {
		return nil, fmt.Errorf("json: %w", p.err)
	}
	return x, nil
}

// decode reads a document into v, whose version it leaves in schema. The version is at most newest.
func decode(r io.Reader, v any, schema *int, newest int) (*parser, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("json: %w", err)
	}
	if len(text) > maxBytes || memory(text) > maxMemory {
		return nil, fmt.Errorf("json: %w", errTooLarge)
	}
	if err := json.Unmarshal(text, v); err != nil {
		return nil, fmt.Errorf("json: %w", err)
	}
	if *schema < 1 || *schema > newest {
		return nil, fmt.Errorf("json: schema %d: %w", *schema, ErrVersion)
	}
	return &parser{version: *schema}, nil
}

// memory estimates how much memory a document takes once it is decoded: an empty object of three bytes becomes a struct of hundreds.
func memory(text []byte) int64 {
	const object, value = 640, 80 // a value of a map takes the most
	n := int64(len(text))
	quoted := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			quoted = !quoted
		case quoted && c == '\\':
			i++
		case quoted:
		case c == '{':
			n += object
		case c == ',':
			n += value
		}
	}
	return n
}

// A parser keeps the first fault of a document.
type parser struct {
	version int
	err     error
}

func (p *parser) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf(format, args...)
	}
}

// time reads an instant; "" is the zero time.
func (p *parser) time(text string) time.Time {
	if text == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		p.fail("%q is not a time", text)
	}
	return t
}

// assessment returns the Assessment whose serial form d is.
func (d *document) assessment(p *parser) *report.Assessment {
	found := d.report()
	result, hidden := d.result(p, found)
	o := report.Options{
		Name:     d.Image.Reference,
		Database: matcher.SourceInfo{Hash: d.Database.Hash, Starter: d.Database.Starter},
		Declared: true, // the others were left out when it was written
		Include:  []analyzer.Place{analyzer.Cached, analyzer.TestData},
		Verdict:  d.Verdict.verdict(p, found, result),
		Gate:     report.Gate{AllowUncovered: d.Gate.AllowUncovered},
		Hidden:   hidden,
	}
	if d.Gate.FailOn != nil {
		o.Gate.FailOn = *d.Gate.FailOn
	}
	for i := range d.Findings {
		if why := d.Findings[i].Suppressed; why != nil {
			if o.HiddenFiles == nil {
				o.HiddenFiles = make(map[int]report.Reason)
			}
			o.HiddenFiles[i] = report.Reason{Code: why.Code, Text: why.Why}
		}
	}
	for i := range d.VEX {
		o.VEX = append(o.VEX, d.VEX[i].vexDocument())
	}
	for _, g := range d.Ignored {
		p.time(g.Expires)
	}
	if p.err != nil {
		return nil
	}
	if b := d.Base; b != nil {
		o.Base = &report.Base{Name: b.Name, Digest: b.Digest, Layers: b.Layers, Origin: b.Origin}
	}
	a := report.New(found, result, o)
	if d.Base != nil {
		a.Base.Newer = (*report.NewerBase)(d.Base.Newer)
	}
	a.Omitted = d.Hidden.Declared
	for i := range d.Components {
		if d.Components[i].Omitted && !d.Components[i].Nested {
			a.LeftOut = append(a.LeftOut, d.Components[i].component())
		}
	}
	for _, e := range d.Excluded {
		a.Excluded = append(a.Excluded, report.Excluded{
			Exclusion:  report.Exclusion{Path: e.Path, Analyzer: e.Analyzer, Origin: e.Origin},
			Components: e.Components, Findings: e.Findings, Records: e.Records, Diagnostics: e.Diagnostics, Files: e.Files,
		})
	}
	for _, g := range d.Ignored {
		a.Ignored = append(a.Ignored, report.IgnoreUse{
			Ignore:  report.Ignore{ID: g.ID, Package: g.Package, Type: g.Type, Version: g.Version, Path: g.Path, Reason: g.Reason, Expires: p.time(g.Expires), Origin: g.Origin},
			Matches: g.Matches, Findings: g.Findings, Expired: g.Expired,
		})
	}
	if d.Notes != nil { // they may depend on the day
		a.Notes = nil
	}
	for _, n := range d.Notes {
		a.Notes = append(a.Notes, report.Note{Code: n.Code, Ecosystem: matcher.Key{Type: n.Type, Namespace: n.Namespace, Release: n.Release}, Text: n.Text})
	}
	return a
}

func (d *document) report() *analyzer.Report {
	r := &analyzer.Report{Image: analyzer.ImageInfo{ID: d.Image.ID, Digest: d.Image.Digest, Platform: d.Image.Platform}}
	if x := d.Distro; x != nil {
		r.Distro = &analyzer.Distro{ID: x.ID, VersionID: x.VersionID, Codename: x.Codename, Name: x.Name, Like: x.Like, CPE: x.CPE, Repositories: x.Repositories}
	}
	for _, l := range d.Layers {
		l.CreatedBy = redact.CreatedBy(l.CreatedBy) // older versions wrote secrets
		r.Layers = append(r.Layers, analyzer.Layer(l))
	}
	for i := range d.Components {
		if !d.Components[i].Omitted || d.Components[i].Nested { // report.New takes these out again
			r.Components = append(r.Components, d.Components[i].component())
		}
	}
	for i := range d.Findings {
		r.Findings = append(r.Findings, d.Findings[i].finding())
	}
	for i := range d.Records {
		r.Records = append(r.Records, d.Records[i].record())
	}
	for i := range d.Examined {
		r.Examined = append(r.Examined, d.Examined[i].examination())
	}
	for _, x := range d.Diagnostics {
		r.Diagnostics = append(r.Diagnostics, analyzer.FileDiagnostic{
			Diagnostic: analyzer.Diagnostic{Code: x.Kind, Line: x.Line, Message: x.Message}, Layer: x.Layer, Path: x.Path, Analyzer: x.Analyzer,
		})
	}
	return r
}

// result returns the matches in the order of the report, and why some of them are hidden.
func (d *document) result(p *parser, found *analyzer.Report) (*matcher.Result, map[int]report.Reason) {
	position := make(map[string]int, len(found.Components))
	for i := range found.Components {
		position[found.Components[i].ID] = i
	}
	type placed struct {
		matcher.Match
		hidden *report.Reason
	}
	var all []placed
	add := func(list string, i int, j *match, hidden *report.Reason) {
		if _, ok := position[j.Component]; !ok {
			p.fail("%s[%d]: match of %s: no component %q", list, i, j.ID, j.Component)
		}
		all = append(all, placed{j.match(p), hidden})
	}
	for i := range d.Matches {
		add("matches", i, &d.Matches[i], nil)
	}
	for i := range d.Suppressed {
		s := &d.Suppressed[i]
		add("suppressed", i, &s.Match, &report.Reason{Code: p.reason(s), Text: s.Why})
	}
	slices.SortStableFunc(all, func(a, b placed) int {
		return cmp.Or(cmp.Compare(position[a.Component], position[b.Component]), cmp.Compare(a.ID, b.ID))
	})
	result := new(matcher.Result)
	hidden := make(map[int]report.Reason)
	for i, m := range all {
		result.Matches = append(result.Matches, m.Match)
		if m.hidden != nil {
			hidden[i] = *m.hidden
		}
	}
	for _, s := range d.Skipped {
		s.Reason = p.skipReason(s.Reason)
		result.Skipped = append(result.Skipped, matcher.Skipped(s))
	}
	for _, c := range d.Coverage {
		result.Coverage = append(result.Coverage, matcher.Coverage{
			Type: c.Type, Namespace: c.Namespace, Release: c.Release, Feed: c.Feed, Date: p.time(c.Date), Sampled: c.Sampled, Missing: c.Missing, EndOfLife: c.EndOfLife,
		})
	}
	return result, hidden
}
