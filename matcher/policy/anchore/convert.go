package anchore

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// The document that Convert writes, in the language of package policy.
type (
	document struct {
		Version  int          `yaml:"version"`
		Policies []docPolicy  `yaml:"policies"`
		Allow    []docList    `yaml:"allow,omitempty"`
		Images   *docImages   `yaml:"images,omitempty"`
		Mappings []docMapping `yaml:"mappings,omitempty"`
		Default  *docMapping  `yaml:"default,omitempty"`
	}
	docPolicy struct {
		Name      string    `yaml:"name"`
		Otherwise string    `yaml:"otherwise"`
		Rules     []docRule `yaml:"rules,omitempty"`
	}
	docRule struct {
		Name    string `yaml:"name"`
		On      string `yaml:"on"`
		When    string `yaml:"when"`
		Action  string `yaml:"action"`
		Message string `yaml:"message,omitempty"`
	}
	docList struct {
		Name    string     `yaml:"name"`
		Entries []docEntry `yaml:"entries"`
	}
	docEntry struct {
		Vulnerability string `yaml:"vulnerability,omitempty"`
		Package       string `yaml:"package,omitempty"`
		Path          string `yaml:"path,omitempty"`
		Rule          string `yaml:"rule,omitempty"`
		Reason        string `yaml:"reason"`
		Expires       string `yaml:"expires"`
	}
	docImages struct {
		Allow []docMapping `yaml:"allow,omitempty"`
		Deny  []docMapping `yaml:"deny,omitempty"`
	}
	docMapping struct {
		Registry   string   `yaml:"registry,omitempty"`
		Repository string   `yaml:"repository,omitempty"`
		Tag        string   `yaml:"tag,omitempty"`
		Digest     string   `yaml:"digest,omitempty"`
		Policies   []string `yaml:"policies,omitempty,flow"`
		Allow      []string `yaml:"allow,omitempty,flow"`
		Reason     string   `yaml:"reason,omitempty"`
		Expires    string   `yaml:"expires,omitempty"`
	}
)

// A converter makes a document of a bundle.
type converter struct {
	bundle      *Bundle
	doc         document
	differences []string
	names       map[*bundlePolicy]string
	rules       map[string][]string // names of rules as allow lists have them, by gate and trigger
}

func (c *converter) differs(line int, format string, args ...any) {
	c.differences = append(c.differences, fmt.Sprintf("%s:%d: %s", c.bundle.Name, line, fmt.Sprintf(format, args...)))
}

// Convert returns a document of package policy that decides as the bundle does, and what differs.
func (b *Bundle) Convert() (text string, differences []string) {
	c := &converter{bundle: b, doc: document{Version: 2}, names: make(map[*bundlePolicy]string), rules: make(map[string][]string)}
	for _, id := range b.Policies {
		c.policy(b.policies[id])
	}
	used := make(map[*whitelist]bool)
	for i := range b.mappings {
		if c.doc.Default != nil {
			c.differs(b.mappings[i].Line, "mapping %s is never reached, and left out", b.mappings[i].name)
			continue
		}
		for _, l := range b.mappings[i].lists {
			if !used[l] {
				used[l] = true
				c.list(l)
			}
		}
		c.mapping(&b.mappings[i])
	}
	if c.doc.Default == nil && len(c.doc.Mappings) == 0 {
		c.differs(0, "there is no mapping: add one, or a default")
	}
	c.images()
	var out bytes.Buffer
	e := yaml.NewEncoder(&out)
	e.SetIndent(2)
	if err := e.Encode(c.doc); err != nil { // only of types that YAML does not have
		c.differs(0, "%v", err)
	}
	return "# Converted from " + strings.ReplaceAll(b.Name, "\n", " ") + "\n" + out.String(), c.differences
}

// unique returns a name that a list does not have yet.
func unique(name string, taken func(string) bool) string {
	name = strings.ReplaceAll(strings.TrimSpace(name), "/", "-")
	if name == "" || name == "otherwise" {
		name = "rule " + name
	}
	for s, n := name, 2; ; n++ {
		if !taken(s) {
			return s
		}
		s = fmt.Sprintf("%s #%d", name, n)
	}
}

func (c *converter) policy(p *bundlePolicy) {
	d := docPolicy{Otherwise: "go"}
	d.Name = unique(p.id, func(s string) bool {
		return slices.ContainsFunc(c.doc.Policies, func(d docPolicy) bool { return d.Name == s })
	})
	c.names[p] = d.Name
	for _, r := range p.rules {
		for _, x := range c.rule(r) {
			x.Action = r.action.String()
			if r.problem != "" && !r.ended {
				x.Action = "stop"
			}
			x.Name = unique(x.Name, func(s string) bool { return slices.ContainsFunc(d.Rules, func(d docRule) bool { return d.Name == s }) })
			d.Rules = append(d.Rules, x)
			if r.trigger != nil {
				key := r.gate.Name + "." + r.trigger.Name
				c.rules[key] = append(c.rules[key], d.Name+"/"+x.Name)
			}
		}
	}
	c.doc.Policies = append(c.doc.Policies, d)
}

// rule returns the rules that decide as one of the bundle does.
func (c *converter) rule(r *rule) []docRule {
	name := r.name()
	switch {
	case r.ended:
		c.differs(r.line, "rule %s is left out: the gate %s has no effect", name, r.words[0])
		return nil
	case r.problem != "":
		c.differs(r.line, "rule %s cannot be evaluated, and stops every image: %s", name, r.problem)
		return []docRule{{Name: name, On: "image", When: "true", Message: "rule " + name + " could not be converted"}}
	}
	rules := convertRule(r)
	if rules == nil {
		c.differs(r.line, "rule %s: %s.%s has no counterpart: decides on every image", name, r.gate.Name, r.trigger.Name)
		rules = []docRule{{On: "image", When: "true", Message: r.gate.Name + "." + r.trigger.Name + " has no counterpart"}}
	}
	var list []docRule
	for _, x := range rules {
		if x.On == "note" {
			c.differs(r.line, "rule %s: %s", name, x.Message)
			continue
		}
		if x.Name == "" {
			x.Name = name
		} else {
			x.Name = name + " (" + x.Name + ")"
		}
		list = append(list, x)
	}
	return list
}

// where converts the patterns of a mapping, in which "*" is any text.
func (c *converter) where(m *mapping) ([]docMapping, bool) {
	text := func(p *pattern) (string, bool) {
		switch {
		case p.Regexp != nil:
			c.differs(m.Line, "%s is left out: %q has no counterpart in mappings", m.name, p.text)
			return "", false
		case p.text == "*":
			return "", true
		}
		return strings.ReplaceAll(p.text, "*", "**"), true
	}
	var d docMapping
	var ok [3]bool
	d.Registry, ok[0] = text(m.registry)
	d.Repository, ok[1] = text(m.repository)
	value := ""
	value, ok[2] = text(m.value)
	switch m.kind {
	case "tag":
		d.Tag = value
	case "digest":
		d.Digest = m.value.text
		if !strings.HasPrefix(d.Digest, "sha256:") {
			d.Digest = "sha256:" + d.Digest
		}
	default:
		c.differs(m.Line, "%s is left out: mappings do not choose by the id of an image", m.name)
		return nil, false
	}
	if !ok[0] || !ok[1] || !ok[2] {
		return nil, false
	}
	list := []docMapping{d}
	if d.Repository != "" && !strings.Contains(d.Repository, "/") && m.registry.matches("docker.io") && m.repository.isExact() {
		d.Repository = "library/" + d.Repository
		list = append(list, d)
	}
	return list, true
}

func (c *converter) mapping(m *mapping) {
	list, ok := c.where(m)
	if !ok {
		return
	}
	for _, d := range list {
		for _, p := range m.policies {
			d.Policies = append(d.Policies, c.names[p])
		}
		for _, l := range m.lists {
			if slices.ContainsFunc(c.doc.Allow, func(d docList) bool { return d.Name == l.id }) {
				d.Allow = append(d.Allow, l.id)
			}
		}
		if d.Registry+d.Repository+d.Tag+d.Digest == "" {
			c.doc.Default = &d
			return
		}
		c.doc.Mappings = append(c.doc.Mappings, d)
	}
}

func (c *converter) images() {
	convert := func(list []mapping, expires string) (out []docMapping) {
		for i := range list {
			found, ok := c.where(&list[i])
			if !ok {
				continue
			}
			for _, d := range found {
				d.Reason, d.Expires = list[i].name, expires
				if d.Registry+d.Repository+d.Tag+d.Digest == "" {
					d.Repository = "**"
					c.differs(list[i].Line, "%s is about every image with a name", list[i].name)
				}
				out = append(out, d)
			}
		}
		return out
	}
	d := docImages{convert(c.bundle.passed, "never"), convert(c.bundle.denied, "")}
	if d.Allow != nil || d.Deny != nil {
		c.doc.Images = &d
	}
}

// list converts a whitelist. Its items name decisions, and entries of allow lists name what decisions are about.
func (c *converter) list(l *whitelist) {
	d := docList{Name: l.id}
	for _, it := range l.items {
		entries := c.item(it)
		if entries == nil {
			c.differs(it.Line, "item %s of whitelist %s is not carried over: the trigger ID does not say its subject", it.trigger.text, l.id)
		}
		for _, e := range entries {
			if e.Reason = it.Reason; e.Reason == "" {
				e.Reason = "item " + it.trigger.text + " of whitelist " + l.id
			}
			e.Expires = "never"
			if !it.Expires.IsZero() {
				e.Expires = it.Expires.Add(-time.Second).Format(time.RFC3339) // an entry holds at its last moment
			}
			d.Entries = append(d.Entries, e)
		}
	}
	if len(d.Entries) > 0 {
		c.doc.Allow = append(c.doc.Allow, d)
	}
}

func (c *converter) item(it *item) []docEntry {
	if it.trigger.Regexp != nil {
		return nil
	}
	trigger, subject, ok := strings.Cut(it.trigger.text, "+")
	if !ok {
		return nil
	}
	var list []docEntry
	switch {
	case it.gate == "vulnerabilities" && c.rules["vulnerabilities.package"] != nil && trigger != "blacklist":
		switch {
		case subject == "*" && trigger != "*":
			return []docEntry{{Vulnerability: trigger}}
		case strings.ContainsAny(subject, "*/ ") || strings.HasSuffix(subject, ".jar") || strings.HasSuffix(subject, ".gemspec"):
			return nil
		}
		id := trigger
		if id == "*" {
			id = ""
		}
		for _, kind := range []string{"deb/*", "rpm/*", "apk/*", "npm"} {
			list = append(list, docEntry{Vulnerability: id, Package: "pkg:" + kind + "/" + subject})
		}
		c.differs(it.Line, "item %s also allows packages that were built from a source package of that name", it.trigger.text)
	case it.gate == "files" && strings.HasPrefix(subject, "/"):
		for _, name := range c.rules["files."+trigger] {
			list = append(list, docEntry{Rule: name, Path: strings.ReplaceAll(subject[1:], "*", "**")})
		}
	}
	return list
}
