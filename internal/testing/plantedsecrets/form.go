package plantedsecrets

import (
	"fmt"
	"math/rand/v2"
	"regexp/syntax"
	"strings"
	"unicode"
)

// fill returns a random text that matches an expression. All of its repetitions have bounds.
func fill(r *rand.Rand, form string) string {
	re, err := syntax.Parse(form, syntax.Perl)
	if err != nil {
		panic(fmt.Sprintf("planted: %q: %v", form, err)) // a constant of this package, which a test fills
	}
	var b strings.Builder
	write(r, re, &b)
	return b.String()
}

func write(r *rand.Rand, re *syntax.Regexp, b *strings.Builder) {
	switch re.Op {
	case syntax.OpEmptyMatch:
	case syntax.OpLiteral:
		for _, c := range re.Rune {
			if re.Flags&syntax.FoldCase != 0 && r.IntN(2) == 0 {
				c = unicode.SimpleFold(c)
			}
			b.WriteRune(c)
		}
	case syntax.OpCharClass:
		n := 0
		for i := 0; i < len(re.Rune); i += 2 {
			n += int(re.Rune[i+1]-re.Rune[i]) + 1
		}
		k := r.IntN(n)
		for i := 0; i < len(re.Rune); i += 2 {
			size := int(re.Rune[i+1]-re.Rune[i]) + 1
			if k < size {
				b.WriteRune(re.Rune[i] + rune(k))
				return
			}
			k -= size
		}
	case syntax.OpCapture:
		write(r, re.Sub[0], b)
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			write(r, sub, b)
		}
	case syntax.OpAlternate:
		write(r, re.Sub[r.IntN(len(re.Sub))], b)
	case syntax.OpQuest:
		if r.IntN(2) == 0 {
			write(r, re.Sub[0], b)
		}
	case syntax.OpRepeat:
		if re.Max < 0 {
			panic("planted: a repetition without an upper bound: " + re.String())
		}
		for range re.Min + r.IntN(re.Max-re.Min+1) {
			write(r, re.Sub[0], b)
		}
	default:
		panic("planted: a form that cannot be filled: " + re.String())
	}
}
