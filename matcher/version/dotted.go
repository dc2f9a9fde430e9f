package version

import (
	"cmp"
	"errors"
)

// The order of CRAN and Hackage versions: lists of numbers, of which the shorter comes first if it begins the longer, so
// that "1.0" comes before "1.0.0". R separates them with dots or hyphens (base::package_version), Haskell with dots
// (Data.Version; its tags are deprecated, and an error here).

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
			return errors.New("not made of numbers alone")
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
