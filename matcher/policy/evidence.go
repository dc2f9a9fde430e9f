package policy

import (
	"fmt"
	"reflect"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"github.com/hullmark/hullmark/matcher/report"
)

const (
	maxEvidence = 1000 // decisions of a verdict with evidence
	maxProbes   = 8    // values of a decision
	maxValue    = 200  // bytes of a value
)

// A probe reads a value that an expression names.
type probe struct {
	name string
	*expression
}

// newProbes returns the probes of an expression's variables and their fields, outside of loops.
func (e *expression) newProbes() []probe {
	var list []probe
	seen := make(map[string]bool)
	tree := e.ast.NativeRep()
	variables := newScope(tree, e.on)
	inLoop := make(map[int64]bool)
	variables.walk(tree.Expr(), func(x ast.Expr) {
		switch x.Kind() {
		case ast.ComprehensionKind:
			c := x.AsComprehension()
			for _, inner := range []ast.Expr{c.LoopCondition(), c.LoopStep(), c.Result(), c.AccuInit()} {
				ast.PreOrderVisit(inner, ast.NewExprVisitor(func(y ast.Expr) { inLoop[y.ID()] = true }))
			}
			return
		case ast.SelectKind:
			if x.AsSelect().IsTestOnly() {
				inLoop[x.AsSelect().Operand().ID()] = true
				return
			}
		}
		if inLoop[x.ID()] || len(list) >= maxProbes || !chain(x, variables) {
			return
		}
		ast.PreOrderVisit(x, ast.NewExprVisitor(func(y ast.Expr) { inLoop[y.ID()] = true })) // its parts are no values of their own
		name, err := unparse(tree, x)
		if err != nil || seen[name] || x.Kind() == ast.IdentKind {
			return
		}
		seen[name] = true
		checked, errs := compile(e.env, name, e.on)
		if len(errs) > 0 {
			return
		}
		if p, err := newExpression(e.env, checked, e.on, name); err == nil {
			list = append(list, probe{strings.ReplaceAll(name, packageName, "package"), p})
		}
	})
	return list
}

// chain reports whether an expression is a variable, or a part of one by fields and constant keys.
func chain(e ast.Expr, s *scope) bool {
	switch e.Kind() {
	case ast.IdentKind:
		return s.names[e.AsIdent()] != nil
	case ast.SelectKind:
		return !e.AsSelect().IsTestOnly() && chain(e.AsSelect().Operand(), s)
	case ast.CallKind:
		c := e.AsCall()
		return c.FunctionName() == operators.Index && len(c.Args()) == 2 && c.Args()[1].Kind() == ast.LiteralKind && chain(c.Args()[0], s)
	}
	return false
}

// evidence returns the values that an expression sees. A value that cannot be read, such as a key that is not there, is left out.
func (r *runner) evidence(e *expression) []report.Evidence {
	var list []report.Evidence
	for _, p := range e.probes() {
		if v, err := r.eval(p.expression); err == nil {
			list = append(list, report.Evidence{Name: p.name, Value: cut(describe(v))})
		}
	}
	return list
}

// lengthOf returns the length of a list.
func lengthOf(v any) (int, bool) {
	if x := reflect.ValueOf(v); x.Kind() == reflect.Slice {
		return x.Len(), true
	}
	return 0, false
}

// describe writes a value for a person. Of a list of values with fields it writes the length only.
func describe(v any) string {
	switch v := v.(type) {
	case []string:
		return strings.Join(v, ", ")
	case map[string]string:
		return fmt.Sprintf("%d entries", len(v))
	}
	text := textOf(v)
	if strings.HasPrefix(text, "[") || strings.HasPrefix(text, "&") || strings.HasPrefix(text, "{") {
		if n, ok := lengthOf(v); ok {
			return fmt.Sprintf("%d elements", n)
		}
		return "a value with fields"
	}
	return text
}

// cut shortens a text.
func cut(s string) string {
	if len(s) <= maxValue {
		return s
	}
	return strings.ToValidUTF8(s[:maxValue], "") + "..."
}

// always reports whether a condition is the literal true.
func (e *expression) always() bool {
	if e == nil {
		return false
	}
	x := e.ast.NativeRep().Expr()
	return x.Kind() == ast.LiteralKind && x.AsLiteral() == types.True
}
