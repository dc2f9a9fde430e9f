package secrets

import (
	"math/rand/v2"
	"regexp"
	"slices"
	"testing"

	"github.com/hullmark/hullmark/internal/prefilter"
)

// TestFind compares find with package regexp, from each place of random texts. Most expressions have a lead.
func TestFind(t *testing.T) {
	expressions := []string{
		`(?i)[\w.\-]{0,3}?(?:ab|ba)[a.]{0,2}=([abé]{2,})`, `[ab]{0,50}?b(a)`, `(?i)[\wé]{0,2}?(?:a|ab)(?:=|$)`, `[a.]{0,4}?(?:(a)|(b=))`, `[ab]{0,2}?\b(a+)=`,
		`(?:a|b)=[ab]+\.`, `a(?:b{2,}|[ab.]{1,2}=|é+)\.?`, `[ab]{0,2}?a(b+|(?:=a){2,})a`, `b(?:a+|b*)*=`, `(?:ab*){1,2}=`, `a*b`, `\ba+\b`, `(?m)^a+$`, `a(?:b+)?=`, `(?:a=)+?b`,
		`(?:a+b){0,2}=`, `(?m)[ab]{1,2}\b`, `\Bab\B`, `(?m)^(ab?)$`, `\b(a{1,3})\b`, `(?U)[ab]{0,2}(a+)=`, `(?s)[ab]{0,3}?.(?-s:.)=?`, `(?im)[ab]{0,3}?^(a)$`, `[ab]{0,2}?(?P<n>a)\Q=.\E`, `[ab]{0,2}?(?:)`, `[ab]{0,3}(?:ab)`, `[ab]{1,3}?=`, `(a)[ab]{0,3}?=`, `[^=]{0,3}?=(.)`, `x{0,3}?=`,
	}
	rng := rand.New(rand.NewPCG(1, 2))
	letters := []string{"a", "b", "=", ".", "é", "\xff", "A", "\n", "a", "b"}
	for _, expression := range expressions {
		p := mustPattern(expression)
		want := regexp.MustCompile(expression)
		for range 3000 {
			var text []byte
			for range rng.IntN(14) {
				text = append(text, letters[rng.IntN(len(letters))]...)
			}
			var c prefilter.Cache
			for from := range len(text) + 1 {
				got, want := p.find(&c, text, from), moved(want.FindSubmatchIndex(text[from:]), from)
				if !slices.Equal(got, want) {
					t.Fatalf("%s in %q from %d: %v, want %v", expression, text, from, got, want)
				}
			}
		}
	}
}
