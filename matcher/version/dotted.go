package version

import (
	"cmp"
	"errors"
)

// CRAN and Hackage versions are lists of numbers. A list precedes the longer lists that begin with it, so "1.0" precedes
// "1.0.0". R separates numbers with dots or hyphens (base::package_version), Haskell with dots (Data.Version). Haskell's
// deprecated tags are errors.

func parseCRAN(s string) (string, error)    { return s, checkNumbers(s, '-') }
func parseHackage(s string) (string, error) { return s, checkNumbers(s, '.') }

// checkNumbers checks numbers that are separated by dots or another byte.
func checkNumbers(s string, separator byte) error {
	for {
		number, rest := digits(s)
		if number == "" {
			return errors.New("a number is missing")
		}
		if rest == "" {
			return nil
		}
		if rest[0] != '.' && rest[0] != separator {
			return errors.New("text other than numbers")
		}
		s = rest[1:]
	}
}

func compareLists(a, b string) int {
	for {
		var numberA, numberB string
		numberA, a = digits(a)
		numberB, b = digits(b)
		if c := compareNumbers(numberA, numberB); c != 0 {
			return c
		}
		if a == "" || b == "" {
			return cmp.Compare(len(a), len(b))
		}
		a, b = a[1:], b[1:] // the separators
	}
}
