package version

import "errors"

// The order of opam versions is that of Debian for the whole text, without epoch and revision. Source: the opam manual,
// "Version ordering", and OpamVersionCompare.

func parseOpam(s string) (string, error) {
	for i := range len(s) {
		if !isAlnum(s[i]) && s[i] != '-' && s[i] != '_' && s[i] != '+' && s[i] != '.' && s[i] != '~' {
			return "", errors.New("a character other than letters, digits and -_+.~")
		}
	}
	return s, nil
}
