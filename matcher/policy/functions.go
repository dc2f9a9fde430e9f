package policy

import (
	"errors"
	"fmt"
	"strings"

	packageurl "github.com/package-url/packageurl-go"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/hullmark/hullmark/matcher"
)

// functions declares the functions on texts. The adapter is set when the environment is made.
func functions(adapter *types.Adapter) []cel.EnvOption {
	return []cel.EnvOption{
		cel.Function("glob", cel.Overload("glob_text", []*cel.Type{cel.StringType, cel.StringType}, cel.BoolType, cel.BinaryBinding(func(text, pattern ref.Val) ref.Val {
			s, ok := text.(types.String)
			p, isText := pattern.(types.String)
			if !ok || !isText {
				return types.MaybeNoSuchOverloadErr(text)
			}
			return types.Bool(globMatch(string(p), string(s)))
		}))),
		cel.Function("purl", cel.Overload("text_to_purl", []*cel.Type{cel.StringType}, cel.ObjectType("policy.purlValue"), cel.UnaryBinding(func(text ref.Val) ref.Val {
			s, ok := text.(types.String)
			if !ok {
				return types.MaybeNoSuchOverloadErr(text)
			}
			v, err := valueOfPURL(string(s))
			if err != nil {
				return types.WrapErr(err)
			}
			return (*adapter).NativeToValue(v)
		}))),
		cel.Function("severity", cel.Overload("text_to_severity", []*cel.Type{cel.StringType}, severityType, cel.UnaryBinding(func(text ref.Val) ref.Val {
			s, ok := text.(types.String)
			if !ok {
				return types.MaybeNoSuchOverloadErr(text)
			}
			v := severityOf(string(s))
			if v.level == matcher.Unknown && !strings.EqualFold(string(s), "unknown") {
				return types.NewErr("%q is not a severity", string(s))
			}
			return v
		}))),
	}
}

func valueOfPURL(text string) (*purlValue, error) {
	p, err := packageurl.FromString(text)
	if err != nil {
		return nil, fmt.Errorf("%q is not a package URL: %w", shorten(text), errors.New(strings.TrimPrefix(err.Error(), "failed to parse: ")))
	}
	return &purlValue{p.Type, p.Namespace, p.Name, p.Version, p.Qualifiers.Map(), p.Subpath}, nil
}

// ageMacro writes age(x) as age(now, x).
func ageMacro(f cel.MacroExprFactory, _ ast.Expr, args []ast.Expr) (ast.Expr, *common.Error) {
	return f.NewCall("age", f.NewIdent("now"), args[0]), nil
}

// globMatch reports whether a pattern matches a whole path. "*" is any text within one element, "**" any
// text, and "**/" at the beginning of an element any number of elements, none too.
//
// On a mismatch it extends the last star, and then the last of those that cross slashes. Earlier ones need no second try: the part of
// the pattern between two stars was matched as early as possible, and the later star can take all text that the earlier one would leave.
func globMatch(pattern, text string) bool {
	const none = -1
	p, t := 0, 0
	starP, starT := none, 0                  // behind the last "*", and where it ends in the text
	deepP, deepT, deepDirs := none, 0, false // likewise of "**" and of "**/"
	for {
		if p < len(pattern) {
			switch c := pattern[p]; {
			case c == '*' && strings.HasPrefix(pattern[p:], "**"):
				deepDirs = strings.HasPrefix(pattern[p:], "**/") && (p == 0 || pattern[p-1] == '/')
				if p += 2; deepDirs {
					p++
				}
				deepP, deepT, starP = p, t, none
				continue
			case c == '*':
				p++
				starP, starT = p, t
				continue
			case t < len(text) && c == text[t]:
				p, t = p+1, t+1
				continue
			}
		} else if t == len(text) {
			return true
		}
		switch {
		case starP != none && starT < len(text) && text[starT] != '/':
			starT++
			p, t = starP, starT
		case deepP != none && deepDirs:
			i := strings.IndexByte(text[deepT:], '/')
			if i < 0 {
				return false
			}
			deepT += i + 1
			p, t, starP = deepP, deepT, none
		case deepP != none && deepT < len(text):
			deepT++
			p, t, starP = deepP, deepT, none
		default:
			return false
		}
	}
}
