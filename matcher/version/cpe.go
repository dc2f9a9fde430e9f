package version

import "errors"

// The versions of products that no ecosystem publishes, as NVD's CPE names have them, have no order that anybody defines. What
// is beyond doubt is accepted: any number of numbers separated by dots, of which missing ones at the end are 0, and behind them a
// letter, after all versions without, as OpenSSL counts (1.0.2 < 1.0.2k < 1.0.2za), or a p with a number, as OpenSSH and NTP
// count (8.2 < 8.2p1 = 8.2-p1, 4.2.8p9 < 4.2.8p10). A word that may come before the release (alpha, b2, rc1), and anything else, is an
// error.

func parseCPE(s string) (string, error) {
	key := make([]byte, 0, keySize)
	kept := 0 // without zeros at the end
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
	if s[0] == '-' && len(s) > 1 { // before an update, as package feed/nvd writes it
		s = s[1:]
	}
	n := 0
	for n < len(s) && 'a' <= lower(s[n]) && lower(s[n]) <= 'z' {
		n++
	}
	number, rest := digits(s[n:])
	switch {
	case n == 0 || rest != "":
		return "", errors.New("not made of numbers with dots, then letters, then a number")
	case n == 1 && (number == "" || lower(s[0]) == 'p'):
	case n == 2 && number == "" && lower(s[0]) == 'z':
	default:
		return "", errors.New("a word whose place is not known")
	}
	return string(appendNumber(appendWord(key, s[:n], true), number)), nil
}
