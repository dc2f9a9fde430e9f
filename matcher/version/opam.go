package version

import (
	"cmp"
	"errors"
)

// The order of opam versions is that of Debian without epochs: the text before the last hyphen, then the text after it. So
// "1.0-a" precedes "1.0+b". Source: opam's OpamVersionCompare and OpamPackage.

func parseOpam(s string) (string, error) {
	for i := range len(s) {
		if !isAlnum(s[i]) && s[i] != '-' && s[i] != '_' && s[i] != '+' && s[i] != '.' && s[i] != '~' {
			return "", errors.New("a character other than letters, digits and -_+.~")
		}
	}
	return s, nil
}

func compareOpam(a, b string) int {
	a, lastA, _ := cutLast(a, '-')
	b, lastB, _ := cutLast(b, '-')
	return cmp.Or(compareDebPart(a, b), compareDebPart(lastA, lastB))
}
