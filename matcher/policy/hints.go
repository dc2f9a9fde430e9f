package policy

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"

	"github.com/hullmark/hullmark/internal/lazyregexp"
	"github.com/hullmark/hullmark/internal/suggest"
	"github.com/hullmark/hullmark/matcher/report"
)

// goType matches the names that the checker has for the package's types.
var goType = lazyregexp.New(`policy\.(\w+)Value`)

// explain adds to an error of the checker the names that are allowed, and the nearest.
func explain(tree *ast.AST, e *common.Error, on report.Target) {
	e.Message = goType.ReplaceAllString(e.Message, "$1")
	quoted := func(prefix string) (string, bool) {
		rest, ok := strings.CutPrefix(e.Message, prefix+" '")
		name, _, closed := strings.Cut(rest, "'")
		return name, ok && closed
	}
	if name, ok := quoted("undefined field"); ok {
		e.Message = fmt.Sprintf("undefined field '%s'", name)
		if t := newScope(tree, on).typeAt(e.ExprID); t != nil {
			var names []string
			for i := range t.NumField() {
				names = append(names, t.Field(i).Tag.Get("cel"))
			}
			e.Message += "; " + typeWord(t) + " has " + strings.Join(names, ", ") + didYouMean(name, names)
		}
	}
	if name, ok := quoted("undeclared reference to"); ok {
		name = strings.Replace(name, packageName, "package", 1)
		var names []string
		for _, v := range variables {
			if has(on, v.on) {
				names = append(names, v.name)
			}
		}
		spec := Spec()
		more := slices.Clone(names)
		for _, f := range spec.Functions {
			more = append(more, f.Name)
		}
		for _, c := range spec.Constants {
			more = append(more, c.Name)
		}
		e.Message = fmt.Sprintf("undeclared reference to '%s'; a rule on %s has %s%s", name, on, strings.Join(names, ", "), didYouMean(name, more))
	}
}

// didYouMean suggests the nearest word of a list.
func didYouMean(word string, list []string) string {
	if w := suggest.Word(word, list); w != "" {
		return "; did you mean " + w + "?"
	}
	return ""
}

// A scope knows the Go types of names in an expression: variables, and those of loops.
type scope struct {
	tree  *ast.AST
	names map[string]reflect.Type
	found reflect.Type
}

func newScope(tree *ast.AST, on report.Target) *scope {
	s := &scope{tree: tree, names: make(map[string]reflect.Type)}
	for _, v := range variables {
		if v.typ != nil && has(on, v.on) {
			s.names[reserved(v.name)] = v.typ
		}
	}
	return s
}

// typeAt returns the type whose field the expression with an identifier selects, or nil.
func (s *scope) typeAt(id int64) reflect.Type {
	s.walk(s.tree.Expr(), func(e ast.Expr) {
		if e.ID() == id && e.Kind() == ast.SelectKind {
			s.found = s.typeOf(e.AsSelect().Operand())
		}
	})
	return s.found
}

// walk calls a function for all expressions, while the names of loops are known.
func (s *scope) walk(e ast.Expr, do func(ast.Expr)) {
	do(e)
	switch e.Kind() {
	case ast.SelectKind:
		s.walk(e.AsSelect().Operand(), do)
	case ast.CallKind:
		if c := e.AsCall(); c.IsMemberFunction() {
			s.walk(c.Target(), do)
		}
		for _, a := range e.AsCall().Args() {
			s.walk(a, do)
		}
	case ast.ListKind:
		for _, x := range e.AsList().Elements() {
			s.walk(x, do)
		}
	case ast.MapKind:
		for _, x := range e.AsMap().Entries() {
			s.walk(x.AsMapEntry().Key(), do)
			s.walk(x.AsMapEntry().Value(), do)
		}
	case ast.ComprehensionKind:
		c := e.AsComprehension()
		s.walk(c.IterRange(), do)
		s.walk(c.AccuInit(), do)
		outer, had := s.names[c.IterVar()]
		if t := s.listOf(c.IterRange()); t != nil {
			s.names[c.IterVar()] = t
		} else {
			delete(s.names, c.IterVar())
		}
		s.walk(c.LoopCondition(), do)
		s.walk(c.LoopStep(), do)
		s.walk(c.Result(), do)
		if delete(s.names, c.IterVar()); had {
			s.names[c.IterVar()] = outer
		}
	}
}

// goTypeOf returns the Go type of a chain of selections, or nil.
func (s *scope) goTypeOf(e ast.Expr) reflect.Type {
	switch e.Kind() {
	case ast.IdentKind:
		return s.names[e.AsIdent()]
	case ast.SelectKind:
		if f := s.field(e); f != nil {
			return f.Type
		}
	case ast.CallKind:
		if c := e.AsCall(); c.FunctionName() == operators.Index && len(c.Args()) == 2 {
			if t := s.goTypeOf(c.Args()[0]); t != nil && (t.Kind() == reflect.Slice || t.Kind() == reflect.Map) {
				return t.Elem()
			}
		}
	}
	return nil
}

// typeOf returns the struct of a chain of selections, or nil.
func (s *scope) typeOf(e ast.Expr) reflect.Type {
	t := s.goTypeOf(e)
	if t == nil || t.Kind() == reflect.Slice {
		return nil
	}
	return structOf(t)
}

// listOf returns the type of the elements of a list, or nil.
func (s *scope) listOf(e ast.Expr) reflect.Type {
	if t := s.goTypeOf(e); t != nil && t.Kind() == reflect.Slice {
		return t.Elem()
	}
	return nil
}

// field returns the field that an expression selects, or nil.
func (s *scope) field(e ast.Expr) *reflect.StructField {
	if e.Kind() != ast.SelectKind {
		return nil
	}
	t := s.typeOf(e.AsSelect().Operand())
	if t == nil {
		return nil
	}
	for i := range t.NumField() {
		if f := t.Field(i); f.Tag.Get("cel") == e.AsSelect().FieldName() {
			return &f
		}
	}
	return nil
}

// unknownValueErrors returns an error for each text that is compared with a field and is not among its values: the comparison is always false.
func unknownValueErrors(tree *ast.AST, on report.Target) []*common.Error {
	var errs []*common.Error
	s := newScope(tree, on)
	s.walk(tree.Expr(), func(e ast.Expr) {
		if e.Kind() != ast.CallKind || len(e.AsCall().Args()) != 2 {
			return
		}
		c := e.AsCall()
		if f := c.FunctionName(); f != operators.Equals && f != operators.NotEquals && f != operators.In {
			return
		}
		for i, arg := range c.Args() {
			f := s.field(arg)
			if f == nil || f.Tag.Get("values") == "" {
				continue
			}
			values := strings.Fields(f.Tag.Get("values"))
			words := []ast.Expr{c.Args()[1-i]}
			if words[0].Kind() == ast.ListKind {
				words = words[0].AsList().Elements()
			}
			for _, w := range words {
				if word, ok := literalText(w); ok && word != "" && !slices.Contains(values, word) {
					errs = append(errs, &common.Error{
						Location: tree.SourceInfo().GetStartLocation(w.ID()), ExprID: w.ID(),
						Message: fmt.Sprintf("unknown %s %q; use one of %s%s", f.Tag.Get("cel"), word, strings.Join(values, ", "), didYouMean(word, values)),
					})
				}
			}
		}
	})
	return errs
}
