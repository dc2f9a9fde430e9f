package secrets

import (
	"bytes"
	"cmp"
	"errors"
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
	Rules      []gitleaksRule
}

type gitleaksRule struct {
	ID, Description, Regex, Path string
	SecretGroup                  int
	Entropy                      float64
	Keywords                     []string
	Allowlist                    *allowlist
	Allowlists                   []allowlist
	Required                     []map[string]any
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
	global, err := compiled(d.Allowlists, d.Allowlist)
	if err != nil {
		return nil, nil, fmt.Errorf("secrets: rules of gitleaks: %w", err)
	}
	known := make(map[string]bool)
	for i := range d.Rules {
		t := &d.Rules[i]
		rule, err := t.rule(known)
		if err != nil {
			refused = append(refused, fmt.Sprintf("%.100s: %v", cmp.Or(t.ID, fmt.Sprintf("rule %d", i+1)), err))
			continue
		}
		lists, id := t.Allowlists, t.ID
		rule.source = fmt.Sprint(t.SecretGroup, t.Path, lists, d.Allowlist, d.Allowlists)
		rule.allowed = func(c candidate) bool { return anyAllows(lists, &c, id) || anyAllows(global, &c, id) }
		known[t.ID] = true
		rules = append(rules, rule)
	}
	return rules, refused, nil
}

// compiled returns the allow lists with one more, unless that is nil, and compiles them.
func compiled(lists []allowlist, one *allowlist) ([]allowlist, error) {
	if one != nil {
		lists = append(lists, *one)
	}
	for i := range lists {
		if err := lists[i].compile(); err != nil {
			return nil, fmt.Errorf("allow list: %w", err)
		}
	}
	return lists, nil
}

// rule makes a Rule, which lacks the allow lists, and compiles those of t. Its error is the reason why the rule cannot be used.
func (t *gitleaksRule) rule(known map[string]bool) (rule *Rule, err error) {
	if t.Allowlists, err = compiled(t.Allowlists, t.Allowlist); err != nil {
		return nil, err
	}
	switch {
	case t.ID == "" || strings.Trim(t.ID, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") != "" || len(t.ID) > 60:
		return nil, errors.New("not a name")
	case known[t.ID]:
		return nil, errors.New("a second rule of this name")
	case t.Regex == "":
		return nil, errors.New("only a path")
	case t.Required != nil:
		return nil, errors.New("it needs other rules")
	}
	rule = &Rule{ID: t.ID, Title: shortened(t.ID+" (gitleaks)", maxTitle), Severity: "high", entropy: t.Entropy, free: true, folded: true, group: t.SecretGroup}
	if rule.Keywords = t.keywords(); rule.Keywords == nil {
		return nil, errors.New("no keyword")
	}
	if err := rule.compile(t.Regex); err != nil {
		return nil, err
	}
	if rule.group > rule.groups {
		return nil, fmt.Errorf("the expression has no group %d", rule.group)
	}
	if t.Path != "" {
		if rule.paths, err = regexp.Compile(t.Path); err != nil {
			return nil, fmt.Errorf("path: %w", err)
		}
	}
	rule.before = max(rule.before, 200)
	return rule, nil
}

// keywords returns the keywords of the rule or, unless all can be used, those of its expression.
func (t *gitleaksRule) keywords() []string {
	var list []string
	for _, k := range t.Keywords {
		if k != "" && len(k) <= maxKeyword/2 && strings.IndexByte(k, 0) < 0 {
			list = append(list, strings.ToLower(k))
		}
	}
	if len(list) < len(t.Keywords) || len(list) == 0 {
		return literals(t.Regex)
	}
	return list
}

func anyAllows(lists []allowlist, c *candidate, id string) bool {
	return slices.ContainsFunc(lists, func(a allowlist) bool { return a.allows(c, id) })
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
