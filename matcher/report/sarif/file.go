package sarif

import (
	"cmp"
	"strings"

	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
)

// fileFindings adds the results of findings in files, hidden ones as suppressed results. A rule has the worst level of its findings.
func (b *builder) fileFindings() {
	worst := make(map[string]matcher.Level)
	titles := make(map[string]*set)
	details := make(map[string]*set)
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
	each(func(f *report.FileFinding) {
		worst[f.Rule] = max(worst[f.Rule], f.Level)
		if titles[f.Rule] == nil {
			titles[f.Rule], details[f.Rule] = new(set), new(set)
		}
		titles[f.Rule].add(f.Title)
		details[f.Rule].add(f.Detail)
	})
	each(func(f *report.FileFinding) {
		b.fileFinding(f, worst[f.Rule], titles[f.Rule].list, details[f.Rule].list)
	})
}

// ruleTitle describes a rule. Code hosts show it above every result, so that the title of one finding is not fit for others.
func ruleTitle(f *report.FileFinding, titles []string) string {
	if len(titles) == 1 {
		return titles[0]
	}
	title := strings.ReplaceAll(ruleOf(f), "-", " ")
	if f.Analyzer != "" {
		title += ", found by " + f.Analyzer
	}
	return title
}

// ruleOf returns the identifier of a rule, which must not be empty.
func ruleOf(f *report.FileFinding) string { return cmp.Or(f.Rule, "finding") }

func (b *builder) fileFinding(f *report.FileFinding, worst matcher.Level, titles, details []string) {
	i, ok := b.rules[ruleOf(f)]
	if !ok {
		i = len(b.list)
		b.rules[ruleOf(f)] = i
		properties := map[string]any{"tags": []string{"security"}}
		if worst > matcher.Negligible {
			properties["security-severity"] = securitySeverity(matcher.Severity{Level: worst})
		}
		help := "Severity: " + worst.String() + "\nRule: " + ruleOf(f) + "\nAnalyzer: " + orNone(f.Analyzer)
		if len(details) > 0 {
			help += "\n\n" + joinUpTo(details, 5, "\n", "\nand %d more")
		}
		b.list = append(b.list, rule{ID: ruleOf(f), Short: shortMessage(ruleTitle(f, titles)), Help: new(plainMessage(help)), HelpURI: b.home(), Config: configuration{levelOf(worst)}, Properties: properties})
	}
	message := orNone(f.Title)
	if f.Detail != "" {
		message += ". " + f.Detail
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
	parts := []string{f.Rule, f.Path, f.Title} // no line, which moves
	if s := f.State(); s != "" {
		message = strings.TrimSuffix(message, ".") + "; the file is " + s
		properties["hidden"] = true
		parts = append(parts, "hidden")
	}
	l := b.locate(f.Path, max(1, f.Line))
	if f.Package != nil {
		l.Logical = []logical{{f.Package.Label(), "package"}}
		properties["purl"] = f.Package.PURL
	}
	r := result{
		RuleID: ruleOf(f), RuleIndex: i, Level: levelOf(f.Level), Message: shortMessage(message), Locations: []location{l},
		Fingerprints: b.fingerprints(parts...), Properties: properties,
	}
	if f.Reason != nil {
		r.Suppressions = []suppression{{Kind: "external", Status: "accepted", Justification: f.Reason.Text}}
	}
	b.results = append(b.results, r)
}
