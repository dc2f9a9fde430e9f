package version

import (
	"math/rand/v2"
	"strings"
)

// A generator makes pairs of versions that look like those of one ecosystem. The pairs of a scheme are always the same.
type generator struct {
	rand   *rand.Rand
	first  string   // what made versions begin with: "n" for a number, other characters for themselves
	tokens []string // and what they are made of after that: separators, words, numbers
	real   []string // versions that were seen in advisories
}

func newGenerator(scheme string, real []string) *generator {
	var seed [32]byte
	copy(seed[:], scheme)
	first := "n"
	switch scheme {
	case "bitnami", "cargo", "github", "hex", "julia", "npm", "pub", "swift":
		first = "n.n.n"
	case "golang":
		first = "vn.n.n"
	}
	return &generator{rand.New(rand.NewChaCha8(seed)), first, alphabets[scheme], real}
}

// pair returns two versions, mostly near each other, since versions that differ at once test little. Half of the first
// ones are mutated from real versions, half are made of tokens.
func (g *generator) pair() (a, b string) {
	if g.rand.IntN(2) == 0 && len(g.real) > 0 {
		a = g.mutate(g.real[g.rand.IntN(len(g.real))], g.rand.IntN(3))
	} else {
		a = g.compose()
	}
	switch g.rand.IntN(8) {
	case 0:
		b = g.compose()
	case 1:
		if b = a; len(g.real) > 0 {
			b = g.real[g.rand.IntN(len(g.real))]
		}
	default:
		b = g.mutate(a, 1+g.rand.IntN(3))
	}
	return a, b
}

func (g *generator) token() string { return g.tokens[g.rand.IntN(len(g.tokens))] }

func (g *generator) number() string {
	switch g.rand.IntN(8) {
	case 0, 1:
		return "0"
	case 2:
		return "0" + string(rune('0'+g.rand.IntN(10)))
	case 3:
		return "2023" + string(rune('0'+g.rand.IntN(10)))
	case 4:
		n := make([]byte, 1+g.rand.IntN(24))
		for i := range n {
			n[i] = byte('0' + g.rand.IntN(10))
		}
		return string(n)
	}
	return string(rune('1' + g.rand.IntN(9)))
}

func (g *generator) compose() string {
	var s strings.Builder
	for _, c := range g.first {
		if c == 'n' {
			s.WriteString(g.number())
		} else {
			s.WriteRune(c)
		}
	}
	for range g.rand.IntN(9) {
		if g.rand.IntN(3) == 0 {
			s.WriteString(g.number())
		} else {
			s.WriteString(g.token())
		}
	}
	return s.String()
}

// mutate changes s in n places.
func (g *generator) mutate(s string, n int) string {
	for range n {
		at := g.rand.IntN(len(s) + 1)
		switch g.rand.IntN(7) {
		case 0:
			s = s[:at] + g.token() + s[at:]
		case 1:
			s = s[:at] + g.number() + s[at:]
		case 2:
			s += g.token()
		case 3:
			s += g.token() + g.number()
		case 4: // remove a few bytes
			to := min(len(s), at+1+g.rand.IntN(3))
			s = s[:at] + s[to:]
		case 5: // replace the number that follows
			i := strings.IndexAny(s[at:], "0123456789")
			if i >= 0 {
				_, rest := digits(s[at+i:])
				s = s[:at+i] + g.number() + rest
			}
		case 6: // change case
			if at < len(s) && isAlpha(s[at]) {
				s = s[:at] + string(rune(s[at]^0x20)) + s[at+1:]
			}
		}
	}
	if s = strings.ToValidUTF8(s, ""); s == "" { // where it took a character apart
		return "0"
	}
	return s
}

// alphabets are what the versions of each ecosystem are made of.
var alphabets = map[string][]string{
	"alpm":         {".", ".", "-", "-", "+", "_", ":", "a", "Z", "rc", ".r", ".g", "1:", "..", "++", "beta"},
	"ebuild":       {".", ".", "_", "-r", "-r", "a", "b", "p", "_alpha", "_beta", "_pre", "_rc", "_p", ".0", ".00", ".01", ".10", "-"},
	"bioconductor": {".", "-", ".0", ".0.0", "-1", "a"},
	"bitnami":      {".", ".0", ".0.0", "-", "-0", "-1", "rc", "-r", "-r1"},
	"conan":        {".", "-", "+", ".0", ".0.0", "a", "k", "cci.", "-rc.", "-pre", "+b", "_"},
	"github":       {".", "-", "+", ".0", ".1.2", ".0.0", "-alpha", "-rc.", ".1", "a", "v", "+build", "-0"},
	"hex":          {".", "-", "+", ".0", ".1.2", ".0.0", "-alpha", "-rc.", ".1", "a", "v", "+build", "-0"},
	"julia":        {".", "-", "+", ".0", ".1.2", ".0.0", "-alpha", "-rc.", ".1", "a", "v", "+build", "+1", "-0"},
	"opam":         {".", ".", "-", "~", "+", "a", "Z", "~rc", "+ox", "_", "~~"},
	"swift":        {".", "-", "+", ".0", ".1.2", ".0.0", "-alpha", "-rc.", ".1", "a", "v", "+build", "-0"},
	"cargo":        {".", "-", "+", ".0", ".1.2", ".0.0", "-alpha", "-rc.", ".1", "a", "x", "v", "+build", "-0"},
	"cpe":          {".", ".0", ".0.0", "a", "K", "za", "p", "p1", "rc", "-"},
	"generic":      {".", ".0", ".0.0", "a", "K", "za", "p", "p1", "rc", "-"},
	"cran":         {".", "-", ".0", ".0.0", "-1", "a"},
	"golang":       {".", "-", "+", ".0", ".1.2", ".0.0", "-rc.", "-pre", "rc", "beta", "go1.", "v", "-0.20191109021931-daa7c04131f5", "+incompatible"},
	"hackage":      {".", ".0", ".0.0", ".1", "-a"},
	"nuget":        {".", "-", "+", ".0", ".1.2", ".0.0", "-alpha", "-ALPHA", "-rc.", ".1", "a", "X", "+build", "-0"},
	"pub":          {".", "-", "+", ".0", ".1.2", ".0.0", "-alpha", "-rc.", ".1", "a", "x", "v", "+build", "+1", "-0"},
	"deb":          {".", ".", "-", "-", "~", "~", "+", ":", "a", "Z", "ubuntu", "deb", "~rc", "+deb12u", "+b", "1:", "_", "~~"},
	"pypi": {".", ".", ".", "-", "_", "+", "!", "1!", "a", "b", "rc", "c", "alpha", "beta", "pre", "preview", "post", "rev", "r",
		".dev", "dev", ".post", "-1", "+local", "+1.a", "v", "RC", "Post", ".0", ".0.0"},
	"rpm": {".", ".", "-", "-", "~", "~", "^", "^", "+", "_", ":", "a", "Z", "el", ".el9", "rc", "fc", "1:", "%", "~~"},
	"apk": {".", ".", ".", "_", "-r", "-r", "~", "a", "b", "p", "_alpha", "_beta", "_pre", "_rc", "_p", "_git", "_cvs", "_hg",
		"_svn", "~ab", "~1f", ".0", ".00", "-"},
	"gem": {".", ".", ".", "-", ".a", ".b", ".pre", "rc", ".rc", ".beta", "a", "Z", ".0", ".0.0", "-", "-java", "_"},
	"npm": {".", ".", ".", "-", "-", "+", "a", "beta", "-beta.", "-rc.", "alpha", "x", "v", "=", ".0", "-0", "+build", ".-", ".1.2",
		".0.0", ".2.3-"},
	"composer": {".", ".", ".", "-", "_", "a", "b", "p", "alpha", "beta", "RC", "rc", "pl", "patch", "stable", "-dev", "dev", ".x", ".x-dev", "@dev", "@beta", "+build", "v", "dev-", ".*", "-beta.", "#", "2010-01-02", "20100102", ":"},
	"maven": {".", ".", ".", "-", "-", "-", "a", "b", "m", "x", "alpha", "beta", "milestone", "rc", "cr", "snapshot", "-SNAPSHOT",
		"ga", ".Final", "-final", "RELEASE", "sp", ".sp", "-jre", "_", ".0", ".0.0", "-0", "+", "-1", ".1", "..", "--", ".-"},
}
