package secrets

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// maxGitleaks is the size in bytes of the largest file of rules.
const maxGitleaks = 4 << 20

// A gitleaks is the form of gitleaks' configuration, as its documentation describes it.
type gitleaks struct {
	Allowlist  *allowlist
	Allowlists []allowlist
	Rules      []struct {
		ID, Description, Regex, Path string
		SecretGroup                  int
		Entropy                      float64
		Keywords                     []string
		Allowlist                    *allowlist
		Allowlists                   []allowlist
		Required                     []map[string]any
	}
}

// An allowlist names matches that are no secrets. Commits don't exist in images.
type allowlist struct {
	Condition   string // "OR", the default, or "AND"
	RegexTarget string // "secret", the default, "match" or "line"
	Regexes     []string
	Paths       []string
	StopWords   []string
	Commits     []string
	TargetRules []string

	regexes, paths []*regexp.Regexp
}

// ReadGitleaks reads the rules of a configuration of gitleaks, or of betterleaks in that form. refused lists the rules that it cannot use, with the
// reason: "generic: no keyword".
func ReadGitleaks(r io.Reader) (rules []*Rule, refused []string, err error) {
	text, err := io.ReadAll(io.LimitReader(r, maxGitleaks+1))
	if err != nil {
		return nil, nil, fmt.Errorf("secrets: rules of gitleaks: %w", err)
	}
	if len(text) > maxGitleaks {
		return nil, nil, fmt.Errorf("secrets: rules of gitleaks: more than %d bytes", maxGitleaks)
	}
	var d gitleaks
	if err := toml.NewDecoder(bytes.NewReader(text)).Decode(&d); err != nil {
		return nil, nil, fmt.Errorf("secrets: rules of gitleaks: %w", err)
	}
	global := d.Allowlists
	if d.Allowlist != nil {
		global = append(global, *d.Allowlist)
	}
	for i := range global {
		if err := global[i].compile(); err != nil {
			return nil, nil, fmt.Errorf("secrets: rules of gitleaks: allow list: %w", err)
		}
	}
	known := make(map[string]bool)
	for i := range d.Rules {
		t := &d.Rules[i]
		id := cmp.Or(t.ID, fmt.Sprintf("rule %d", i+1))
		refuse := func(why any) { refused = append(refused, fmt.Sprintf("%.100s: %v", id, why)) }
		lists := t.Allowlists
		if t.Allowlist != nil {
			lists = append(lists, *t.Allowlist)
		}
		for j := range lists {
			if err = lists[j].compile(); err != nil {
				break
			}
		}
		switch {
		case err != nil:
			refuse(fmt.Errorf("allow list: %w", err))
			err = nil
			continue
		case t.ID == "" || strings.Trim(t.ID, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") != "" || len(t.ID) > 60:
			refuse("not a name")
			continue
		case known[t.ID]:
			refuse("a second rule of this name")
			continue
		case t.Regex == "":
			refuse("only a path")
			continue
		case t.Required != nil:
			refuse("it needs other rules")
			continue
		}
		rule := &Rule{ID: t.ID, Title: shortened(t.ID+" (gitleaks)", maxTitle), Severity: "high", entropy: t.Entropy, free: true, folded: true, group: t.SecretGroup}
		for _, k := range t.Keywords {
			if k != "" && len(k) <= maxKeyword/2 && strings.IndexByte(k, 0) < 0 {
				rule.Keywords = append(rule.Keywords, strings.ToLower(k))
			}
		}
		if len(rule.Keywords) < len(t.Keywords) || len(rule.Keywords) == 0 {
			if rule.Keywords = literals(t.Regex); rule.Keywords == nil {
				refuse("no keyword")
				continue
			}
		}
		if err := rule.compile(t.Regex); err != nil {
			refuse(err)
			continue
		}
		if rule.group > rule.groups {
			refuse(fmt.Errorf("the expression has no group %d", rule.group))
			continue
		}
		if t.Path != "" {
			if rule.paths, err = regexp.Compile(t.Path); err != nil {
				refuse(fmt.Errorf("path: %w", err))
				err = nil
				continue
			}
		}
		rule.before = max(rule.before, 200)
		rule.source = fmt.Sprint(t.SecretGroup, t.Path, lists, d.Allowlist, d.Allowlists)
		id = t.ID
		rule.allowed = func(c candidate) bool {
			for i := range lists {
				if lists[i].allows(&c, id) {
					return true
				}
			}
			for i := range global {
				if global[i].allows(&c, id) {
					return true
				}
			}
			return false
		}
		known[t.ID] = true
		rules = append(rules, rule)
	}
	return rules, refused, nil
}

func (a *allowlist) compile() error {
	switch a.RegexTarget {
	case "", "secret", "match", "line":
	default:
		return fmt.Errorf("regexTarget %.100q", a.RegexTarget)
	}
	switch strings.ToUpper(a.Condition) {
	case "", "OR", "||", "AND", "&&":
	default:
		return fmt.Errorf("condition %.100q", a.Condition)
	}
	for _, list := range []struct {
		texts []string
		to    *[]*regexp.Regexp
	}{{a.Regexes, &a.regexes}, {a.Paths, &a.paths}} {
		for _, s := range list.texts {
			e, err := regexp.Compile(s)
			if err != nil {
				return err
			}
			*list.to = append(*list.to, e)
		}
	}
	return nil
}

// allows reports whether a match is no secret.
func (a *allowlist) allows(c *candidate, rule string) bool {
	if len(a.TargetRules) > 0 && !slices.Contains(a.TargetRules, rule) {
		return false
	}
	target := c.secret
	switch a.RegexTarget {
	case "match":
		target = c.region[c.start:c.end]
	case "line":
		start := bytes.LastIndexByte(c.region[:c.start], '\n') + 1
		end := len(c.region)
		if n := bytes.IndexByte(c.region[c.end:], '\n'); n >= 0 {
			end = c.end + n
		}
		target = c.region[start:end]
	}
	var answers []bool
	if a.regexes != nil {
		answers = append(answers, slices.ContainsFunc(a.regexes, func(e *regexp.Regexp) bool { return e.Match(target) }))
	}
	if a.paths != nil {
		answers = append(answers, slices.ContainsFunc(a.paths, func(e *regexp.Regexp) bool { return e.MatchString(c.text.name) }))
	}
	if a.StopWords != nil {
		lower := bytes.ToLower(c.secret)
		answers = append(answers, slices.ContainsFunc(a.StopWords, func(w string) bool { return bytes.Contains(lower, []byte(strings.ToLower(w))) }))
	}
	if and := strings.ToUpper(a.Condition); and == "AND" || and == "&&" {
		return len(answers) > 0 && len(a.Commits) == 0 && !slices.Contains(answers, false)
	}
	return slices.Contains(answers, true)
}

// literals returns texts in lower case, or nil. Every match of an expression has one of them.
func literals(expression string) []string {
	const shortest = 3
	tree, err := syntax.Parse(expression, syntax.Perl)
	if err != nil {
		return nil
	}
	list := required(tree.Simplify())
	if slices.ContainsFunc(list, func(s string) bool { return len(s) < shortest || len(s) > maxKeyword/2 || strings.IndexByte(s, 0) >= 0 }) {
		return nil
	}
	return list
}

// required returns texts. Every match has one of them. The shortest one is as long as possible.
func required(t *syntax.Regexp) []string {
	var best []string
	switch t.Op {
	case syntax.OpLiteral:
		s := strings.ToLower(string(t.Rune))
		if strings.IndexFunc(s, func(r rune) bool { return r >= 0x80 }) >= 0 {
			return nil
		}
		return []string{s}
	case syntax.OpCapture, syntax.OpPlus:
		return required(t.Sub[0])
	case syntax.OpRepeat:
		if t.Min > 0 {
			return required(t.Sub[0])
		}
	case syntax.OpConcat:
		least := func(list []string) int {
			n := 0
			for i, s := range list {
				if i == 0 || len(s) < n {
					n = len(s)
				}
			}
			return n
		}
		for _, s := range t.Sub {
			if list := required(s); least(list) > least(best) {
				best = list
			}
		}
	case syntax.OpAlternate:
		for _, s := range t.Sub {
			list := required(s)
			if list == nil {
				return nil
			}
			best = append(best, list...)
		}
		if len(best) > 64 {
			return nil
		}
	}
	return best
}
