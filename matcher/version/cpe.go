package version

import "errors"

// No specification orders the versions in NVD's CPE names, nor those of the PURL type generic. parseCPE accepts only forms with an undisputed order: numbers
// separated by dots, where missing numbers at the end are 0, and optionally a suffix. The suffix makes a later version. It is a
// letter, as of OpenSSL (1.0.2 < 1.0.2k < 1.0.2za), or p with a number, as of OpenSSH and NTP (8.2 < 8.2p1 = 8.2-p1, 4.2.8p9 <
// 4.2.8p10). Any other text is an error, including words that may denote a pre-release (alpha, b2, rc1).

func parseCPE(s string) (string, error) {
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
	if s == "" {
		return string(append(key, 0)), nil
	}
	if s[0] == '-' && len(s) > 1 { // before an update, in the form of package feed/nvd
		s = s[1:]
	}
	n := 0
	for n < len(s) && 'a' <= lower(s[n]) && lower(s[n]) <= 'z' {
		n++
	}
	number, rest := digits(s[n:])
	switch {
	case n == 0 || rest != "":
		return "", errors.New("not of the form number{.number}[letters[number]]")
	case n == 1 && (number == "" || lower(s[0]) == 'p'):
	case n == 2 && number == "" && lower(s[0]) == 'z':
	default:
		return "", errors.New("a word without a known order")
	}
	return string(appendNumber(appendWord(key, s[:n], true), number)), nil
}
