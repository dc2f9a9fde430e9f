package license

import (
	"strings"
	"testing"
)

func TestConjuncts(t *testing.T) {
	for expression, want := range map[string]string{
		"MIT":                             "MIT",
		"MIT AND ISC":                     "MIT|ISC",
		"MIT OR ISC AND Zlib":             "MIT OR ISC AND Zlib",
		"(MIT OR ISC) AND Zlib":           "MIT OR ISC|Zlib",
		"((MIT AND X) OR ISC) AND (Zlib)": "(MIT AND X) OR ISC|Zlib",
		"(MIT) AND (A) OR (B)":            "(MIT) AND (A) OR (B)",
		"(MIT OR ISC)":                    "(MIT OR ISC)",
		"(MIT AND ISC":                    "(MIT AND ISC",
		"A AND (B OR C) AND (D WITH E)":   "A|B OR C|D WITH E",
		"":                                "",
		")))":                             ")))",
	} {
		if got := strings.Join(Conjuncts(expression), "|"); got != want {
			t.Errorf("%q: %q, want %q", expression, got, want)
		}
	}
}
