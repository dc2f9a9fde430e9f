package version

import "errors"

// A Bitnami version is an upstream version and the revision of Bitnami's build: "2.4.43-2". The upstream version has numbers
// separated by dots, where missing numbers are 0. A missing revision is 0, so that a bound without one includes the first
// build. Upstream versions with words are errors, because Bitnami publishes no order of them. Source: Bitnami's
// go-version.

func parseBitnami(s string) (string, error) {
	if s[0] == 'v' {
		s = s[1:]
	}
	key := make([]byte, 0, keySize)
	kept := 0 // length without zeros at the end
	for {
		number, rest := digits(s)
		if number == "" {
			return "", errors.New("a number is missing")
		}
		key = appendNumber(key, number)
		if trimZeros(number) != "" {
			kept = len(key)
		}
		if s = rest; s == "" || s[0] != '.' {
			break
		}
		s = s[1:]
	}
	key = append(key[:kept], 0)
	revision := ""
	if s != "" {
		if revision, s = digits(s[1:]); revision == "" || s != "" {
			return "", errors.New("not of the form number{.number}[-revision]")
		}
	}
	return string(appendNumber(key, revision)), nil
}
