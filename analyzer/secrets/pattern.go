package secrets

import (
	"regexp"
	"regexp/syntax"
	"sync"
	"unicode/utf8"

	"github.com/hullmark/hullmark/internal/prefilter"
)

// A pattern is an expression that is compiled when a text first needs it. Most rules see no text in a scan.
type pattern struct {
	source  string
	longest int // bytes of a match in ASCII
	exact   func() *regexp.Regexp
	matcher func() *prefilter.Matcher

	// Expressions of other tools begin with [\w.-]{0,50}?, which takes as few characters as it can. Package regexp would try each of them as the start of
	// a match, fifty at a time. So exact is the expression without this lead, and find puts it in front of matches.
	lead *syntax.Regexp // the class of its characters, or nil
	most int            // characters of the lead

	// For an expression with matches of any length: head matches the beginning of each of its matches, in at most reach bytes of ASCII.
	head  func() *prefilter.Matcher
	reach int
}

// newPattern returns a pattern and the tree of its expression.
func newPattern(source string) (*pattern, *syntax.Regexp, error) {
	tree, err := syntax.Parse(source, syntax.Perl)
	if err != nil {
		return nil, nil, err
	}
	rest := source
	lead, most, tail := split(tree)
	if lead != nil {
		rest = tail.String()
		if _, err := syntax.Parse(rest, syntax.Perl); err != nil { // expressions come from users: none may make MustCompile panic
			rest, lead, most, tail = source, nil, 0, tree
		}
	}
	head, _ := beginning(tail)
	return &pattern{
		reach: longest(head),
		head: sync.OnceValue(func() *prefilter.Matcher {
			m, _ := prefilter.New(head.String())
			return m
		}),
		source: source, longest: longest(tree), lead: lead, most: most,
		exact: sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(rest) }), // it was parsed
		matcher: sync.OnceValue(func() *prefilter.Matcher {
			m, _ := prefilter.New(source)
			return m
		}),
	}, tree, nil
}

// split returns the class and the most characters of a lead that takes as few as it can, or nil, and the rest of the expression.
//
// The leftmost match of the whole has the first match of the rest: a lead that reaches a later one reaches the first one, too, with fewer
// characters.
func split(t *syntax.Regexp) (class *syntax.Regexp, most int, rest *syntax.Regexp) {
	if t.Op != syntax.OpConcat {
		return nil, 0, t
	}
	lead := t.Sub[0]
	if lead.Flags&syntax.NonGreedy == 0 || lead.Op != syntax.OpRepeat || lead.Min > 0 || lead.Max <= 0 || lead.Sub[0].Op != syntax.OpCharClass {
		return nil, 0, t
	}
	tail := *t
	tail.Sub = t.Sub[1:]
	return lead.Sub[0], lead.Max, &tail
}

// beginning returns an expression without repetitions of any number, which is the expression t up to the first of them, and whether there is one. Each
// match of t begins with a match of it.
func beginning(t *syntax.Regexp) (head *syntax.Regexp, ends bool) {
	out := *t
	switch t.Op {
	case syntax.OpStar:
		return &syntax.Regexp{Op: syntax.OpEmptyMatch}, true
	case syntax.OpPlus:
		one, _ := beginning(t.Sub[0])
		return one, true
	case syntax.OpRepeat:
		if longest(t.Sub[0]) >= endless {
			one, _ := beginning(t.Sub[0])
			out = syntax.Regexp{Op: syntax.OpQuest, Sub: []*syntax.Regexp{one}}
			if t.Min > 0 {
				return one, true
			}
			return &out, true
		}
		if t.Max >= 0 {
			return t, false
		}
		out.Max = t.Min
		return &out, true
	case syntax.OpConcat, syntax.OpAlternate, syntax.OpCapture, syntax.OpQuest:
		out.Sub = nil
		for _, s := range t.Sub {
			h, e := beginning(s)
			out.Sub, ends = append(out.Sub, h), ends || e
			if e && t.Op == syntax.OpConcat {
				break
			}
		}
		return &out, ends
	}
	return t, false
}

// lengthen puts the lead in front of a match.
func (p *pattern) lengthen(text []byte, from int, m []int) []int {
	if p.lead == nil || m == nil {
		return m
	}
	for range p.most {
		r, n := utf8.DecodeLastRune(text[from:m[0]])
		if n == 0 || !contains(p.lead.Rune, r) {
			break
		}
		m[0] -= n
	}
	return m
}

// contains reports whether a list of ranges, of their first and last characters, contains a character.
func contains(ranges []rune, r rune) bool {
	for i := 0; i+1 < len(ranges); i += 2 {
		if ranges[i] <= r && r <= ranges[i+1] {
			return true
		}
	}
	return false
}

// mustPattern is newPattern for expressions of this package.
func mustPattern(source string) *pattern {
	p, _, err := newPattern(source)
	if err != nil {
		panic(err)
	}
	return p
}

// get returns the compiled expression, without its lead.
func (p *pattern) get() *regexp.Regexp { return p.exact() }

// firstStart returns an index before which no match begins, or -1 if there is no match.
func (p *pattern) firstStart(c *prefilter.Cache, text []byte, from int) int {
	head := p.head()
	if head == nil || p.reach >= endless {
		return from
	}
	end := head.End(c, text[from:], -1)
	switch end {
	case -1:
		return -1
	case prefilter.Unknown:
		return from
	}
	end += from
	reach := p.reach
	if most := reach * utf8.UTFMax; !isASCII(text[max(from, end-most):end]) {
		reach = most
	}
	return max(from, end-reach-1) // one byte more for assertions
}

// find returns the first match in a text from an index on, with its groups, as regexp.FindSubmatchIndex does. It lets the expression see only the
// places at which a match may end, which it learns much faster.
func (p *pattern) find(c *prefilter.Cache, text []byte, from int) []int {
	m := p.matcher()
	if m == nil || p.longest >= endless {
		if m != nil && m.End(c, text[from:], -1) == -1 {
			return nil
		}
		start := from
		if m != nil {
			if start = p.firstStart(c, text, from); start < 0 {
				return nil
			}
		}
		found := p.exact().FindSubmatchIndex(text[start:])
		if found != nil && found[0] == 0 && start > from { // an assertion took the cut for the start of a text or a word
			found, start = p.exact().FindSubmatchIndex(text[from:]), from
		}
		return p.lengthen(text, from, moved(found, start))
	}
	first := from
	for after := from - 1; ; {
		end := m.End(c, text[from:], after-from)
		switch end {
		case -1:
			return nil
		case prefilter.Unknown:
			return p.lengthen(text, first, moved(p.exact().FindSubmatchIndex(text[from:]), from))
		}
		// No match ends before, so none begins before this. One byte more is for assertions.
		end += from
		longest := p.longest
		if most := longest * utf8.UTFMax; !isASCII(text[max(from, end-most):min(len(text), end+most)]) {
			longest = most
		}
		start := max(from, end-longest-1)
		stop := min(len(text), end+longest+1)
		if found := p.exact().FindSubmatchIndex(text[start:stop]); found != nil {
			if found[0] == 0 && start > first || found[1] == stop-start && stop < len(text) { // an assertion took a cut for an end of the text or of a word
				found, start = p.exact().FindSubmatchIndex(text[first:]), first
			}
			return p.lengthen(text, first, moved(found, start))
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
