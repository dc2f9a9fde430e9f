package secrets

import (
	"regexp"
	"regexp/syntax"
	"sync"
	"unicode/utf8"

	"github.com/hullmark/hullmark/internal/quickmatch"
)

// A pattern is an expression that is compiled when a text first needs it. Most rules see no text in a scan.
type pattern struct {
	source  string
	longest int // bytes of a match in ASCII
	exact   func() *regexp.Regexp
	matcher func() *quickmatch.Matcher
}

// newPattern returns a pattern and the tree of its expression.
func newPattern(source string) (*pattern, *syntax.Regexp, error) {
	tree, err := syntax.Parse(source, syntax.Perl)
	if err != nil {
		return nil, nil, err
	}
	return &pattern{
		source: source, longest: longest(tree),
		exact: sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(source) }), // it was parsed
		matcher: sync.OnceValue(func() *quickmatch.Matcher {
			m, _ := quickmatch.New(source)
			return m
		}),
	}, tree, nil
}

// mustPattern is newPattern for expressions of this package.
func mustPattern(source string) *pattern {
	p, _, err := newPattern(source)
	if err != nil {
		panic(err)
	}
	return p
}

// get returns the compiled expression.
func (p *pattern) get() *regexp.Regexp { return p.exact() }

// find returns the first match in a text from an index on, with its groups, as regexp.FindSubmatchIndex does. It lets the expression see only the
// places at which a match may end, which it learns much faster.
func (p *pattern) find(c *quickmatch.Cache, text []byte, from int) []int {
	m := p.matcher()
	if m == nil || p.longest >= endless {
		if m != nil && m.End(c, text[from:], -1) == -1 {
			return nil
		}
		return moved(p.exact().FindSubmatchIndex(text[from:]), from)
	}
	for after := from - 1; ; {
		end := m.End(c, text[from:], after-from)
		switch end {
		case -1:
			return nil
		case quickmatch.Unknown:
			return moved(p.exact().FindSubmatchIndex(text[from:]), from)
		}
		// No match ends before, so none begins before this. One byte more is for assertions.
		end += from
		longest := p.longest
		if most := longest * utf8.UTFMax; !isASCII(text[max(from, end-most):min(len(text), end+most)]) {
			longest = most
		}
		start := max(from, end-longest-1)
		if found := p.exact().FindSubmatchIndex(text[start:min(len(text), end+longest+1)]); found != nil {
			return moved(found, start)
		}
		from, after = max(from, end+1-longest), end
	}
}

// moved adds an offset to the indexes of a match.
func moved(m []int, by int) []int {
	for i := range m {
		if m[i] >= 0 {
			m[i] += by
		}
	}
	return m
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// leading returns the text with which all matches of an expression begin.
func leading(t *syntax.Regexp) string {
	switch t.Op {
	case syntax.OpLiteral:
		if t.Flags&syntax.FoldCase == 0 {
			return string(t.Rune)
		}
	case syntax.OpConcat, syntax.OpCapture:
		return leading(t.Sub[0])
	}
	return ""
}
