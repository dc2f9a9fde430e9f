package policy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
)

// compile parses and checks an expression. The errors say what to write if the expression compares a version or a severity with
// a text, or orders texts. The empty text is the version that is not there: match.fixed != "".
func compile(env *cel.Env, text string, on report.Target) (*cel.Ast, []*common.Error) {
	parsed, issues := env.Parse(text)
	if issues.Err() != nil {
		return nil, issues.Errors()
	}
	for range maxRepairs {
		checked, issues := env.Check(parsed)
		if issues.Err() == nil {
			if errs := comparisonErrors(checked.NativeRep()); len(errs) > 0 {
				return nil, errs
			}
			return checked, nil
		}
		tree, changed := parsed.NativeRep(), false
		errs := issues.Errors()
		for _, e := range errs {
			call := find(tree, e.ExprID)
			if call == nil {
				explain(tree, e, on)
				continue
			}
			if emptyVersion(tree, call, e.Message) || timeSide(tree, call, e.Message) {
				changed = true
				continue
			}
			if hint := replacementOf(tree, call, operands(e.Message)); hint != "" {
				e.Message = hint
			}
			explain(tree, e, on)
		}
		if !changed {
			return nil, errs
		}
	}
	return nil, []*common.Error{{Message: "too many comparisons with times; write timestamp(now)"}}
}

// maxRepairs bounds how often an expression is checked again after a repair. A check repairs all calls that fail; a call needs two.
const maxRepairs = 256

// timeSide moves the time and ages to the left of a comparison, since CEL asks the left side for the order. Other uses than those that
// [timeOperators] declares get a plain timestamp or duration.
func timeSide(tree *ast.AST, call ast.Expr, message string) bool {
	kinds, c := operands(message), call.AsCall()
	args := c.Args()
	if c.IsMemberFunction() {
		args = append([]ast.Expr{c.Target()}, args...)
	}
	if len(kinds) != len(args) {
		return false
	}
	timed := func(kind string) bool { return kind == "now" || kind == "age" }
	factory := ast.NewExprFactory()
	if slices.Contains(orders, c.FunctionName()) && len(kinds) == 2 && !timed(kinds[0]) && timed(kinds[1]) {
		mirrored := map[string]string{operators.Less: operators.Greater, operators.LessEquals: operators.GreaterEquals,
			operators.Greater: operators.Less, operators.GreaterEquals: operators.LessEquals}
		call.SetKindCase(factory.NewCall(call.ID(), mirrored[c.FunctionName()], args[1], args[0]))
		return true
	}
	changed := false
	for i, arg := range args {
		if convert := map[string]string{"now": "timestamp", "age": "duration"}[kinds[i]]; convert != "" && c.FunctionName() != convert {
			id := ast.MaxID(tree)
			arg.SetKindCase(factory.NewCall(arg.ID(), convert, renumbered(arg, id)))
			changed = true
		}
	}
	return changed
}

// renumbered copies an expression with identifiers from a number on.
func renumbered(e ast.Expr, id int64) ast.Expr {
	x := ast.NewExprFactory().CopyExpr(e)
	x.RenumberIDs(func(int64) int64 { id++; return id })
	return x
}

// find returns the call with an identifier, or nil.
func find(tree *ast.AST, id int64) ast.Expr {
	var found ast.Expr
	ast.PreOrderVisit(tree.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if e.ID() == id && e.Kind() == ast.CallKind {
			found = e
		}
	}))
	return found
}

// operands returns the types of a call's arguments in an error of the type checker, which says "found no matching overload for
// '_<_' applied to '(version, string)'".
func operands(message string) []string {
	_, list, ok := strings.Cut(message, "applied to '")
	if !ok {
		return nil
	}
	list = strings.TrimSuffix(list, "'")
	if receiver, rest, ok := strings.Cut(list, ".("); ok { // a member function
		list = strings.TrimSuffix(receiver+", "+rest, ", )")
	}
	return strings.Split(strings.Trim(list, "()"), ", ")
}

// emptyVersion replaces an empty text that is compared with a version by the empty version.
func emptyVersion(tree *ast.AST, call ast.Expr, message string) bool {
	if f := call.AsCall().FunctionName(); f != operators.Equals && f != operators.NotEquals {
		return false
	}
	kinds := operands(message)
	if len(kinds) != 2 || !slices.Contains(kinds, "version") {
		return false
	}
	for _, arg := range call.AsCall().Args() {
		if s, ok := literalText(arg); ok && s == "" {
			factory := ast.NewExprFactory()
			id := ast.MaxID(tree)
			arg.SetKindCase(factory.NewCall(arg.ID(), "version", factory.NewLiteral(id, types.String(""))))
			return true
		}
	}
	return false
}

func literalText(e ast.Expr) (string, bool) {
	if e.Kind() != ast.LiteralKind {
		return "", false
	}
	s, ok := e.AsLiteral().(types.String)
	return string(s), ok
}

// comparisonErrors returns the errors of an expression whose types fit by CEL's rules alone: comparisons of a version or a severity with
// a value whose type is known late, and orders of texts, in which "1.10" is before "1.9".
func comparisonErrors(tree *ast.AST) []*common.Error {
	var errs []*common.Error
	fail := func(e ast.Expr, message string) {
		errs = append(errs, &common.Error{Location: tree.SourceInfo().GetStartLocation(e.ID()), Message: message, ExprID: e.ID()})
	}
	kindOf := func(e ast.Expr) string { return tree.GetType(e.ID()).String() }
	ast.PreOrderVisit(tree.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		switch e.Kind() {
		case ast.ListKind:
			for _, element := range e.AsList().Elements() {
				first := kindOf(e.AsList().Elements()[0])
				if kind := kindOf(element); kind != first && (isOwnType(kind) || isOwnType(first)) {
					fail(e, fmt.Sprintf("a list has a %s and a %s; write version(%q) for a version, and HIGH for a severity", first, kind, "1.9"))
					return
				}
			}
		case ast.CallKind:
			call := e.AsCall()
			if len(call.Args()) != 2 || !comparison(call.FunctionName()) {
				return
			}
			a, b := kindOf(call.Args()[0]), element(kindOf(call.Args()[1]))
			switch {
			case a == "null_type" || b == "null_type":
				fail(e, "no value is null; a text that is unknown is \"\", a time timestamp(0), and a version is tested with != \"\"")
			case a != b && (isOwnType(a) || isOwnType(b)):
				fail(e, replacementOf(tree, e, []string{a, b}))
			case a == "string" && b == "string" && slices.Contains(orders, call.FunctionName()):
				fail(e, fmt.Sprintf("texts have no order; write version(%s) %s version(%s), or timestamp() for times", source(tree, call.Args()[0]), operatorOf(call.FunctionName()), source(tree, call.Args()[1])))
			}
		}
	}))
	return errs
}

func comparison(function string) bool {
	return slices.Contains(orders, function) || function == operators.Equals || function == operators.NotEquals || function == operators.In
}

// element returns the type of a list's elements. It returns other types unchanged.
func element(kind string) string {
	if inner, ok := strings.CutPrefix(kind, "list("); ok {
		return strings.TrimSuffix(inner, ")")
	}
	return kind
}

// isOwnType reports whether a type is one of package policy's own.
func isOwnType(kind string) bool { return kind == "version" || kind == "severity" }

// replacementOf says what to write instead of a call, given the types of its arguments. It returns "" if the call is about neither
// versions nor severities.
func replacementOf(tree *ast.AST, call ast.Expr, kinds []string) string {
	c := call.AsCall()
	args := c.Args()
	if c.IsMemberFunction() {
		args = append([]ast.Expr{c.Target()}, args...)
	}
	if len(args) != len(kinds) {
		return ""
	}
	i := slices.IndexFunc(kinds, func(k string) bool { return isOwnType(element(k)) })
	if i < 0 {
		return ""
	}
	kind := element(kinds[i])
	if !comparison(c.FunctionName()) || len(args) != 2 {
		return fmt.Sprintf("%s is a %s and no text; write string(%[1]s) for its text", source(tree, args[i]), kind)
	}
	texts := []string{source(tree, args[0]), source(tree, args[1])}
	texts[1-i] = literalFor(tree, kind, args[1-i])
	return fmt.Sprintf("%s is a %s and compares only with another; write %s %s %s", source(tree, args[i]), kind, texts[0], operatorOf(c.FunctionName()), texts[1])
}

// literalFor returns how to write a value of a type instead of an expression of another.
func literalFor(tree *ast.AST, kind string, e ast.Expr) string {
	if e.Kind() == ast.ListKind {
		var elements []string
		for _, element := range e.AsList().Elements() {
			elements = append(elements, literalFor(tree, kind, element))
		}
		return "[" + strings.Join(elements, ", ") + "]"
	}
	text := source(tree, e)
	switch {
	case kind == "version" && strings.HasPrefix(text, "version("):
		return text
	case kind == "version" && e.Kind() == ast.LiteralKind && !strings.HasPrefix(text, `"`): // a number
		return "version(" + strconv.Quote(text) + ")"
	case kind == "version":
		return "version(" + text + ")"
	case e.Kind() == ast.LiteralKind:
		switch v := e.AsLiteral().(type) {
		case types.String:
			if level := severityOf(string(v)).level; level != matcher.Unknown || v == "" {
				return constantOf(level)
			}
		case types.Int: // an expression that counts levels
			if v >= 0 && v <= types.Int(matcher.Critical) {
				return constantOf(matcher.Level(v))
			}
		}
	}
	return "UNKNOWN, NEGLIGIBLE, LOW, MEDIUM, HIGH or CRITICAL"
}

// source returns the text of an expression, shortened.
func source(tree *ast.AST, e ast.Expr) string {
	text, err := unparse(tree, e)
	if err != nil {
		return "it"
	}
	return shorten(text)
}

// unparse returns the text of an expression, without line breaks.
func unparse(tree *ast.AST, e ast.Expr) (string, error) {
	text, err := cel.ExprToString(e, tree.SourceInfo())
	return strings.ReplaceAll(text, "\n", " "), err // line breaks in texts are escaped
}

// operatorOf returns the sign of an operator: "<".
func operatorOf(function string) string {
	text, _ := operators.FindReverse(function)
	return text
}
