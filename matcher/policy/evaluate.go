package policy

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"cel.dev/cel-go/cel"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/english"
	"github.com/hullmark/hullmark/internal/imageref"
	"github.com/hullmark/hullmark/matcher"
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
	in.Report, _ = matcher.Listed(in.Report, in.Result)
	ref := referenceOf(&in)
	m := d.mappingOf(ref)
	if m == nil {
		return nil, fmt.Errorf("policy: %s: %q: %w", d.Name, in.Reference, ErrNoMapping)
	}
	j := newJudge(ctx, d, &in, ref, m)
	j.image(ref)
	for _, on := range kinds() {
		for _, p := range m.policies {
			if err := j.each(p, on); err != nil {
				return nil, fmt.Errorf("policy: %w", err)
			}
		}
	}
	j.finish()
	return j.verdict, nil
}

// referenceOf returns the reference by which an image is judged. A name in a registry with neither tag nor digest has the tag latest, as
// a pull does: leaving a denied tag out must not pass.
func referenceOf(in *report.PolicyInput) imageref.Reference {
	ref := imageref.Parse(in.Reference)
	if ref.Repository != "" && ref.Tag == "" && ref.Digest == "" {
		ref.Tag = "latest"
	}
	if ref.Digest == "" {
		ref.Digest = in.Report.Image.Digest
	}
	return ref
}

func newJudge(ctx context.Context, d *Document, in *report.PolicyInput, ref imageref.Reference, m *mapping) *judge {
	j := &judge{
		doc: d, in: in, index: newIndex(m.lists), clock: &clock{now: in.Now.UTC()},
		verdict: &report.Verdict{Action: report.Go, Document: d.Name, Mapping: m.name},
		files:   make(map[*rule]int), more: make(map[*rule]map[report.Action]int),
		packages: make(map[string]*judged), used: make(map[*entry]bool), expired: make(map[*entry]bool),
	}
	ends := j.clock
	if !d.uses["end_of_life"] {
		ends = nil
	}
	j.values = &values{
		j: j, image: valueOfImage(in, ref), distro: valueOfDistro(in, ends), database: valueOfDatabase(in), now: nowValue{clock: j.clock},
		lists: make(map[string]any),
	}
	j.runner = runner{ctx: ctx, values: j.values, spent: make(map[*expression]uint64), programs: make(map[*expression]cel.Program)}
	for i := range in.Report.Components {
		c := &in.Report.Components[i]
		j.packages[c.ID] = &judged{Component: c}
	}
	for _, p := range m.policies {
		j.verdict.Policies = append(j.verdict.Policies, p.name)
	}
	return j
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
	doc     *Document
	in      *report.PolicyInput
	verdict *report.Verdict
	index   *index
	runner
	clock    *clock
	saw      int // decisions with evidence
	packages map[string]*judged
	targets  []*purl.Target // all packages, for hints
	used     map[*entry]bool
	expired  map[*entry]bool
	files    map[*rule]int                   // decisions about files
	more     map[*rule]map[report.Action]int // further ones, by action
	differs  map[string]bool                 // paths and owners with findings of package verification; made on first use
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

// untilExpiry notes that an entry counts until it expires.
func (j *judge) untilExpiry(e *report.Entry) {
	if !e.Expires.IsZero() {
		j.clock.note(e.Expires.Add(1))
	}
}

// each tries the rules of a policy on all things of a kind.
func (j *judge) each(p *policy, on report.Target) error {
	if !p.has(on) && on != report.TargetMatch {
		return nil
	}
	for s, err := range j.subjects(p, on) {
		if err != nil {
			return err
		}
		decided, err := j.decide(p, s)
		if err != nil {
			return err
		}
		if !decided && on == report.TargetMatch {
			d := s.decision
			d.Policy, d.Rule, d.Line, d.Ruled = p.name, "otherwise", p.line, p.otherwise
			j.record(d, s.about)
		}
	}
	j.countFiles(p, on)
	return nil
}

// maxFiles bounds the decisions of one rule about files. Those that are left out are counted in one more decision.
const maxFiles = 1000

// countFiles adds a decision for the files of each rule beyond maxFiles.
func (j *judge) countFiles(p *policy, on report.Target) {
	if on != report.TargetFile {
		return
	}
	for i := range p.rules {
		r := &p.rules[i]
		for _, action := range []report.Action{report.Stop, report.Warn, report.Go} {
			if n := j.more[r][action]; n > 0 {
				j.verdict.Decisions = append(j.verdict.Decisions, report.Decision{
					Policy: p.name, Rule: r.name, Line: r.line, Target: report.TargetFile, Action: action, Ruled: r.action, Match: -1, Finding: -1,
					Message: fmt.Sprintf("%s: and %s more", r.name, english.Count(n, "file")),
				})
			}
		}
	}
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

// decide tries the rules of a policy on a value, and records the decision of the first that holds, or of each by the policy's mode. It
// reports whether there is one.
func (j *judge) decide(p *policy, s *subject) (bool, error) {
	decided := false
	for i := range p.rules {
		r := &p.rules[i]
		if r.on != s.decision.Target {
			continue
		}
		if err := j.ctx.Err(); err != nil {
			return false, err
		}
		fail := func(err error) error {
			return fmt.Errorf("%s:%d: rule %q of policy %q on %s: %w", j.doc.Name, r.line, r.name, p.name, s.name(), err)
		}
		holds, err := j.holds(r.when)
		if err != nil {
			return false, fail(err)
		}
		if !holds {
			continue
		}
		decided = true
		if err := j.apply(p, r, s); err != nil {
			return false, fail(err)
		}
		if !p.all {
			return true, nil
		}
	}
	return decided, nil
}

// apply records the decision of a rule that holds. It only counts files beyond maxFiles.
func (j *judge) apply(p *policy, r *rule, s *subject) (err error) {
	x := s.decision
	x.Policy, x.Rule, x.Line, x.Ruled, x.Hide = p.name, r.name, r.line, r.action, r.hide
	if x.Target == report.TargetFile && j.files[r] >= maxFiles {
		j.allow(&x, s.about)
		if j.more[r] == nil {
			j.more[r] = make(map[report.Action]int)
		}
		j.more[r][x.Action]++
		return nil
	}
	if x.Message, err = j.say(r.message); err != nil {
		return err
	}
	if x.Message == "" && (x.Target == report.TargetRecord || x.Target == report.TargetFile) { // for which reports have no column
		x.Message = r.name + ": " + s.name()
	}
	if x.Ruled > report.Go && j.saw < maxEvidence {
		j.saw++
		x.Evidence = j.evidence(r.when)
	}
	if x.Target == report.TargetFile {
		j.files[r]++
	}
	j.record(x, s.about)
	return nil
}

// record adds a decision, after the entries that allow it.
func (j *judge) record(d report.Decision, about func() decisionSubject) {
	j.allow(&d, about)
	j.verdict.Decisions = append(j.verdict.Decisions, d)
}

// allow looks for the entry that turns a decision to stop or to warn into Go.
func (j *judge) allow(d *report.Decision, about func() decisionSubject) {
	d.Action = d.Ruled
	if d.Ruled <= report.Go || len(j.index.entries) == 0 {
		return
	}
	t := about()
	for _, i := range j.index.candidates(t) {
		e := j.index.entries[i]
		if !e.matchesDecision(d, t) {
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
		j.untilExpiry(&e.Entry)
		d.Action, d.Allowed = report.Go, &e.Entry
		return
	}
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
	v.Next = j.clock.next
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
