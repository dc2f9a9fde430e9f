package version

import (
	"errors"
	"strings"
)

// The order of Gentoo's versions is that of the Package Manager Specification, chapter 3: number{.number}[letter]{_suffix[number]}[-rN].
// The first number is an integer. Later ones are, too, unless one of a pair begins with 0: then they are digits after a decimal point.

// ebuildSuffixes are in order. A version without a suffix comes between rc and p.
var ebuildSuffixes = [...]string{"alpha", "beta", "pre", "rc", "", "p"}

const ebuildNoSuffix = 5

func parseEbuild(s string) (string, error) {
	key := make([]byte, 0, keySize)
	number, rest := digits(s)
	if number == "" {
		return "", errors.New("does not begin with a number")
	}
	key = appendNumber(key, number)
	for strings.HasPrefix(rest, ".") {
		if number, rest = digits(rest[1:]); number == "" {
			return "", errors.New("a number is missing")
		}
		if number[0] == '0' {
			key = appendWord(append(key, 1), strings.TrimRight(number, "0"), false)
		} else {
			key = appendNumber(append(key, 2), number)
		}
	}
	key = append(key, 0)
	letter := byte(0)
	if rest != "" && isLower(rest[0]) {
		letter, rest = rest[0], rest[1:]
	}
	key = append(key, letter)
	for strings.HasPrefix(rest, "_") {
		word, after := letters(rest[1:])
		rank := 0
		for i, suffix := range ebuildSuffixes {
			if word == suffix && word != "" {
				rank = i + 1
			}
		}
		if rank == 0 {
			return "", errors.New("an unknown suffix")
		}
		number, rest = digits(after)
		key = appendNumber(append(key, byte(rank)), number)
	}
	key = append(key, ebuildNoSuffix)
	if after, ok := strings.CutPrefix(rest, "-r"); ok {
		if number, rest = digits(after); number == "" {
			return "", errors.New("a revision without a number")
		}
		key = appendNumber(key, number)
	} else {
		key = appendNumber(key, "")
	}
	if rest != "" {
		return "", errors.New("not of the form number{.number}[letter]{_suffix[number]}[-rN]")
	}
	return string(key), nil
}
