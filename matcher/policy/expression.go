package policy

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/ext"
	"go.yaml.in/yaml/v3"

	"github.com/hullmark/hullmark/matcher/report"
)

const (
	maxCost       = 1_000_000 // of evaluating an expression once, in CEL's units
	maxExpression = 16 << 10  // characters of an expression
)

// environments are what expressions of each kind may name. They never change, and take a while to make.
type environments map[report.Target]*cel.Env

var theEnvironments = sync.OnceValues(newEnvironments)

func newEnvironments() (*environments, error) {
	options := []cel.EnvOption{
		ext.NativeTypes(ext.ParseStructTags(true), reflect.TypeFor[imageValue](), reflect.TypeFor[distroValue](),
			reflect.TypeFor[packageValue](), reflect.TypeFor[matchValue](), reflect.TypeFor[findingValue](), reflect.TypeFor[recordValue]()),
		cel.ParserRecursionLimit(64), cel.ParserExpressionSizeLimit(maxExpression), cel.DefaultUTCTimeZone(true),
		cel.Variable("image", cel.ObjectType("policy.imageValue")),
		cel.Variable("distro", cel.ObjectType("policy.distroValue")),
		cel.Variable("now", cel.TimestampType),
	}
	base, err := cel.NewEnv(append(options, ordered()...)...)
	if err != nil {
		return nil, err
	}
	pkg := cel.Variable(packageName, cel.ObjectType("policy.packageValue"))
	envs := environments{report.TargetImage: base, report.TargetDistro: base}
	for kind, variables := range map[report.Target][]cel.EnvOption{
		report.TargetPackage: {pkg},
		report.TargetMatch:   {pkg, cel.Variable("match", cel.ObjectType("policy.matchValue"))},
		report.TargetFinding: {cel.Variable("finding", cel.ObjectType("policy.findingValue"))},
		report.TargetRecord:  {cel.Variable("record", cel.ObjectType("policy.recordValue"))},
	} {
		if envs[kind], err = base.Extend(variables...); err != nil {
			return nil, err
		}
	}
	return &envs, nil
}

// An expression is a CEL expression, compiled.
type expression struct {
	program cel.Program
	text    string
}

// expression compiles the text of a node.
func (l *loader) expression(n *yaml.Node, text string, on report.Target, what string, truth bool) *expression {
	env := (*l.envs)[on]
	ast, errs := compile(env, unreserve(text))
	if len(errs) > 0 {
		for _, e := range errs {
			line := n.Line + max(0, e.Location.Line()-1)
			if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
				line++ // the text begins below the mark
			}
			l.failAt(line, "%s: %s", what, strings.ReplaceAll(e.Message, packageName, "package"))
		}
		return nil
	}
	if truth && ast.OutputType() != cel.BoolType {
		l.fail(n, "%s: %q is %s; a condition is true or false", what, shorten(text), typeName(ast.OutputType()))
		return nil
	}
	program, err := env.Program(ast, cel.CostLimit(maxCost), cel.InterruptCheckFrequency(1000), cel.EvalOptions(cel.OptOptimize))
	if err != nil {
		l.fail(n, "%s: %s", what, err)
		return nil
	}
	return &expression{program, strings.TrimSpace(text)}
}

func typeName(t *cel.Type) string {
	switch name := t.String(); name {
	case "int", "uint", "double":
		return "a number"
	case "string":
		return "a text"
	case "version", "severity":
		return "a " + name
	default:
		return "of type " + name
	}
}

// message takes a message apart: texts, and expressions in "${" and "}".
func (l *loader) message(n *yaml.Node, text string, on report.Target, what string) []part {
	var parts []part
	for {
		head, rest, ok := strings.Cut(text, "${")
		if head != "" {
			parts = append(parts, part{text: head})
		}
		if !ok {
			return parts
		}
		inner, after, closed := strings.Cut(rest, "}")
		if !closed {
			l.fail(n, "message of %s: a ${ has no }", what)
			return nil
		}
		if e := l.expression(n, inner, on, "message of "+what, false); e != nil {
			parts = append(parts, part{expression: e})
		}
		text = after
	}
}

// packageName stands for the variable "package", which is a word that CEL keeps for itself. It is as long, so that places in
// errors are right.
const packageName = "Package"

// unreserve replaces the variable "package" in an expression.
func unreserve(text string) string {
	const word = "package"
	var b strings.Builder
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case c == '"' || c == '\'':
			end := i + literal(text[i:], i > 0 && (text[i-1] == 'r' || text[i-1] == 'R'))
			b.WriteString(text[i:end])
			i = end
		case c == '/' && strings.HasPrefix(text[i:], "//"):
			end := strings.IndexByte(text[i:], '\n')
			if end < 0 {
				end = len(text) - i
			}
			b.WriteString(text[i : i+end])
			i += end
		case strings.HasPrefix(text[i:], word) && (i == 0 || !inWord(text[i-1]) && text[i-1] != '.') && (i+len(word) == len(text) || !inWord(text[i+len(word)])):
			b.WriteString(packageName)
			i += len(word)
		default:
			b.WriteByte(c)
			i++
		}
	}
	return b.String()
}

func inWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// literal returns the length of the string literal at the beginning of a text.
func literal(text string, raw bool) int {
	quote := text[:1]
	if strings.HasPrefix(text, strings.Repeat(quote, 3)) {
		quote = text[:3]
	}
	for i := len(quote); i < len(text); i++ {
		if text[i] == '\\' && !raw {
			i++
			continue
		}
		if strings.HasPrefix(text[i:], quote) {
			return i + len(quote)
		}
	}
	return len(text)
}

// holds evaluates a condition.
func (e *expression) holds(ctx context.Context, values map[string]any) (bool, error) {
	out, err := e.eval(ctx, values)
	truth, _ := out.(bool)
	return truth, err
}

func (e *expression) eval(ctx context.Context, values map[string]any) (any, error) {
	v, _, err := e.program.ContextEval(ctx, values)
	switch {
	case err == nil:
		return v.Value(), nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case strings.Contains(err.Error(), "cost limit exceeded"):
		return nil, fmt.Errorf("%q was stopped: it costs more than %d units of CEL", shorten(e.text), maxCost)
	}
	return nil, fmt.Errorf("%q: %w", shorten(e.text), errors.New(strings.ReplaceAll(err.Error(), packageName, "package")))
}

// say writes a message.
func say(ctx context.Context, parts []part, values map[string]any) (string, error) {
	var b strings.Builder
	for _, p := range parts {
		if p.expression == nil {
			b.WriteString(p.text)
			continue
		}
		v, err := p.eval(ctx, values)
		if err != nil {
			return "", err
		}
		if t, ok := v.(time.Time); ok {
			v = t.UTC().Format(time.RFC3339)
		}
		fmt.Fprint(&b, v)
	}
	return b.String(), nil
}

func shorten(s string) string {
	s = strings.TrimSpace(s)
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "..."
	}
	return s
}
