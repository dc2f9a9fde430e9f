package sarif

import (
	"strconv"

	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
)

// fileFindings adds the results of findings in files, hidden ones as suppressed results. A rule has the worst level of its findings.
func (b *builder) fileFindings() {
	worst := make(map[string]matcher.Level)
	each := func(add func(f *report.FileFinding)) {
		for i := range b.v.FileFindings {
			add(&b.v.FileFindings[i])
		}
		for i := range b.v.Hidden {
			for k := range b.v.Hidden[i].Files {
				add(&b.v.Hidden[i].Files[k])
			}
		}
	}
	each(func(f *report.FileFinding) { worst[f.Rule] = max(worst[f.Rule], f.Level) })
	each(func(f *report.FileFinding) { b.fileFinding(f, worst[f.Rule]) })
}

func (b *builder) fileFinding(f *report.FileFinding, worst matcher.Level) {
	i, ok := b.rules[f.Rule]
	if !ok {
		i = len(b.list)
		b.rules[f.Rule] = i
		properties := map[string]any{"tags": []string{"security"}}
		if worst > matcher.Negligible {
			properties["security-severity"] = securitySeverity(matcher.Severity{Level: worst})
		}
		b.list = append(b.list, rule{ID: f.Rule, Short: plain(orNone(f.Title)), HelpURI: b.home(), Config: configuration{levelOf(worst)}, Properties: properties})
	}
	message := orNone(f.Title)
	if f.Detail != "" {
		message += ": " + f.Detail
	}
	properties := map[string]any{"analyzer": f.Analyzer}
	if f.Severity != "" {
		properties["severity"] = f.Severity
	}
	if f.Layer >= 0 {
		properties["layer"] = f.Layer
	}
	if f.Action != report.Undecided {
		properties["policy"] = f.Action.String()
	}
	parts := []string{f.Rule, f.Path, strconv.Itoa(f.Line)}
	if s := f.State(); s != "" {
		message += "; the file is " + s
		properties["hidden"] = true
		parts = append(parts, "hidden")
	}
	l := b.locate(f.Path, max(1, f.Line))
	if f.Package != nil {
		l.Logical = []logical{{f.Package.Label(), "package"}}
		properties["purl"] = f.Package.PURL
	}
	r := result{
		RuleID: f.Rule, RuleIndex: i, Level: levelOf(f.Level), Message: plain(message), Locations: []location{l},
		Fingerprints: fingerprints(parts...), Properties: properties,
	}
	if f.Reason != nil {
		r.Suppressions = []suppression{{Kind: "external", Status: "accepted", Justification: f.Reason.Text}}
	}
	b.results = append(b.results, r)
}
