package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/hullmark/hullmark/matcher/purl"
	"github.com/hullmark/hullmark/matcher/report"
)

func (l *loader) load(text []byte) (err error) {
	if l.envs, err = theEnvironments(); err != nil {
		return fmt.Errorf("policy: %w", err)
	}
	root := l.root(text)
	if root == nil {
		return nil
	}
	t, ok := l.table(root, "the document", "version", "policies", "allow", "images", "mappings", "default")
	if !ok {
		return nil
	}
	switch v := t.text("version", true); v {
	case "1", "2":
		l.doc.Version = int(v[0] - '0')
	case "":
	default:
		l.failAt(t.line("version"), "version %q is not known; these are 1 and 2", v)
	}
	if t.need("policies") != nil && len(t.list("policies")) == 0 {
		l.failAt(t.line("policies"), "there are no policies")
	}
	for i, n := range t.list("policies") {
		l.policy(n, i)
	}
	for i, n := range t.list("allow") {
		l.allowList(n, i)
	}
	if n := t.values["images"]; n != nil {
		l.images(n)
	}
	for i, n := range t.list("mappings") {
		l.mapping(n, fmt.Sprintf("mapping %d", i+1))
	}
	if n := t.values["default"]; n != nil {
		if d, ok := l.table(n, "the default", "policies", "allow"); ok {
			l.doc.fallback = &mapping{name: fmt.Sprintf("default, line %d", n.Line)}
			l.chosen(l.doc.fallback, d)
		}
	} else if len(t.list("mappings")) == 0 {
		l.fail(root, "there are neither mappings nor a default, so that no image can be judged")
	}
	return nil
}

func (l *loader) policy(n *yaml.Node, i int) {
	t, ok := l.table(n, fmt.Sprintf("policy %d", i+1), "name", "description", "mode", "vex", "otherwise", "rules")
	if !ok {
		return
	}
	p := &policy{name: t.text("name", true)}
	if p.name != "" {
		t.what = fmt.Sprintf("policy %q", p.name)
		if l.doc.policies[p.name] != nil {
			l.failAt(t.line("name"), "there are two policies %q", p.name)
		}
		if strings.Contains(p.name, "/") {
			l.failAt(t.line("name"), "the name %q has a slash, which stands between policies and rules", p.name)
		}
		l.doc.policies[p.name] = p
		l.doc.Policies = append(l.doc.Policies, p.name)
	}
	t.text("description", false)
	switch word := t.text("mode", false); {
	case word == "all" && l.doc.Version == 1:
		l.failAt(t.line("mode"), "mode all of %s needs version: 2", t.what)
	case word == "all", word == "":
		p.all = l.doc.Version > 1
	case word != "first":
		l.failAt(t.line("mode"), "mode %q of %s is neither all nor first", word, t.what)
	}
	switch word := t.text("vex", false); word {
	case "", "trust":
	case "ignore":
		p.judgeVEX = true
	default:
		l.failAt(t.line("vex"), "vex %q of %s is neither trust nor ignore", word, t.what)
	}
	p.otherwise, p.line = l.action(t, "otherwise"), t.line("otherwise")
	names := make(map[string]bool)
	for j, n := range t.list("rules") {
		r, ok := l.rule(n, fmt.Sprintf("rule %d of %s", j+1, t.what), t.what)
		if !ok {
			continue
		}
		if names[r.name] {
			l.fail(n, "%s has two rules %q", t.what, r.name)
		}
		names[r.name] = true
		p.rules = append(p.rules, r)
	}
	if !p.all {
		l.hidden(p)
	}
	if len(p.rules) == 0 && p.otherwise == report.Go {
		l.note(n.Line, "%s has no rules, and lets everything go", t.what)
	}
}

func (l *loader) action(t table, key string) report.Action {
	switch word := t.text(key, true); word {
	case "stop":
		return report.Stop
	case "warn":
		return report.Warn
	case "go":
		return report.Go
	case "":
	default:
		l.failAt(t.line(key), "%s %q of %s is not one of stop, warn and go", key, word, t.what)
	}
	return report.Undecided
}

func (l *loader) rule(n *yaml.Node, what, of string) (rule, bool) {
	t, ok := l.table(n, what, "name", "on", "when", "action", "message", "hide")
	if !ok {
		return rule{}, false
	}
	r := rule{name: t.text("name", true), line: n.Line}
	if r.name != "" {
		t.what = fmt.Sprintf("rule %q of %s", r.name, of)
	}
	if r.name == "otherwise" {
		l.failAt(t.line("name"), "a rule of %s is called otherwise, which is what matches come to that no rule decides", of)
	}
	on := t.text("on", true)
	r.on = report.Target(on)
	known := slices.Contains(kinds(), r.on)
	if on != "" && !known {
		l.failAt(t.line("on"), "on %q of %s is not one of %s%s", on, t.what, strings.Join(words(kinds()), ", "), didYouMean(on, words(kinds())))
	}
	r.action = l.action(t, "action")
	if when := t.text("when", true); when != "" && known {
		r.when = l.expression(t.values["when"], when, r.on, t.what, true)
	}
	if n := t.values["message"]; n != nil && known {
		r.message = l.message(n, t.text("message", false), r.on, t.what)
	}
	switch word := t.text("hide", false); word {
	case "", "false":
	case "true":
		r.hide = true
		if known && r.on != report.TargetMatch {
			l.failAt(t.line("hide"), "%s has hide, but is not on matches", t.what)
		}
		if r.action > report.Go {
			l.failAt(t.line("hide"), "%s has hide, but its action is not go", t.what)
		}
	default:
		l.failAt(t.line("hide"), "hide %q of %s is neither true nor false", word, t.what)
	}
	return r, true
}

func kinds() []report.Target {
	return []report.Target{report.TargetImage, report.TargetDistro, report.TargetPackage, report.TargetMatch, report.TargetFinding, report.TargetRecord, report.TargetFile}
}

// words returns the texts of a list.
func words[T ~string](list []T) []string {
	texts := make([]string, len(list))
	for i, t := range list {
		texts[i] = string(t)
	}
	return texts
}

func (l *loader) allowList(n *yaml.Node, i int) {
	t, ok := l.table(n, fmt.Sprintf("allow list %d", i+1), "name", "entries")
	if !ok {
		return
	}
	list := &allowList{name: t.text("name", true)}
	if list.name != "" {
		t.what = fmt.Sprintf("allow list %q", list.name)
		if l.doc.lists[list.name] != nil {
			l.failAt(t.line("name"), "there are two allow lists %q", list.name)
		}
		l.doc.lists[list.name] = list
	}
	t.need("entries")
	for j, n := range t.list("entries") {
		if e := l.entry(n, fmt.Sprintf("entry %d of %s", j+1, t.what)); e != nil {
			e.List = list.name
			list.entries = append(list.entries, e)
		}
	}
}

func (l *loader) entry(n *yaml.Node, what string) *entry {
	t, ok := l.table(n, what, "vulnerability", "package", "path", "finding", "rule", "reason", "expires", "by")
	if !ok {
		return nil
	}
	e := &entry{}
	var about []string
	if id := t.text("vulnerability", false); id != "" {
		e.vulnerability = strings.ToUpper(id)
		var err error
		if e.ids, err = newIdentifiers(id); err != nil {
			l.failAt(t.line("vulnerability"), "vulnerability of %s: %s", what, err)
		}
		about = append(about, id)
	}
	if text := t.text("package", false); text != "" {
		p, err := purl.Parse(text)
		if err != nil {
			l.failAt(t.line("package"), "package of %s: %s", what, strings.TrimPrefix(err.Error(), "purl: "))
		}
		e.pattern = p
		about = append(about, text)
	}
	if text := t.text("finding", false); text != "" {
		var err error
		if e.finding, err = texts(text, ""); err != nil {
			l.failAt(t.line("finding"), "finding of %s: %s", what, err)
		}
		about = append(about, "finding "+text)
	}
	if text := t.text("rule", false); text != "" {
		e.policy, e.rule, _ = strings.Cut(text, "/")
		about = append(about, "rule "+text)
		if p := l.doc.policies[e.policy]; p == nil {
			l.failAt(t.line("rule"), "rule of %s: there is no policy %q%s", what, e.policy, didYouMean(e.policy, l.doc.Policies))
		} else if e.rule != "" && e.rule != "otherwise" && !slices.ContainsFunc(p.rules, func(r rule) bool { return r.name == e.rule }) {
			l.failAt(t.line("rule"), "rule of %s: policy %q has no rule %q", what, e.policy, e.rule)
		}
	}
	if len(about) == 0 {
		l.fail(n, "%s names neither a vulnerability nor a package, a finding or a rule, and would allow everything", what)
	}
	if e.vulnerability != "" && e.finding != nil {
		l.fail(n, "%s names a vulnerability and a finding, which nothing is both", what)
	}
	if text := t.text("path", false); text != "" {
		var err error
		if e.path, err = texts(text, "/"); err != nil {
			l.failAt(t.line("path"), "path of %s: %s", what, err)
		}
		about = append(about, text)
	}
	e.What = strings.Join(about, " in ")
	l.reasons(t, &e.Entry, true)
	return e
}

// reasons reads what every entry has to say for itself.
func (l *loader) reasons(t table, e *report.Entry, expires bool) {
	e.Line, e.Reason, e.By = t.Line, t.text("reason", true), t.text("by", false)
	text := t.text("expires", expires)
	if text == "" || text == "never" {
		return
	}
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		e.Expires = day.AddDate(0, 0, 1).Add(-time.Nanosecond)
	} else if at, err := time.Parse(time.RFC3339, text); err == nil {
		e.Expires = at
	} else {
		l.failAt(t.line("expires"), "expires %q of %s is neither a day (2026-12-31) nor an instant (RFC 3339) nor never", text, t.what)
	}
}

func (l *loader) images(n *yaml.Node) {
	t, ok := l.table(n, "images", "allow", "deny")
	if !ok {
		return
	}
	read := func(key string, needExpires bool) (out []imageEntry) {
		for i, n := range t.list(key) {
			e, ok := l.table(n, fmt.Sprintf("entry %d of images.%s", i+1, key), "registry", "repository", "tag", "digest", "reason", "expires", "by")
			if !ok {
				continue
			}
			x := imageEntry{where: l.where(e)}
			x.List, x.What = "images."+key, e.describe()
			if x.What == "" {
				l.fail(n, "%s names no registry, repository, tag or digest, and would be about every image", e.what)
			}
			l.reasons(e, &x.Entry, needExpires)
			out = append(out, x)
		}
		return out
	}
	l.doc.passed, l.doc.denied = read("allow", true), read("deny", false)
}

func (l *loader) mapping(n *yaml.Node, name string) {
	t, ok := l.table(n, name, "registry", "repository", "tag", "digest", "policies", "allow")
	if !ok {
		return
	}
	if k := len(l.doc.mappings); k > 0 && l.doc.mappings[k-1].where == (where{}) {
		l.fail(n, "%s is never reached, since the one before it fits every image", name)
	}
	m := mapping{name: fmt.Sprintf("%s, line %d", name, n.Line), where: l.where(t)}
	l.chosen(&m, t)
	l.doc.mappings = append(l.doc.mappings, m)
}

// chosen reads which policies and lists a mapping chooses.
func (l *loader) chosen(m *mapping, t table) {
	if t.need("policies") != nil && len(t.list("policies")) == 0 {
		l.failAt(t.line("policies"), "%s chooses no policies", t.what)
	}
	for _, n := range t.list("policies") {
		switch p := l.doc.policies[n.Value]; {
		case p == nil:
			l.fail(n, "%s: there is no policy %q%s", t.what, n.Value, didYouMean(n.Value, l.doc.Policies))
		case slices.Contains(m.policies, p):
			l.fail(n, "%s chooses policy %q twice", t.what, n.Value)
		default:
			m.policies = append(m.policies, p)
		}
	}
	for _, n := range t.list("allow") {
		switch list := l.doc.lists[n.Value]; {
		case list == nil:
			l.fail(n, "%s: there is no allow list %q", t.what, n.Value)
		case slices.Contains(m.lists, list):
			l.fail(n, "%s chooses allow list %q twice", t.what, n.Value)
		default:
			m.lists = append(m.lists, list)
		}
	}
}
