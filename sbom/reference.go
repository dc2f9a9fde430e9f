package sbom

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A namer gives out references, each once.
type namer struct {
	taken map[string]int // the number of requests for a reference
}

// unique returns want, or want with a number if it is taken. First it replaces characters that some notation can't express (control
// characters, invalid UTF-8) and a beginning that looks like a link to another document.
func (n *namer) unique(want string) string {
	want = clean(want)
	if want == "" {
		want = "component"
	}
	if strings.HasPrefix(want, "urn:cdx:") {
		want = "ref:" + want
	}
	name := want
	for n.taken[name] > 0 {
		n.taken[want]++
		name = want + "-" + strconv.Itoa(n.taken[want])
	}
	n.taken[name] = 1
	return name
}

func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == 0xFFFE || r == 0xFFFF {
			return utf8.RuneError
		}
		return r
	}, s)
}
