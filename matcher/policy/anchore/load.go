package anchore

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hullmark/hullmark/internal/suggest"
	"github.com/hullmark/hullmark/matcher/report"
)

// bundleVersion is the version of bundles, policies and whitelists.
const bundleVersion = "1_0"

// load reads the whole bundle.
func (l *loader) load(root *node) {
	if !l.is(root, object, "the bundle") {
		return
	}
	if root.get("rule_sets") != nil || root.get("allowlists") != nil {
		l.fail(root.line, "this is a bundle of Anchore Enterprise, version 2, with other names; export it as version %s", bundleVersion)
		return
	}
	l.version(root, "the bundle")
	l.keys(root, "the bundle", "id", "name", "comment", "description", "version", "policies", "whitelists", "mappings", "whitelisted_images", "blacklisted_images", "last_updated")
	l.bundle.ID = l.text(root, "the bundle", "id", true)
	for i, n := range l.list(root, "the bundle", "policies", true) {
		l.policy(n, fmt.Sprintf("policy %d", i+1))
	}
	for i, n := range l.list(root, "the bundle", "whitelists", false) {
		l.whitelist(n, fmt.Sprintf("whitelist %d", i+1))
	}
	for i, n := range l.list(root, "the bundle", "mappings", true) {
		what := fmt.Sprintf("mapping %d", i+1)
		if m, ok := l.image(n, what, true); ok {
			l.bundle.mappings = append(l.bundle.mappings, m)
		}
	}
	for key, images := range map[string]*[]mapping{"whitelisted_images": &l.bundle.passed, "blacklisted_images": &l.bundle.denied} {
		for i, n := range l.list(root, "the bundle", key, false) {
			if m, ok := l.image(n, fmt.Sprintf("entry %d of %s", i+1, key), false); ok {
				m.List = key
				*images = append(*images, m)
			}
		}
	}
	slices.Sort(l.bundle.Notes)
}

func (l *loader) is(n *node, k kind, what string) bool {
	if n.kind != k {
		l.fail(n.line, "%s must be %s, not %s", what, k, n.kind)
	}
	return n.kind == k
}

// keys notes the keys of an object that have no meaning.
func (l *loader) keys(n *node, what string, known ...string) {
	for _, m := range n.members {
		if !slices.Contains(known, m.key) && len(l.bundle.Notes) < maxErrors {
			l.bundle.Notes = append(l.bundle.Notes, fmt.Sprintf("%s:%d: %s has a key %.100q, which has no meaning%s", l.bundle.Name, m.line, what, m.key, didYouMean(m.key, known)))
		}
	}
}

// didYouMean suggests a similar word, if there is one.
func didYouMean(word string, known []string) string {
	if s := suggest.Word(word, known); s != "" {
		return "; did you mean " + s + "?"
	}
	return ""
}

// text returns a member that is a text, or "" if it is missing.
func (l *loader) text(n *node, what, key string, need bool) string {
	v := n.get(key)
	switch {
	case v == nil && need:
		l.fail(n.line, "%s has no %q", what, key)
	case v != nil && v.kind != text:
		l.fail(v.line, "%q of %s must be a text, not %s", key, what, v.kind)
	case v != nil && need && v.text == "":
		l.fail(v.line, "%q of %s is empty", key, what)
	case v != nil:
		return v.text
	}
	return ""
}

func (l *loader) list(n *node, what, key string, need bool) []*node {
	v := n.get(key)
	if v == nil {
		if need {
			l.fail(n.line, "%s has no %q", what, key)
		}
		return nil
	}
	if !l.is(v, list, fmt.Sprintf("%q of %s", key, what)) {
		return nil
	}
	return v.list
}

func (l *loader) version(n *node, what string) {
	if v := l.text(n, what, "version", true); v != "" && v != bundleVersion {
		l.fail(n.get("version").line, "version %q of %s is not supported; want %q", v, what, bundleVersion)
	}
}

func (l *loader) policy(n *node, what string) {
	if !l.is(n, object, what) {
		return
	}
	p := &bundlePolicy{id: l.text(n, what, "id", true), name: l.text(n, what, "name", false)}
	if p.id != "" {
		what = fmt.Sprintf("policy %q", p.id)
		if l.bundle.policies[p.id] != nil {
			l.fail(n.line, "there are two policies with the id %q", p.id)
		}
		l.bundle.policies[p.id] = p
		l.bundle.Policies = append(l.bundle.Policies, p.id)
	}
	l.version(n, what)
	l.keys(n, what, "id", "name", "comment", "description", "version", "rules", "artifact_type")
	for i, r := range l.list(n, what, "rules", false) {
		if r := l.rule(r, fmt.Sprintf("rule %d of %s", i+1, what), what); r != nil {
			r.policy = p
			p.rules = append(p.rules, r)
			l.bundle.Rules++
		}
	}
}

func (l *loader) whitelist(n *node, what string) {
	if !l.is(n, object, what) {
		return
	}
	w := &whitelist{id: l.text(n, what, "id", true), name: l.text(n, what, "name", false)}
	if w.id != "" {
		what = fmt.Sprintf("whitelist %q", w.id)
		if l.bundle.whitelists[w.id] != nil {
			l.fail(n.line, "there are two whitelists with the id %q", w.id)
		}
		l.bundle.whitelists[w.id] = w
	}
	l.version(n, what)
	l.keys(n, what, "id", "name", "comment", "description", "version", "items")
	for i, n := range l.list(n, what, "items", false) {
		what := fmt.Sprintf("item %d of %s", i+1, what)
		if !l.is(n, object, what) {
			continue
		}
		l.keys(n, what, "id", "gate", "trigger_id", "comment", "description", "expires_on", "created_on", "recommended_by")
		it := &item{Entry: report.Entry{List: w.id, Line: n.line, Reason: l.text(n, what, "comment", false)}, gate: strings.ToLower(l.text(n, what, "gate", true))}
		id := l.text(n, what, "trigger_id", true)
		it.What = it.gate + " " + id
		var err error
		if it.trigger, err = newPattern(id); err != nil {
			l.fail(n.get("trigger_id").line, "trigger_id of %s: %v", what, err)
			continue
		}
		if it.Expires, err = l.expiry(n, what); err != nil {
			l.fail(n.get("expires_on").line, "expires_on of %s: %v", what, err)
		}
		w.items = append(w.items, it)
		l.bundle.Entries++
	}
}

// expiry reads the time at which an item ends. Bundles of Anchore's web interface have an empty text for none.
func (l *loader) expiry(n *node, what string) (time.Time, error) {
	s := l.text(n, what, "expires_on", false)
	if s == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", time.DateOnly} { // without an offset: UTC
		if t, err := time.Parse(layout, strings.ToUpper(s)); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%.100q is not a time like 2026-12-31T00:00:00Z", s)
}

// image reads a mapping, or an entry of a list of images.
func (l *loader) image(n *node, what string, chooses bool) (m mapping, ok bool) {
	if !l.is(n, object, what) {
		return m, false
	}
	m.id, m.name, m.Line = l.text(n, what, "id", false), l.text(n, what, "name", false), n.line
	if m.name != "" {
		what = fmt.Sprintf("%s, %q", what, m.name)
	}
	l.keys(n, what, "id", "name", "comment", "description", "registry", "repository", "image", "policy_id", "policy_ids", "whitelist_ids")
	read := func(n *node, what, key string) *pattern {
		s := l.text(n, what, key, true)
		p, err := newPattern(s)
		if err != nil {
			l.fail(n.get(key).line, "%s of %s: %v", key, what, err)
		}
		return p
	}
	m.registry, m.repository = read(n, what, "registry"), read(n, what, "repository")
	image := n.get("image")
	if image == nil {
		l.fail(n.line, "%s has no %q", what, "image")
		return m, false
	}
	if !l.is(image, object, "image of "+what) {
		return m, false
	}
	l.keys(image, "image of "+what, "type", "value")
	m.kind = strings.ToLower(l.text(image, "image of "+what, "type", true))
	if m.kind != "" && !slices.Contains([]string{"tag", "digest", "id"}, m.kind) {
		l.fail(image.line, "type %.100q of %s is not one of tag, digest and id", m.kind, what)
	}
	m.value = read(image, "image of "+what, "value")
	m.Reason = m.name
	if m.name == "" {
		m.name, m.Reason = what, "listed in the bundle"
	}
	m.What = fmt.Sprintf("%s/%s, %s %s", m.registry.text, m.repository.text, m.kind, m.value.text)
	if chooses {
		l.choice(n, what, &m)
	}
	return m, true
}

// choice reads which policies and whitelists a mapping chooses.
func (l *loader) choice(n *node, what string, m *mapping) {
	one, many := n.get("policy_id"), n.get("policy_ids")
	var ids []*node
	switch {
	case one != nil && many != nil:
		l.fail(n.line, "%s has both policy_id and policy_ids", what)
	case one != nil && one.text == "" || one == nil && many == nil:
		l.fail(n.line, "%s has neither policy_id nor policy_ids", what)
	case one != nil:
		ids = []*node{one}
	default:
		if ids = l.list(n, what, "policy_ids", true); len(ids) == 0 {
			l.fail(many.line, "policy_ids of %s are empty: its images would pass without a check", what)
		}
	}
	for _, id := range ids {
		switch p := l.bundle.policies[id.text]; {
		case id.kind != text:
			l.fail(id.line, "a policy id of %s must be a text, not %s", what, id.kind)
		case p == nil:
			l.fail(id.line, "%s: there is no policy %.100q%s", what, id.text, didYouMean(id.text, l.bundle.Policies))
		case !slices.Contains(m.policies, p):
			m.policies = append(m.policies, p)
		}
	}
	if l.bundle.options.Compat && n.get("whitelist_ids") == nil {
		l.fail(n.line, "%s has no whitelist_ids, which Anchore needs", what)
	}
	for _, id := range l.list(n, what, "whitelist_ids", false) {
		switch w := l.bundle.whitelists[id.text]; {
		case id.kind != text:
			l.fail(id.line, "a whitelist id of %s must be a text, not %s", what, id.kind)
		case w == nil:
			l.fail(id.line, "%s: there is no whitelist %.100q", what, id.text)
		case !slices.Contains(m.lists, w):
			m.lists = append(m.lists, w)
		}
	}
	m.index = newIndex(m.lists)
}
