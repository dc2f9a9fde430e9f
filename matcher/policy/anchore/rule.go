package anchore

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/hullmark/hullmark/matcher/report"
)

// A value is a checked value of a parameter.
type value struct {
	text   string // as given, or the default
	list   []string
	number int64
	float  float64
	truth  bool
	*regexp.Regexp
}

// rule reads a rule. With Options.Lenient, its mistakes become its problem.
func (l *loader) rule(n *node, what, of string) *rule {
	if !l.is(n, object, what) {
		return nil
	}
	r := &rule{id: l.text(n, what, "id", false), line: n.line, values: make(map[string]value)}
	if r.id != "" {
		what = fmt.Sprintf("rule %q of %s", r.id, of)
	}
	l.keys(n, what, "id", "gate", "trigger", "action", "params", "comment", "description", "recommendation")
	switch word := l.text(n, what, "action", true); strings.ToUpper(word) {
	case "STOP":
		r.action = report.Stop
	case "WARN":
		r.action = report.Warn
	case "GO":
		r.action = report.Go
	case "":
	default:
		l.fail(n.get("action").line, "action %.100q of %s is not one of STOP, WARN and GO", word, what)
	}
	gate, trigger := strings.ToLower(l.text(n, what, "gate", true)), strings.ToLower(l.text(n, what, "trigger", true))
	r.words = [2]string{gate, trigger}
	params := l.params(n, what, r)
	if gate == "" || trigger == "" {
		return r
	}
	r.compat = l.bundle.options.Compat
	c := checker{rule: r, what: what}
	c.check(gate, trigger, params, n.line)
	if r.ended && l.bundle.options.Compat {
		return r // Anchore skips it, and so does the evaluation, visibly
	}
	var problems []string
	for _, e := range c.errs {
		if !l.bundle.options.Lenient {
			l.fail(e.line, "%s", e.text)
		}
		problems = append(problems, e.text)
	}
	r.problem = strings.Join(problems, "; ")
	return r
}

// A param is a parameter of a rule as the bundle has it.
type param struct {
	name string
	*node
}

// params reads the list of parameters.
func (l *loader) params(n *node, what string, r *rule) []param {
	var params []param
	for i, p := range l.list(n, what, "params", false) {
		what := fmt.Sprintf("parameter %d of %s", i+1, what)
		if !l.is(p, object, what) {
			continue
		}
		l.keys(p, what, "name", "value", "id", "validator")
		if name := strings.ToLower(l.text(p, what, "name", true)); name != "" {
			params = append(params, param{name, p})
			if v := p.get("value"); v != nil {
				r.given = append(r.given, given{name, v.text})
			}
		}
	}
	return params
}

// A checker checks a rule by the table of gates.
type checker struct {
	*rule
	what string
	errs []lineError
}

func (c *checker) fail(line int, format string, args ...any) {
	c.errs = append(c.errs, lineError{line, c.what + ": " + fmt.Sprintf(format, args...)})
}

func (c *checker) check(gate, trigger string, params []param, line int) {
	c.gate = gateOf(gates(), gate)
	switch {
	case c.gate == nil:
		c.fail(line, "there is no gate %.100q%s", gate, didYouMean(gate, activeNames()))
		return
	case c.gate.State == EndOfLife:
		c.ended = true
		instead := "nothing replaces it"
		if c.gate.Successor != "" {
			instead = "use " + c.gate.Successor
		}
		c.fail(line, "the gate %s reached its end of life and has no effect: %s", gate, instead)
		return
	}
	if c.trigger = c.gate.trigger(trigger); c.trigger == nil {
		var names []string
		for _, t := range c.gate.Triggers {
			names = append(names, t.Name)
		}
		c.fail(line, "the gate %s has no trigger %.100q; it has %s%s", gate, trigger, strings.Join(names, ", "), didYouMean(trigger, names))
		return
	}
	seen := make(map[string]*node)
	for _, p := range params {
		declared := c.trigger.parameter(p.name)
		if declared == nil {
			var names []string
			for _, q := range c.trigger.Parameters {
				names = append(names, q.Name)
			}
			has := "it takes no parameters"
			if len(names) > 0 {
				has = "it has " + strings.Join(names, ", ")
			}
			c.fail(p.line, "%s.%s has no parameter %.100q; %s%s", c.gate.Name, c.trigger.Name, p.name, has, didYouMean(p.name, names))
			continue
		}
		if seen[declared.Name] != nil {
			c.fail(p.line, "parameter %s is given twice", declared.Name)
		}
		seen[declared.Name] = p.node
	}
	for i := range c.trigger.Parameters {
		c.parameter(&c.trigger.Parameters[i], seen, line)
	}
}

// parameter checks one parameter, or sets its default.
func (c *checker) parameter(p *Parameter, seen map[string]*node, line int) {
	var v *node
	if n := seen[p.Name]; n != nil {
		v, line = n.get("value"), n.line
	}
	if v != nil && v.kind == text && v.text == "" && !p.Required && p.Validator != Linked { // Anchore's web interface writes all parameters
		v = nil
	}
	switch {
	case v == nil && p.Required:
		c.fail(line, "parameter %s is missing: %s", p.Name, p.Description)
	case v == nil && p.Validator == Linked && p.needed(c.rule) && !c.compat:
		c.fail(line, "check=%s needs the parameter %s; without it the rule never fires", c.values["check"].text, p.Name)
	case v == nil:
		if p.Default != "" {
			c.values[p.Name], _ = p.parse(p.Default, c.rule)
		}
	case v.kind != text:
		c.fail(v.line, "parameter %s must be a text, not %s: %q", p.Name, v.kind, v.text)
	default:
		if p.Validator == Expression && c.compat { // which finds out when it evaluates
			parsed, err := p.parse(v.text, c.rule)
			if err != nil {
				parsed = value{text: v.text}
			}
			c.values[p.Name] = parsed
			return
		}
		parsed, err := p.parse(v.text, c.rule)
		if err != nil {
			c.fail(v.line, "parameter %s: %v", p.Name, err)
			return
		}
		c.values[p.Name] = parsed
	}
}

// needed reports whether the comparison of a rule needs the value of a linked parameter.
func (p *Parameter) needed(r *rule) bool {
	check, ok := r.values["check"]
	return ok && check.text != "exists" && check.text != "not_exists"
}

// parse checks a value by the form of the parameter.
func (p *Parameter) parse(s string, r *rule) (v value, err error) {
	v.text = s
	trimmed := strings.TrimSpace(s)
	switch p.Validator {
	case Text:
	case Enum:
		i := slices.IndexFunc(p.Values, func(known string) bool { return strings.EqualFold(known, trimmed) })
		if i < 0 {
			return v, fmt.Errorf("%.100q is not one of %s%s", s, strings.Join(p.Values, ", "), didYouMean(s, p.Values))
		}
		v.text = p.Values[i]
	case Boolean:
		if v.truth = strings.EqualFold(trimmed, "true"); !v.truth && !strings.EqualFold(trimmed, "false") {
			return v, fmt.Errorf("%.100q is neither true nor false", s)
		}
	case Integer:
		v.number, err = integer(trimmed)
	case Float:
		if v.float, err = strconv.ParseFloat(trimmed, 64); err != nil || strings.ContainsAny(trimmed, "eExXpPnN_") {
			return v, fmt.Errorf("%.100q is not a number", s)
		}
	case List:
		v.list, err = split(s)
	case Numbers:
		if v.list, err = split(s); err == nil {
			for i, item := range v.list {
				n, err := integer(item)
				if err != nil {
					return v, err
				}
				v.list[i] = strconv.FormatInt(n, 10)
			}
		}
	case Expression:
		if v.Regexp, err = expression(s); err != nil {
			return v, fmt.Errorf("%.100q is not a regular expression: %w", s, err)
		}
	case Mode:
		if v.number, err = strconv.ParseInt(strings.TrimPrefix(strings.ToLower(trimmed), "0o"), 8, 32); err != nil || v.number < 0 {
			return v, fmt.Errorf("%.100q is not an octal file mode", s)
		}
		v.number &= 0o7777
	case Digest:
		if v.text = strings.TrimPrefix(strings.ToLower(trimmed), "sha256:"); len(v.text) != 64 || strings.Trim(v.text, "0123456789abcdef") != "" {
			return v, fmt.Errorf("%.100q is not a SHA-256 digest of 64 hexadecimal digits", s)
		}
	case Linked:
		return p.linked(s, r)
	}
	return v, err
}

// linked checks a value whose form other parameters decide.
func (p *Parameter) linked(s string, r *rule) (v value, err error) {
	v.text = s
	switch check := r.values["check"].text; check {
	case "like", "not_like":
		if v.Regexp, err = expression(s); err != nil {
			return v, fmt.Errorf("%.100q is not a regular expression: %w", s, err)
		}
		return v, nil
	case "in", "not_in":
		if v.list, err = split(s); err != nil {
			return v, err
		}
	}
	if p.By != "attribute" {
		return v, nil
	}
	parse := map[string]func(string) (int64, error){"size": size, "layer_count": integer}[r.values["attribute"].text]
	if parse == nil || s == "" && !p.needed(r) {
		return v, nil
	}
	if s != strings.ToLower(s) && r.compat {
		return v, fmt.Errorf("%.100q: units are in lower case for Anchore", s)
	}
	if v.list == nil {
		v.number, err = parse(s)
		return v, err
	}
	for i, item := range v.list {
		n, err := parse(item)
		if err != nil {
			return v, err
		}
		v.list[i] = strconv.FormatInt(n, 10)
	}
	return v, nil
}

func integer(s string) (int64, error) {
	n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 63)
	if err != nil || n < 0 || strings.HasPrefix(s, "+") {
		return 0, fmt.Errorf("%.100q is not a whole number", s)
	}
	return n, nil
}

// size reads bytes, with a unit or without.
func size(s string) (int64, error) {
	digits, unit := strings.TrimSpace(strings.ToLower(s)), int64(1)
	for i, suffix := range []string{"kb", "mb", "gb", "tb"} {
		if rest, ok := strings.CutSuffix(digits, suffix); ok {
			digits, unit = rest, 1<<(10*(i+1))
		}
	}
	n, err := strconv.ParseInt(digits, 10, 63)
	if err != nil || n < 0 || n > (1<<62)/unit {
		return 0, fmt.Errorf("%.100q is not a size; write bytes, or a number with kb, mb, gb or tb", s)
	}
	return n * unit, nil
}

// maxItems bounds the items of a list.
const maxItems = 10_000

func split(s string) ([]string, error) {
	var items []string
	for _, item := range strings.Split(s, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	switch {
	case len(items) == 0:
		return nil, fmt.Errorf("%.100q is an empty list", s)
	case len(items) > maxItems:
		return nil, fmt.Errorf("more than %d items", maxItems)
	}
	return items, nil
}

func activeNames() []string {
	var names []string
	for _, g := range gates() {
		if g.State == Active {
			names = append(names, g.Name)
		}
	}
	return names
}
