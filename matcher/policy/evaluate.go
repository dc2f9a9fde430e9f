package policy

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/imageref"
	"github.com/hullmark/hullmark/matcher/purl"
	"github.com/hullmark/hullmark/matcher/report"
)

// ErrNoMapping reports that no mapping of a policy document fits an image, and that the document has no default.
var ErrNoMapping = errors.New("no mapping fits, and there is no default")

// Evaluate implements [report.Policy]. It returns an error if no mapping fits the image ([ErrNoMapping]), if an expression fails or
// exceeds its cost, and if ctx ends. None of these is a pass.
func (d *Document) Evaluate(ctx context.Context, in report.PolicyInput) (*report.Verdict, error) {
	if in.Now.IsZero() {
		return nil, errors.New("policy: the time is not given, so that nothing could expire")
	}
	ref := imageref.Parse(in.Reference)
	if ref.Digest == "" {
		ref.Digest = in.Report.Image.Digest
	}
	m := d.mappingOf(ref)
	if m == nil {
		return nil, fmt.Errorf("policy: %s: %q: %w", d.Name, in.Reference, ErrNoMapping)
	}
	j := &judge{
		doc: d, in: &in, ctx: ctx, index: newIndex(m.lists),
		verdict:  &report.Verdict{Action: report.Go, Document: d.Name, Mapping: m.name},
		packages: make(map[string]*judged), used: make(map[*entry]bool), expired: make(map[*entry]bool),
		values: map[string]any{"image": valueOfImage(&in, ref), "distro": valueOfDistro(&in), "now": in.Now.UTC()},
	}
	for i := range in.Report.Components {
		c := &in.Report.Components[i]
		j.packages[c.ID] = &judged{Component: c}
	}
	for _, p := range m.policies {
		j.verdict.Policies = append(j.verdict.Policies, p.name)
	}
	j.image(ref)
	for _, each := range []func(*policy) error{j.whole, j.eachPackage, j.eachMatch, j.eachFinding, j.eachRecord} {
		for _, p := range m.policies {
			if err := each(p); err != nil {
				return nil, fmt.Errorf("policy: %w", err)
			}
		}
	}
	j.finish()
	return j.verdict, nil
}

func (d *Document) mappingOf(ref imageref.Reference) *mapping {
	for i := range d.mappings {
		if d.mappings[i].fits(ref) {
			return &d.mappings[i]
		}
	}
	return d.fallback
}

// A judge is one evaluation.
type judge struct {
	doc      *Document
	in       *report.PolicyInput
	ctx      context.Context
	verdict  *report.Verdict
	index    *index
	values   map[string]any // of the variables
	packages map[string]*judged
	targets  []*purl.Target // all packages, for hints
	used     map[*entry]bool
	expired  map[*entry]bool
	differs  map[string]bool // paths and owners with findings of package verification; made on first use
}

// A judged is a component and its values, which are made on first use.
type judged struct {
	*analyzer.Component
	value *packageValue
	pkg   *purl.Target
}

func (j *judge) value(p *judged) *packageValue {
	if p.value == nil {
		p.value = valueOfPackage(p.Component)
	}
	return p.value
}

func (j *judge) pkg(p *judged) *purl.Target {
	if p.pkg == nil {
		p.pkg = purl.NewTarget(p.Component, j.in.Report.Distro)
	}
	return p.pkg
}

// image looks the image up in the lists of images.
func (j *judge) image(ref imageref.Reference) {
	find := func(list []imageEntry) *report.Entry {
		for i := range list {
			e := &list[i]
			if !e.fits(ref) {
				continue
			}
			if expired(&e.Entry, j.in.Now) {
				j.verdict.Expired = append(j.verdict.Expired, e.Entry)
				continue
			}
			return &e.Entry
		}
		return nil
	}
	j.verdict.Denied, j.verdict.Passed = find(j.doc.denied), find(j.doc.passed)
	if e := j.verdict.Denied; e != nil {
		j.verdict.Passed = nil
		j.verdict.Decisions = append(j.verdict.Decisions, report.Decision{
			Rule: e.List, Line: e.Line, Target: report.TargetImage, Action: report.Stop, Ruled: report.Stop, Message: e.Reason, Match: -1, Finding: -1,
		})
	}
}

func (j *judge) whole(p *policy) error {
	for _, kind := range []report.Target{report.TargetImage, report.TargetDistro} {
		if _, err := j.decide(p, report.Decision{Target: kind, Match: -1, Finding: -1}, func() thing { return thing{} }, string(kind)); err != nil {
			return err
		}
	}
	return nil
}

func (j *judge) eachPackage(p *policy) error {
	if !p.has(report.TargetPackage) {
		return nil
	}
	for i := range j.in.Report.Components {
		c := j.packages[j.in.Report.Components[i].ID]
		j.values[packageName] = j.value(c)
		d := report.Decision{Target: report.TargetPackage, Match: -1, Finding: -1, Component: c.ID}
		if _, err := j.decide(p, d, func() thing { return thing{pkg: j.pkg(c)} }, c.Label()); err != nil {
			return err
		}
	}
	return nil
}

func (j *judge) eachMatch(p *policy) error {
	for i := range j.in.Result.Matches {
		m := &j.in.Result.Matches[i]
		if m.Suppressed() && !p.judgeVEX {
			continue
		}
		c := j.packages[m.Component]
		if c == nil {
			return fmt.Errorf("match of %s: component %q is not in the report", m.ID, m.Component)
		}
		if p.has(report.TargetMatch) {
			j.values[packageName], j.values["match"] = j.value(c), valueOfMatch(m, c.Component)
		}
		d := report.Decision{Target: report.TargetMatch, Match: i, Finding: -1, Component: c.ID}
		about := func() thing { return thing{match: m, pkg: j.pkg(c)} }
		decided, err := j.decide(p, d, about, m.ID+" in "+c.Label())
		if err != nil {
			return err
		}
		if !decided {
			d.Policy, d.Rule, d.Line, d.Ruled = p.name, "otherwise", p.line, p.otherwise
			j.record(d, about)
		}
	}
	return nil
}

func (j *judge) eachFinding(p *policy) error {
	if !p.has(report.TargetFinding) {
		return nil
	}
	for i := range j.in.Report.Findings {
		f := &j.in.Report.Findings[i]
		j.values["finding"] = j.valueOfFinding(f)
		d := report.Decision{Target: report.TargetFinding, Match: -1, Finding: i}
		if _, err := j.decide(p, d, func() thing { return thing{finding: f} }, f.Rule+" in "+f.Path); err != nil {
			return err
		}
	}
	return nil
}

func (j *judge) eachRecord(p *policy) error {
	if !p.has(report.TargetRecord) {
		return nil
	}
	for i := range j.in.Report.Records {
		r := &j.in.Report.Records[i]
		j.values["record"] = valueOfRecord(r)
		d := report.Decision{Target: report.TargetRecord, Match: -1, Finding: -1, Record: i}
		if _, err := j.decide(p, d, func() thing { return thing{record: r} }, r.Kind+" "+r.Key); err != nil {
			return err
		}
	}
	return nil
}

// changed reports whether the file of a finding may differ from the database of its package. A finding of package verification at
// the database itself counts further files of the package, which may be any.
func (j *judge) changed(f *analyzer.FileFinding, owner *judged) bool {
	if j.differs == nil {
		j.differs = make(map[string]bool)
		for i := range j.in.Report.Findings {
			v := &j.in.Report.Findings[i]
			if c := j.packages[v.Owner]; v.Analyzer == "verify" {
				j.differs["/"+v.Path] = true
				if c != nil && c.Path == v.Path {
					j.differs[c.ID] = true
				}
			}
		}
	}
	return j.differs["/"+f.Path] || j.differs[owner.ID]
}

func (p *policy) has(kind report.Target) bool {
	return slices.ContainsFunc(p.rules, func(r rule) bool { return r.on == kind })
}

// decide tries the rules of a policy on a value, and records the decision of the first that holds.
func (j *judge) decide(p *policy, d report.Decision, about func() thing, name string) (bool, error) {
	for i := range p.rules {
		r := &p.rules[i]
		if r.on != d.Target {
			continue
		}
		if err := j.ctx.Err(); err != nil {
			return false, err
		}
		fail := func(err error) error {
			return fmt.Errorf("%s:%d: rule %q of policy %q on %s: %w", j.doc.Name, r.line, r.name, p.name, name, err)
		}
		holds, err := r.when.holds(j.ctx, j.values)
		if err != nil {
			return false, fail(err)
		}
		if !holds {
			continue
		}
		d.Policy, d.Rule, d.Line, d.Ruled, d.Hide = p.name, r.name, r.line, r.action, r.hide
		if d.Message, err = say(j.ctx, r.message, j.values); err != nil {
			return false, fail(err)
		}
		if d.Message == "" && d.Target == report.TargetRecord { // for which reports have no column
			d.Message = r.name + ": " + name
		}
		j.record(d, about)
		return true, nil
	}
	return false, nil
}

// record adds a decision, after the entries that allow it.
func (j *judge) record(d report.Decision, about func() thing) {
	d.Action = d.Ruled
	if d.Ruled > report.Go && len(j.index.entries) > 0 {
		t := about()
		for _, i := range j.index.candidates(t) {
			e := j.index.entries[i]
			if !e.about(&d, t) {
				continue
			}
			j.used[e] = true
			if expired(&e.Entry, j.in.Now) {
				if d.Expired == nil {
					d.Expired = &e.Entry
				}
				j.expired[e] = true
				continue
			}
			d.Action, d.Allowed = report.Go, &e.Entry
			break
		}
	}
	j.verdict.Decisions = append(j.verdict.Decisions, d)
}

// maxHints bounds the entries for which similar packages are looked for.
const maxHints = 100

// hint returns the package that an unused entry may mean, "" if none is similar or if the entry's package is in the image.
func (j *judge) hint(e *entry) string {
	if e.pattern == nil {
		return ""
	}
	if j.targets == nil {
		for i := range j.in.Report.Components {
			j.targets = append(j.targets, j.pkg(j.packages[j.in.Report.Components[i].ID]))
		}
	}
	for _, t := range j.targets {
		if ok, _ := e.pattern.Match(t); ok {
			return ""
		}
	}
	return e.pattern.Nearest(j.targets)
}

// finish sums up.
func (j *judge) finish() {
	v := j.verdict
	for i := range v.Decisions {
		v.Action = max(v.Action, v.Decisions[i].Action)
	}
	if v.Passed != nil {
		v.Action = report.Go
	}
	for _, e := range j.index.entries {
		switch {
		case j.expired[e]:
			v.Expired = append(v.Expired, e.Entry)
		case !j.used[e]:
			unused := e.Entry
			if len(v.Unused) < maxHints {
				unused.Hint = j.hint(e)
			}
			v.Unused = append(v.Unused, unused)
		}
	}
}
