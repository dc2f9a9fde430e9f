package retrieve

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf16"
)

// An Expression is one pattern of a search.
type Expression struct {
	Name   string
	Regexp *regexp.Regexp
	Secret bool // the matched text is a secret, so that records have it only if SearchOptions.Raw is set
}

// ParseExpression returns the expression in a text NAME=REGEXP, as the configuration of Anchore Engine has it. The syntax is that of package
// regexp. "^" and "$" match at every line. Other than Anchore's, the expression may match anywhere in a line, and over line borders.
func ParseExpression(s string) (Expression, error) {
	name, text, ok := strings.Cut(s, "=")
	if !ok || !isName(name) || text == "" {
		return Expression{}, fmt.Errorf("retrieve: expression %.100q: not NAME=REGEXP", s)
	}
	if _, err := regexp.Compile(text); err != nil { // before it is put in parentheses
		return Expression{}, fmt.Errorf("retrieve: expression %s: %w", name, err)
	}
	re, err := regexp.Compile("(?m:" + text + ")")
	if err != nil {
		return Expression{}, fmt.Errorf("retrieve: expression %s: %w", name, err)
	}
	return Expression{Name: name, Regexp: re}, nil
}

// isName reports whether a name of an expression consists of letters, digits and "_-.".
func isName(s string) bool {
	return s != "" && strings.Trim(strings.ToLower(s), "abcdefghijklmnopqrstuvwxyz0123456789_-.") == ""
}

// literals returns texts such that every file with a match contains one, or nil if some expression does not begin with a text. It adds the
// forms of UTF-16. With them, a scan holds few files in memory.
func literals(list []Expression) []string {
	const shortest, longest = 4, 30 // bytes; Info.Contains has at most 64
	var texts []string
	for _, e := range list {
		prefix, _ := e.Regexp.LiteralPrefix()
		if len(prefix) < shortest || strings.ContainsFunc(prefix, func(r rune) bool { return r >= 0x80 }) {
			return nil
		}
		prefix = prefix[:min(len(prefix), longest)]
		var little, big []byte
		for _, u := range utf16.Encode([]rune(prefix)) {
			little = append(little, byte(u), 0)
			big = append(big, 0, byte(u))
		}
		texts = append(texts, prefix, string(little), string(big))
	}
	return texts
}
