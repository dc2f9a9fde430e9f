package version

import "errors"

// The order of Ruby versions, as RubyGems' Gem::Version compares them: runs of digits and runs of letters, the rest only
// separates, but for a hyphen, which is ".pre.". A word comes before any number and before the end; zeros at the end, and
// before the first word, do not count.
//
// Since the end is as good as any count of zeros, a zero cannot be placed without what follows it: "1.a" comes after
// "1.a.0.b" but before "1.a.0.1". So zeros before a word are a field of their own in the key, with their count.
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
	zeros, words := 0, false // zeros that have been read but not placed
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

// checkGem checks s against Gem::Version::VERSION_PATTERN: a number, then words of letters and digits after dots, then
// perhaps a hyphen, after which words may have hyphens too.
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
			return errors.New("not made of words of letters and digits, separated by dots and hyphens")
		}
	}
	if empty {
		return errors.New("ends with a separator")
	}
	return nil
}
