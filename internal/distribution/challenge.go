package distribution

import (
	"net/http"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/internal/lazyregexp"
)

// separate puts each challenge of a response into a header of its own, and Bearer, the scheme of registries, before the others.
// Package transport reads one challenge of each header, and uses the first whose scheme it knows.
func separate(header http.Header) {
	var list []string
	for _, value := range header.Values("WWW-Authenticate") {
		list = append(list, challenges(value)...)
	}
	if len(list) < 2 {
		return
	}
	slices.SortStableFunc(list, func(a, b string) int {
		switch bearer := isBearer(a); {
		case bearer == isBearer(b):
			return 0
		case bearer:
			return -1
		}
		return 1
	})
	header["Www-Authenticate"] = list
}

func isBearer(challenge string) bool {
	scheme, _, _ := strings.Cut(challenge, " ")
	return strings.EqualFold(scheme, "Bearer")
}

// nextChallenge matches the text after a comma if a challenge begins there. A parameter has "=" after its name.
var nextChallenge = lazyregexp.New(`^\s*[\w-]+(\s+[^\s=,]|\s*,|\s*$)`)

// challenges parts a header by RFC 9110, 11.6.1: commas separate challenges, and parameters too.
func challenges(header string) (list []string) {
	start, quoted := 0, false
	for i := 0; i < len(header); i++ {
		switch c := header[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case c == ',' && !quoted && nextChallenge.MatchString(header[i+1:]):
			list = append(list, strings.TrimSpace(header[start:i]))
			start = i + 1
		}
	}
	return append(list, strings.TrimSpace(header[start:]))
}
