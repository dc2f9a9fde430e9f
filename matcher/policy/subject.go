package policy

import (
	"fmt"
	"iter"

	"github.com/hullmark/hullmark/matcher/report"
)

// A subject is a thing that rules are tried on. It is valid until the next one.
type subject struct {
	decision report.Decision        // about it, without a rule
	name     func() string          // for errors and messages
	about    func() decisionSubject // for allow lists
}

// subjects yields the things of a kind that a policy judges, and sets the variables for each. A report without a list of files is an
// error for rules on files: the image would pass unseen.
func (j *judge) subjects(p *policy, on report.Target) iter.Seq2[*subject, error] {
	in := j.in
	plain := report.Decision{Target: on, Match: -1, Finding: -1}
	return func(yield func(*subject, error) bool) {
		s := &subject{decision: plain, name: func() string { return string(on) }, about: func() decisionSubject { return decisionSubject{} }}
		switch on {
		case report.TargetImage, report.TargetDistro:
			yield(s, nil)
		case report.TargetPackage:
			for i := range in.Report.Components {
				c := j.packages[in.Report.Components[i].ID]
				j.values.pkg = j.value(c)
				s.decision = plain
				s.decision.Component, s.decision.Place = c.ID, c.Location()
				s.name, s.about = c.Label, func() decisionSubject { return decisionSubject{pkg: j.pkg(c)} }
				if !yield(s, nil) {
					return
				}
			}
		case report.TargetMatch:
			j.eachMatch(p, s, yield)
		case report.TargetFinding:
			for i := range in.Report.Findings {
				f := &in.Report.Findings[i]
				j.values.finding = j.valueOfFinding(f)
				s.decision.Finding, s.decision.Place = i, j.values.finding.Place
				s.name, s.about = func() string { return f.Rule + " in " + f.Path }, func() decisionSubject { return decisionSubject{finding: f} }
				if !yield(s, nil) {
					return
				}
			}
		case report.TargetRecord:
			for i := range in.Report.Records {
				r := &in.Report.Records[i]
				j.values.record = valueOfRecord(r)
				s.decision.Record, s.decision.Place = i, placeOf(r.Path, r.Line)
				s.name, s.about = func() string { return r.Kind + " " + r.Key }, func() decisionSubject { return decisionSubject{record: r} }
				if !yield(s, nil) {
					return
				}
			}
		case report.TargetFile:
			j.eachFile(p, s, yield)
		}
	}
}

// eachMatch yields the matches. It makes their values only for a policy with rules on them.
func (j *judge) eachMatch(p *policy, s *subject, yield func(*subject, error) bool) {
	rules := p.has(report.TargetMatch)
	for i := range j.in.Result.Matches {
		m := &j.in.Result.Matches[i]
		if m.Suppressed() && !p.judgeVEX {
			continue
		}
		c := j.packages[m.Component]
		if c == nil {
			yield(nil, fmt.Errorf("match of %s: component %q is not in the report", m.ID, m.Component))
			return
		}
		if rules {
			j.values.pkg, j.values.match = j.value(c), j.valueOfMatch(m, c)
		}
		s.decision.Match, s.decision.Component, s.decision.Place = i, c.ID, c.Location()
		s.name, s.about = func() string { return m.ID + " in " + c.Label() }, func() decisionSubject { return decisionSubject{match: m, pkg: j.pkg(c)} }
		if !yield(s, nil) {
			return
		}
	}
}

// eachFile yields the files in the list of the report.
func (j *judge) eachFile(p *policy, s *subject, yield func(*subject, error) bool) {
	if j.in.Report.Files == nil {
		yield(nil, fmt.Errorf("%s: policy %q has rules on files, which the scan did not list", j.doc.Name, p.name))
		return
	}
	value := new(fileValue)
	s.name, s.about = func() string { return value.Path }, func() decisionSubject { return decisionSubject{path: value.Path} }
	for f := range j.in.Report.Files.All() {
		j.fillFile(value, f)
		j.values.file = value
		s.decision.Path, s.decision.Place = f.Path, f.Path
		if !yield(s, nil) {
			return
		}
	}
}

// placeOf returns a file with a line, if there is one.
func placeOf(path string, line int) string {
	switch {
	case path == "":
		return "image configuration"
	case line > 0:
		return fmt.Sprintf("%s:%d", path, line)
	}
	return path
}
