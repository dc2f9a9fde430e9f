package policy

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/overloads"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/gemplatform"
	"github.com/hullmark/hullmark/internal/purltype"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/version"
)

// The types of expressions that have an order of their own. A text is of neither type, so that an expression cannot compare it
// with one by the order of its letters.
var (
	versionType  = types.NewObjectType("version", traits.ComparerType|traits.MatcherType)
	severityType = types.NewObjectType("severity", traits.ComparerType)
)

// ordered declares the functions of both types, and the constants of severities.
func ordered() []cel.EnvOption {
	options := []cel.EnvOption{
		cel.Function("version", cel.Overload("text_to_version", []*cel.Type{cel.StringType}, versionType, cel.UnaryBinding(func(text ref.Val) ref.Val {
			s, ok := text.(types.String)
			if !ok {
				return types.MaybeNoSuchOverloadErr(text)
			}
			return versionValue{text: string(s)}
		}))),
	}
	for _, t := range []*cel.Type{versionType, severityType} {
		name := t.TypeName()
		for _, operator := range orders {
			options = append(options, cel.Function(operator, cel.Overload(name+operator, []*cel.Type{t, t}, cel.BoolType)))
		}
		options = append(options, cel.Function(overloads.TypeConvertString, cel.Overload(name+"_to_text", []*cel.Type{t}, cel.StringType,
			cel.UnaryBinding(func(v ref.Val) ref.Val { return v.ConvertToType(types.StringType) }))))
	}
	textual := func(name string, holds func(s, part string) bool) cel.EnvOption {
		return cel.Function(name, cel.MemberOverload("version_"+name, []*cel.Type{versionType, cel.StringType}, cel.BoolType,
			cel.BinaryBinding(func(v, part ref.Val) ref.Val {
				return types.Bool(holds(v.(versionValue).text, string(part.(types.String))))
			})))
	}
	options = append(options,
		textual(overloads.Contains, strings.Contains), textual(overloads.StartsWith, strings.HasPrefix), textual(overloads.EndsWith, strings.HasSuffix),
		cel.Function(overloads.Matches, cel.MemberOverload("version_matches", []*cel.Type{versionType, cel.StringType}, cel.BoolType)),
	)
	for level := matcher.Unknown; level <= matcher.Critical; level++ {
		options = append(options, cel.Constant(constantOf(level), severityType, severityValue{level}))
	}
	return options
}

// orders are the operators that compare by order.
var orders = []string{operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals}

// A versionValue is a version. One that an expression writes has no scheme, and takes that of the version beside it.
type versionValue struct {
	text   string
	scheme version.Scheme
	of     string // PURL type, "" for one that an expression writes
}

// typeCPE is the type of versions in NVD's CPE names. It orders versions of components that have only a CPE name, as the matcher does, and
// versions without a package, such as a distribution's: numbers with dots.
const typeCPE = "cpe"

// versionOf returns a version of a component, which has the order of its type.
func versionOf(c *analyzer.Component, text string) versionValue {
	v := versionValue{text: text, of: cmp.Or(purltype.Canonical(c.Type), "unknown")}
	var ok bool
	if v.scheme, ok = version.For(v.of); c.Qualifiers["cpe"] != "" && (!ok || v.of == "generic") {
		v.scheme, _ = version.For(typeCPE)
	}
	return v
}

// fixOf returns the fixed version of a match. It has the order of CPE names if only advisories about a product state it.
func fixOf(m *matcher.Match, c *analyzer.Component) versionValue {
	v := versionOf(c, m.Fixed)
	other := func(a matcher.Advisory) bool { return a.Key.Type != typeCPE }
	if len(m.Advisories) > 0 && !slices.ContainsFunc(m.Advisories, other) {
		v.scheme, _ = version.For(typeCPE)
	}
	return v
}

// compare compares two versions by the scheme of either. Without a scheme, both are numbers with dots, as the versions of
// distributions are.
func (v versionValue) compare(w versionValue) (int, error) {
	if v.text == "" || w.text == "" {
		return 0, errors.New(`a version is empty, and has no order; test it with != "" first`)
	}
	if v.of != "" && w.of != "" && v.scheme != w.scheme {
		return 0, fmt.Errorf("a version of type %s and one of type %s have no common order", v.of, w.of)
	}
	of, scheme := cmp.Or(v.of, w.of), v.scheme
	if v.of == "" {
		scheme = w.scheme
	}
	if of == "" {
		scheme, _ = version.For(typeCPE)
	}
	if scheme == (version.Scheme{}) {
		return 0, fmt.Errorf("versions of type %s have no order", of)
	}
	a, err := scheme.Parse(v.plain(of))
	if err != nil {
		return 0, err
	}
	b, err := scheme.Parse(w.plain(of))
	if err != nil {
		return 0, err
	}
	return a.Compare(b), nil
}

// plain returns the text that is compared.
func (v versionValue) plain(of string) string {
	if of == "gem" {
		return gemplatform.Cut(v.text)
	}
	return v.text
}

// Compare implements [traits.Comparer].
func (v versionValue) Compare(other ref.Val) ref.Val {
	w, ok := other.(versionValue)
	if !ok {
		return types.MaybeNoSuchOverloadErr(other)
	}
	order, err := v.compare(w)
	if err != nil {
		return types.WrapErr(err)
	}
	return types.Int(order)
}

// Equal implements [ref.Val]. Versions without a common order are equal if their texts are.
func (v versionValue) Equal(other ref.Val) ref.Val {
	w, ok := other.(versionValue)
	if !ok {
		return types.MaybeNoSuchOverloadErr(other)
	}
	if v.text == w.text {
		return types.True
	}
	order, err := v.compare(w)
	return types.Bool(err == nil && order == 0)
}

// Match implements [traits.Matcher].
func (v versionValue) Match(pattern ref.Val) ref.Val { return types.String(v.text).Match(pattern) }

func (v versionValue) ConvertToNative(t reflect.Type) (any, error) {
	return types.String(v.text).ConvertToNative(t)
}

func (v versionValue) ConvertToType(t ref.Type) ref.Val { return convert(v, v.text, t) }

func (v versionValue) Type() ref.Type { return versionType }

func (v versionValue) Value() any { return v.text }

// A severityValue is a severity, of a match or a finding.
type severityValue struct{ level matcher.Level }

// severityOf returns the severity of a finding. A word that is no severity is unknown.
func severityOf(word string) severityValue {
	if strings.EqualFold(word, "info") { // the findings' word
		return severityValue{matcher.Negligible}
	}
	for level := matcher.Critical; level > matcher.Unknown; level-- {
		if strings.EqualFold(word, level.String()) {
			return severityValue{level}
		}
	}
	return severityValue{}
}

// constantOf returns the name of a severity in expressions.
func constantOf(level matcher.Level) string { return strings.ToUpper(level.String()) }

// Compare implements [traits.Comparer].
func (s severityValue) Compare(other ref.Val) ref.Val {
	t, ok := other.(severityValue)
	if !ok {
		return types.MaybeNoSuchOverloadErr(other)
	}
	return types.Int(cmp.Compare(s.level, t.level))
}

// Equal implements [ref.Val].
func (s severityValue) Equal(other ref.Val) ref.Val {
	if _, ok := other.(severityValue); !ok {
		return types.MaybeNoSuchOverloadErr(other)
	}
	return types.Bool(ref.Val(s) == other)
}

func (s severityValue) ConvertToNative(t reflect.Type) (any, error) {
	return types.String(s.level.String()).ConvertToNative(t)
}

func (s severityValue) ConvertToType(t ref.Type) ref.Val { return convert(s, s.level.String(), t) }

func (s severityValue) Type() ref.Type { return severityType }

func (s severityValue) Value() any { return s.level.String() }

// convert converts a value to a text, its own type, or the type of types.
func convert(v ref.Val, text string, t ref.Type) ref.Val {
	switch t {
	case types.StringType:
		return types.String(text)
	case types.TypeType:
		return v.Type().(*cel.Type)
	case v.Type():
		return v
	}
	return types.NewErr("type conversion error from '%s' to '%s'", v.Type(), t)
}
