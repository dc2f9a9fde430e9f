package version

import "errors"

// The order of Ruby versions is that of RubyGems' Gem::Version. A version has runs of digits and runs of letters. Other
// characters separate them, but a hyphen means ".pre.". A word precedes numbers and the end. Zeros at the end and before the
// first word are ignored.
//
// The end is equal to any number of zeros, so the rank of a zero depends on the next part: "1.a" follows "1.a.0.b" but precedes
// "1.a.0.1". The key therefore has a field for the number of zeros before a word.
const (
	gemWord        = 1
	gemZerosToWord = 2
	gemEnd         = 3
	gemNumber      = 4
)

func parseGem(s string) (string, error) {
	if err := checkGem(s); err != nil {
		return "", err
	}
	var buf [keySize]byte
	key := buf[:0]
	zeros, words := 0, false // zeros that are not yet in the key
	for s != "" {
		switch c := s[0]; {
		case isDigit(c):
			var number string
			if number, s = digits(s); trimZeros(number) == "" {
				zeros++
				continue
			}
			for ; zeros > 0; zeros-- {
				key = appendNumber(append(key, gemNumber), "")
			}
			key = appendNumber(append(key, gemNumber), number)
			continue
		case c == '.':
			s = s[1:]
			continue
		}
		var word string
		if s[0] == '-' {
			word, s = "pre", s[1:]
		} else {
			word, s = letters(s)
		}
		if zeros > 0 && words {
			key = appendCount(append(key, gemZerosToWord), zeros)
		}
		zeros, words = 0, true
		key = appendWord(append(key, gemWord), word, false)
	}
	return string(append(key, gemEnd)), nil
}

// checkGem checks s against Gem::Version::VERSION_PATTERN: a number, then words of letters and digits after dots. A hyphen may
// follow, and then words that may contain hyphens.
func checkGem(s string) error {
	if _, rest := digits(s); len(rest) == len(s) {
		return errors.New("does not begin with a number")
	} else if rest != "" && rest[0] != '.' && rest[0] != '-' {
		return errors.New("the first number is followed by neither a dot nor a hyphen")
	}
	hyphen, empty := false, false // after a hyphen; within an empty word
	for i := range len(s) {
		switch c := s[i]; {
		case isAlnum(c), c == '-' && hyphen:
			empty = false
		case c == '-' && !empty:
			hyphen, empty = true, true
		case c == '.' && !empty:
			empty = true
		default:
			return errors.New("not words of letters and digits, separated by dots and hyphens")
		}
	}
	if empty {
		return errors.New("ends with a separator")
	}
	return nil
}
