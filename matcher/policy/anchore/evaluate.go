package anchore

import (
	"context"
	"crypto/md5" //nolint:gosec // it is the form of identifiers, not a protection
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/imageref"
	"github.com/hullmark/hullmark/internal/indirectsort"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
)

// Evaluate implements [report.Policy]. It returns an error if no mapping fits the image ([ErrNoMapping]), if Options.Registry does, and
// if ctx ends. None of these is a pass.
func (b *Bundle) Evaluate(ctx context.Context, in report.PolicyInput) (*report.Verdict, error) {
	if in.Now.IsZero() {
		return nil, errors.New("anchore: the time is not given, so that nothing could expire")
	}
	in.Report, _ = matcher.Listed(in.Report, in.Result)
	img := imageOf(&in)
	v := &report.Verdict{Action: report.Go, Document: b.Name}
	v.Denied, v.Passed = find(b.denied, &img), find(b.passed, &img)
	i := slices.IndexFunc(b.mappings, func(m mapping) bool { return m.fits(&img) })
	if b.options.Compat && v.Denied == nil && v.Passed == nil {
		if bad := b.unusable(&img, i); bad != nil {
			v.Decisions = []report.Decision{problem(report.Decision{Line: bad.Line, Rule: "mapping"}, report.Stop, fmt.Sprintf("mapping %s has an image of the type %s", bad.name, bad.kind))}
			v.Action = report.Stop
			return v, nil
		}
	}
	if i < 0 {
		if v.Denied == nil && v.Passed == nil && !b.options.AllowUnmapped && !b.options.Compat {
			return nil, fmt.Errorf("anchore: %s: %q: %w", b.Name, in.Reference, ErrNoMapping)
		}
		v.Mapping = "none"
		finish(v)
		return v, nil
	}
	m := &b.mappings[i]
	v.Mapping = fmt.Sprintf("mapping %d, line %d", i+1, m.Line)
	e := &evaluation{ctx: ctx, in: &in, options: &b.options, verdict: v, lists: m.index.use(in.Now), components: make(map[string]*analyzer.Component, len(in.Report.Components))}
	for i := range in.Report.Components {
		e.components[in.Report.Components[i].ID] = &in.Report.Components[i]
	}
	for _, p := range m.policies {
		v.Policies = append(v.Policies, p.id)
		for _, r := range p.rules {
			if err := e.rule(r); err != nil {
				return nil, fmt.Errorf("anchore: %s:%d: policy %q: %w", b.Name, r.line, p.id, err)
			}
		}
	}
	e.lists.finish(v)
	indirectsort.Sort(v.Decisions, compareTargets)
	finish(v)
	v.Next = e.next
	for _, l := range m.lists {
		for _, it := range l.items {
			v.Next = earlierAfter(v.Next, it.Expires, in.Now)
		}
	}
	return v, nil
}

// earlierAfter returns the earlier of two instants after now. The zero time means never.
func earlierAfter(a, b, now time.Time) time.Time {
	if b.IsZero() || !b.After(now) || !a.IsZero() && !b.Before(a) {
		return a
	}
	return b
}

// compareTargets orders decisions as a Verdict has them. Those of one target keep their order.
func compareTargets(a, b *report.Decision) int {
	if n := rank(a.Target) - rank(b.Target); n != 0 {
		return n
	}
	switch a.Target {
	case report.TargetMatch:
		return a.Match - b.Match
	case report.TargetFinding:
		return a.Finding - b.Finding
	case report.TargetRecord:
		return a.Record - b.Record
	case report.TargetFile:
		return strings.Compare(a.Path, b.Path)
	}
	return 0
}

func rank(t report.Target) int {
	switch t {
	case report.TargetImage:
		return 0
	case report.TargetDistro:
		return 1
	case report.TargetPackage:
		return 2
	case report.TargetMatch:
		return 3
	case report.TargetFinding:
		return 4
	case report.TargetRecord:
		return 5
	}
	return 6
}

// finish sums up.
func finish(v *report.Verdict) {
	for i := range v.Decisions {
		v.Action = max(v.Action, v.Decisions[i].Action)
	}
	switch {
	case v.Denied != nil:
		v.Action, v.Passed = report.Stop, nil
		v.Decisions = slices.Insert(v.Decisions, 0, report.Decision{
			Rule: v.Denied.List, Line: v.Denied.Line, Target: report.TargetImage, Action: report.Stop, Ruled: report.Stop, Match: -1, Finding: -1,
			Message: "the image is blacklisted: " + v.Denied.Reason,
		})
	case v.Passed != nil:
		v.Action = report.Go
	}
}

// An evaluation is one evaluation of a bundle.
type evaluation struct {
	ctx        context.Context
	in         *report.PolicyInput
	options    *Options
	verdict    *report.Verdict
	lists      *allowance
	components map[string]*analyzer.Component
	facts      facts
	next       time.Time // at which the answer may change
}

// rule evaluates one rule.
func (e *evaluation) rule(r *rule) error {
	if err := e.ctx.Err(); err != nil {
		return err
	}
	switch {
	case r.ended && e.options.Compat:
		e.unable(r, report.Go, "the gate %s reached its end of life and has no effect", r.words[0])
		return nil
	case r.ended:
		e.unable(r, report.Warn, "%s", r.problem)
		return nil
	case r.problem != "":
		e.unable(r, report.Stop, "%s", r.problem)
		return nil
	}
	if e.options.Compat {
		for i := range r.trigger.Parameters {
			p := &r.trigger.Parameters[i]
			if v, ok := r.values[p.Name]; ok && p.Validator == Expression && v.Regexp == nil {
				return fmt.Errorf("rule %s: parameter %s: %.100q is not a regular expression", r.name(), p.Name, v.text)
			}
		}
	}
	if err := r.trigger.evaluate(e, r); err != nil {
		return fmt.Errorf("rule %s: %w", r.name(), err)
	}
	return nil
}

// name returns the rule's name in a verdict: its identifier, or its gate and trigger.
func (r *rule) name() string {
	if r.id != "" {
		return r.id
	}
	return r.words[0] + "." + r.words[1]
}

// A firing is one decision of a rule, before whitelists.
type firing struct {
	report.Decision
	also []string // further trigger IDs that whitelists may have
}

// onImage is a firing about the whole image.
func onImage() firing {
	return firing{Decision: report.Decision{Target: report.TargetImage, Match: -1, Finding: -1}}
}

// maxEvidence is the number of decisions that have evidence.
const maxEvidence = 1000

// fire records a decision, with the item that whitelists it.
func (e *evaluation) fire(r *rule, f firing) {
	d := f.Decision
	d.Policy, d.Rule, d.Line, d.Ruled, d.Action = r.policy.id, r.name(), r.line, r.action, r.action
	if d.Trigger == "" {
		d.Trigger = digest(r.gate.Name + r.trigger.Name + d.Message)
	}
	if len(e.verdict.Decisions) < maxEvidence {
		d.Evidence = append(d.Evidence, evidence("trigger", r.gate.Name+"."+r.trigger.Name))
	}
	e.lists.allow(&d, r.gate.Name, f.also)
	e.verdict.Decisions = append(e.verdict.Decisions, d)
}

// unable records that a rule could not be evaluated. Whitelists do not change that.
func (e *evaluation) unable(r *rule, action report.Action, format string, args ...any) {
	d := report.Decision{Policy: r.policy.id, Rule: r.name(), Line: r.line}
	e.verdict.Decisions = append(e.verdict.Decisions, problem(d, action, fmt.Sprintf(format, args...)))
}

func problem(d report.Decision, action report.Action, message string) report.Decision {
	d.Target, d.Match, d.Finding, d.Action, d.Ruled, d.Message = report.TargetImage, -1, -1, action, action, message
	return d
}

// factsMissing records that the facts for a rule are missing: the rule decides as in the worst case. Anchore passes such an image.
func (e *evaluation) factsMissing(r *rule, format string, args ...any) error {
	action := r.action
	if e.options.Compat {
		action = report.Go
	}
	e.unable(r, action, "%s.%s was not examined: %s", r.gate.Name, r.trigger.Name, fmt.Sprintf(format, args...))
	return nil
}

// digest returns the trigger ID of a decision without one of its own: the digest of gate, trigger and message.
func digest(s string) string {
	sum := md5.Sum([]byte(s)) //nolint:gosec
	return hex.EncodeToString(sum[:])
}

// An image is the name of an image in the parts that mappings compare.
type image struct {
	registry     string
	repositories []string // in the spellings of a name on Docker Hub
	tag          string
	digest, id   string
}

// imageOf returns the parts of an image's name. Parts that it does not have are "*", which only wildcards match.
func imageOf(in *report.PolicyInput) image {
	ref := imageref.Parse(in.Reference)
	img := image{registry: ref.Registry, tag: ref.Tag, digest: ref.Digest, id: in.Report.Image.ID}
	if img.digest == "" {
		img.digest = in.Report.Image.Digest
	}
	if ref.Repository != "" {
		img.repositories = []string{ref.Repository}
	}
	if short, ok := strings.CutPrefix(ref.Repository, "library/"); ok && ref.Registry == "docker.io" {
		img.repositories = append(img.repositories, short)
	}
	if img.registry == "dockerhub" {
		img.registry = "docker.io"
	}
	for _, part := range []*string{&img.registry, &img.tag} {
		if *part == "" {
			*part = "*"
		}
	}
	if img.repositories == nil {
		img.repositories = []string{"*"}
	}
	return img
}

// fits reports whether a mapping is about an image.
func (m *mapping) fits(img *image) bool {
	if !m.registry.matches(img.registry) || !slices.ContainsFunc(img.repositories, m.repository.matches) {
		return false
	}
	hex := func(s string) string { return strings.TrimPrefix(s, "sha256:") }
	switch m.kind {
	case "digest":
		return img.digest != "" && hex(m.value.text) == hex(img.digest)
	case "id":
		return img.id != "" && hex(m.value.text) == hex(img.id)
	}
	return m.value.matches(img.tag)
}

// unusable returns the mapping at which Anchore fails: the first for the image's registry and repository with another type than tag, if no
// mapping before it fits. The index is that of the mapping that fits, -1 if none does.
func (b *Bundle) unusable(img *image, fits int) *mapping {
	for i := range b.mappings {
		m := &b.mappings[i]
		if m.kind != "tag" && m.registry.matches(img.registry) && slices.ContainsFunc(img.repositories, m.repository.matches) {
			return m
		}
		if i == fits {
			break
		}
	}
	return nil
}

// find returns the first entry of a list of images that is about an image.
func find(list []mapping, img *image) *report.Entry {
	for i := range list {
		if list[i].fits(img) {
			return &list[i].Entry
		}
	}
	return nil
}
