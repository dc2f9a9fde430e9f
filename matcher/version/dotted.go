package version

import (
	"cmp"
	"errors"
	"strings"
)

// CRAN and Hackage versions are lists of numbers. A list precedes the longer lists that begin with it, so "1.0" precedes
// "1.0.0". R separates numbers with dots or hyphens (utils::compareVersion). Haskell separates them with dots; they have no leading
// zeros and at most nine digits, and tags after them ("-alpha") are ignored (Cabal's Distribution.Version).

func parseCRAN(s string) (string, error) { return s, checkNumbers(s, '-') }

func parseHackage(s string) (string, error) {
	s, tags, hasTags := strings.Cut(s, "-")
	if err := checkNumbers(s, '.'); err != nil {
		return "", err
	}
	for rest := s; rest != ""; rest = strings.TrimPrefix(rest, ".") {
		var number string
		if number, rest = digits(rest); len(number) > 9 || len(number) > 1 && number[0] == '0' {
			return "", errors.New("a number has a leading zero or more than nine digits")
		}
	}
	for hasTags {
		var tag string
		tag, tags, hasTags = strings.Cut(tags, "-")
		for i := range len(tag) {
			if !isAlnum(tag[i]) {
				return "", errors.New("a tag has a character other than letters and digits")
			}
		}
		if tag == "" {
			return "", errors.New("a tag is empty")
		}
	}
	return s, nil
}

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
