package version

import (
	"errors"
	"strings"
)

// The order of Python versions is that of PEP 440 (now the "Version specifiers" specification of the Python Packaging User
// Guide) in the library packaging (packaging.version.VERSION_PATTERN, version._cmpkey):
//
//	[v][epoch!]release[pre][post][dev][+local]
//
// Case is ignored, and the alternative spellings of appendix B are allowed. Legacy versions, which packaging before 22 ordered
// before all others, are errors.
//
// The key has a field for each part: epoch, release without trailing zeros, then the order of each later part relative to a
// missing one.

// Bytes of a key for missing and present parts. The pre-release letters are between the first two.
const (
	pypiDevOnly = 0x00 // a development release without pre-release and post-release, which precedes any pre-release
	pypiFinal   = 0x0f // no pre-release otherwise
	pypiNoPost  = 0x00
	pypiPost    = 0x01
	pypiDev     = 0x00
	pypiNoDev   = 0x01
	pypiWord    = 0x01 // a word of a local version, which precedes any number
	pypiNumber  = 0x02
)

func parsePyPI(s string) (string, error) {
	var buf [keySize]byte
	key := buf[:0]
	if lower(s[0]) == 'v' {
		s = s[1:]
	}
	number, rest := digits(s)
	if rest != "" && rest[0] == '!' {
		if number == "" {
			return "", errors.New("epoch is not a number")
		}
		key = appendNumber(key, number)
		number, rest = digits(rest[1:])
	} else {
		key = appendNumber(key, "")
	}
	key, rest, err := appendPyPIRelease(key, number, rest)
	if err != nil {
		return "", err
	}

	pre, preNumber, rest := pypiPart(rest, pypiPreLetters)
	post, postNumber, rest := pypiPostPart(rest)
	dev, devNumber, rest := pypiPart(rest, pypiDevWord)
	switch {
	case pre != 0:
		key = appendNumber(append(key, pre), preNumber)
	case post == 0 && dev != 0:
		key = append(key, pypiDevOnly)
	default:
		key = append(key, pypiFinal)
	}
	if post != 0 {
		key = appendNumber(append(key, pypiPost), postNumber)
	} else {
		key = append(key, pypiNoPost)
	}
	if dev != 0 {
		key = appendNumber(append(key, pypiDev), devNumber)
	} else {
		key = append(key, pypiNoDev)
	}
	switch {
	case rest == "":
		return string(key), nil
	case rest[0] != '+':
		return "", errors.New("unexpected text after the release")
	}
	if key, err = appendPyPILocal(key, rest[1:]); err != nil {
		return "", err
	}
	return string(key), nil
}

// appendPyPIRelease appends the numbers of a release and returns the rest. The caller has read the first number.
func appendPyPIRelease(key []byte, number, rest string) ([]byte, string, error) {
	if number == "" {
		return nil, "", errors.New("release is not a number")
	}
	end := len(key) // end of the last number that is not 0
	for {
		key = appendNumber(key, number)
		if trimZeros(number) != "" {
			end = len(key)
		}
		if len(rest) < 2 || rest[0] != '.' || !isDigit(rest[1]) {
			return append(key[:end], 0), rest, nil
		}
		number, rest = digits(rest[1:])
	}
}

// pypiPart reads an optional [sep]word[sep][digits], where sep is one of "-", "_", ".". find returns the kind of the word.
// Without such a part the kind is 0 and rest is s.
func pypiPart(s string, find func(string) (kind byte, length int)) (kind byte, number, rest string) {
	rest = s
	if rest != "" && isPyPISeparator(rest[0]) {
		rest = rest[1:]
	}
	kind, length := find(rest)
	if kind == 0 {
		return 0, "", s
	}
	rest = rest[length:]
	if rest != "" && isPyPISeparator(rest[0]) {
		rest = rest[1:]
	}
	number, rest = digits(rest)
	return kind, number, rest
}

// pypiPostPart reads an optional post-release, which may be spelled "-1".
func pypiPostPart(s string) (kind byte, number, rest string) {
	if len(s) > 1 && s[0] == '-' && isDigit(s[1]) {
		number, rest = digits(s[1:])
		return 1, number, rest
	}
	return pypiPart(s, pypiPostWord)
}

func isPyPISeparator(c byte) bool { return c == '-' || c == '_' || c == '.' }

func pypiPreLetters(s string) (byte, int) {
	for _, p := range [...]struct {
		word string
		kind byte
	}{{"alpha", 1}, {"a", 1}, {"beta", 2}, {"b", 2}, {"preview", 3}, {"pre", 3}, {"c", 3}, {"rc", 3}} {
		if hasPrefixFold(s, p.word) {
			return p.kind, len(p.word)
		}
	}
	return 0, 0
}

func pypiPostWord(s string) (byte, int) {
	for _, word := range [...]string{"post", "rev", "r"} {
		if hasPrefixFold(s, word) {
			return 1, len(word)
		}
	}
	return 0, 0
}

func pypiDevWord(s string) (byte, int) {
	if hasPrefixFold(s, "dev") {
		return 1, len("dev")
	}
	return 0, 0
}

// appendPyPILocal appends the segments of a local version, which are words and numbers.
func appendPyPILocal(key []byte, s string) ([]byte, error) {
	for {
		i := strings.IndexAny(s, "-_.")
		segment := s
		if i >= 0 {
			segment = s[:i]
		}
		if segment == "" {
			return nil, errors.New("local version has an empty segment")
		}
		for j := range len(segment) {
			if !isAlnum(segment[j]) {
				return nil, errors.New("local version has a character that is neither a letter nor a digit")
			}
		}
		if _, rest := digits(segment); rest == "" {
			key = appendNumber(append(key, pypiNumber), segment)
		} else {
			key = appendWord(append(key, pypiWord), segment, true)
		}
		if i < 0 {
			return key, nil
		}
		s = s[i+1:]
	}
}
