package policy

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/overloads"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/ext"
	"go.yaml.in/yaml/v3"

	"github.com/hullmark/hullmark/matcher/report"
)

const (
	maxCost       = 1_000_000  // of evaluating an expression once, in CEL's units
	maxTotal      = 50_000_000 // of evaluating an expression on everything in an image
	costPerThing  = 200        // added to both for each element of the lists that it may name, and for each thing that it is evaluated on
	maxExpression = 16 << 10   // characters of an expression
	maxRegexp     = 20_000     // instructions of a regular expression
)

// environments are what expressions of each kind may name. They never change, and take a while to make.
type environments map[report.Target]*cel.Env

var theEnvironments = sync.OnceValues(newEnvironments)

func newEnvironments() (*environments, error) {
	adapter := new(types.Adapter)
	options := []cel.EnvOption{
		cel.ParserRecursionLimit(64), cel.ParserExpressionSizeLimit(maxExpression), cel.DefaultUTCTimeZone(true), cel.RegexProgramSizeLimit(maxRegexp),
		cel.EnableMacroCallTracking(),
	}
	natives := []any{ext.ParseStructTags(true)}
	for _, t := range structs() {
		natives = append(natives, t)
	}
	options = append(options, ext.NativeTypes(natives...))
	for _, more := range [][]cel.EnvOption{ordered(), timeOperators(), functions(adapter)} {
		options = append(options, more...)
	}
	base, err := cel.NewEnv(options...)
	if err != nil {
		return nil, err
	}
	*adapter = base.CELTypeAdapter()
	envs := make(environments)
	for _, kind := range kinds() {
		var names []cel.EnvOption
		for _, v := range variables {
			if has(kind, v.on) {
				names = append(names, cel.Variable(reserved(v.name), celType(v.typ)))
			}
		}
		if envs[kind], err = base.Extend(names...); err != nil {
			return nil, err
		}
	}
	return &envs, nil
}

// structs returns the types of values with fields.
func structs() []reflect.Type {
	var list []reflect.Type
	var add func(reflect.Type)
	add = func(t reflect.Type) {
		if t = structOf(t); t == nil || slices.Contains(list, t) {
			return
		}
		list = append(list, t)
		for i := range t.NumField() {
			add(t.Field(i).Type)
		}
	}
	for _, v := range variables {
		if v.typ != nil {
			add(v.typ)
		}
	}
	add(reflect.TypeFor[purlValue]())
	return list
}

// celType returns the type of a variable.
func celType(t reflect.Type) *cel.Type {
	switch {
	case t == nil:
		return nowType
	case t.Kind() == reflect.Slice:
		return cel.ListType(celType(t.Elem()))
	case t.Kind() == reflect.Pointer:
		return celType(t.Elem())
	}
	return cel.ObjectType("policy." + t.Name())
}

// An expression is a CEL expression, compiled.
type expression struct {
	program cel.Program
	text    string
	on      report.Target
	env     *cel.Env
	ast     *cel.Ast

	bounded bool // without loops and regular expressions, so that its own length bounds the cost
	wide    bool // names a list of the report, so that the limit of the cost depends on the report
	probes  func() []probe
}

// expression compiles the text of a node.
func (l *loader) expression(n *yaml.Node, text string, on report.Target, what string, truth bool) *expression {
	env := (*l.envs)[on]
	checked, errs := compile(env, unreserve(text), on)
	failed := len(errs) > 0
	if !failed {
		errs = unknownValueErrors(checked.NativeRep(), on)
		failed = len(errs) > 0 && l.doc.Version > 1
	}
	for _, e := range errs {
		line := n.Line + max(0, e.Location.Line()-1)
		if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
			line++ // the text begins below the mark
		}
		message := fmt.Sprintf("%s: %s", what, strings.ReplaceAll(e.Message, packageName, "package"))
		if failed {
			l.failAt(line, "%s", message)
		} else { // documents of version 1 were read with such a text
			l.note(line, "%s", message)
		}
	}
	if failed {
		return nil
	}
	if truth && checked.OutputType() != cel.BoolType {
		l.fail(n, "%s: %q is %s; a condition is true or false", what, shorten(text), typeName(checked.OutputType()))
		return nil
	}
	e, err := newExpression(env, checked, on, text)
	if err != nil {
		l.fail(n, "%s: %s", what, err)
		return nil
	}
	ast.PreOrderVisit(checked.NativeRep().Expr(), ast.NewExprVisitor(func(x ast.Expr) {
		if x.Kind() == ast.SelectKind {
			l.doc.uses[x.AsSelect().FieldName()] = true
		}
	}))
	return e
}

func newExpression(env *cel.Env, checked *cel.Ast, on report.Target, text string) (*expression, error) {
	e := &expression{text: strings.TrimSpace(text), on: on, env: env, ast: checked, bounded: true}
	ast.PreOrderVisit(checked.NativeRep().Expr(), ast.NewExprVisitor(func(x ast.Expr) {
		switch x.Kind() {
		case ast.ComprehensionKind:
			e.bounded = false
		case ast.CallKind:
			switch c := x.AsCall(); c.FunctionName() {
			case overloads.Matches:
				e.bounded = false
			case operators.In:
				e.bounded = e.bounded && c.Args()[1].Kind() == ast.ListKind
			}
		case ast.IdentKind:
			e.wide = e.wide || slices.ContainsFunc(variables, func(v variable) bool {
				return v.name == x.AsIdent() && v.typ != nil && v.typ.Kind() == reflect.Slice
			})
		}
	}))
	e.bounded = e.bounded && !e.wide
	var err error
	e.program, err = e.plan(maxCost)
	e.probes = sync.OnceValue(e.newProbes)
	return e, err
}

// plan makes the program with a limit of its cost.
func (e *expression) plan(limit uint64) (cel.Program, error) {
	options := []cel.ProgramOption{cel.EvalOptions(cel.OptOptimize)}
	if !e.bounded {
		options = append(options, cel.CostLimit(limit), cel.InterruptCheckFrequency(1000))
	}
	return e.env.Program(e.ast, options...)
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
		return "of type " + goType.ReplaceAllString(name, "$1")
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

// reserved returns the name of a variable as CEL reads it.
func reserved(name string) string {
	if name == "package" {
		return packageName
	}
	return name
}

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

func shorten(s string) string {
	s = strings.TrimSpace(s)
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "..."
	}
	return s
}
