package credmask

import (
	"strings"

	"github.com/hullmark/hullmark/internal/lazyregexp"
)

// secretWord is a part of the names of headers, parameters and fields that hold credentials. Those of signed URLs are
// X-Amz-Signature, X-Amz-Credential, X-Amz-Security-Token, X-Goog-Signature, AWSAccessKeyId, Key-Pair-Id, Signature and sig.
const secretWord = `(?:authoriz|auth(?:[-_]|\b)|token|pass(?:w|phrase|\b)|pwd|secret|signature|credential|api[-_]?key|access[-_]?key|key-pair-id|cookie|session|jwt)`

var (
	secretName = lazyregexp.New(`(?i)` + secretWord)

	// parameter is name=value, also escaped, and field is "name": "value", where the value is a credential.
	parameter = lazyregexp.New(`(?i)\b((?:[\w.-]*` + secretWord + `[\w.-]*|sig)(?:=|%3d))([^\s"'&,;<>\\]+)`)
	field     = lazyregexp.New(`(?i)(["'](?:[\w.-]*` + secretWord + `[\w.-]*|sig)\\*["']\s*[:=]\s*\\*["'])([^"']+)`)

	// element is a credential in XML, as storage services put it into errors.
	element = lazyregexp.New(`(?i)(<\w*` + secretWord + `\w*>)([^<]+)`)

	// header is a header with a credential.
	header = lazyregexp.New(`(?i)\b((?:proxy-)?authorization:|(?:set-)?cookie:|x-[\w-]*` + secretWord + `[\w-]*:)\s*(.+)`)

	// scheme is the value of a header Authorization.
	scheme = lazyregexp.New(`(?i)((?:\b|%20)(?:basic|bearer|negotiate|token))(\s+|%20|\+)([\w+/=.~:-]+)`)

	// jwt is a JSON Web Token.
	jwt = lazyregexp.New(`\beyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?`)

	// query is the query of a URL or of its path.
	query = lazyregexp.New(`(/[^\s"'<>?]*)\?[^\s"'<>]*`)
)

// patterns returns a text without what looks like a credential.
func patterns(text string) string {
	text = userinfo(text)
	text = query.ReplaceAllString(text, "$1?...")
	text = header.ReplaceAllString(text, "$1 "+mask)
	text = scheme.Get().ReplaceAllStringFunc(text, func(s string) string {
		m := scheme.FindStringSubmatch(s)
		if !opaque(m[3]) {
			return s
		}
		return m[1] + m[2] + mask
	})
	text = parameter.ReplaceAllString(text, "${1}"+mask)
	text = field.ReplaceAllString(text, "${1}"+mask)
	text = element.ReplaceAllString(text, "${1}"+mask)
	return jwt.ReplaceAllString(text, mask)
}

// opaque tells a token from an English word.
func opaque(s string) bool {
	if strings.HasPrefix(s, "realm=") {
		return false // a challenge
	}
	return len(s) >= 16 || strings.ContainsAny(s, "0123456789+/=_~")
}

// userinfo removes the userinfo of URLs, and the "user:password@" before a host without a scheme.
func userinfo(text string) string {
	var found spans
	for at := 0; at < len(text); {
		end := at + strings.IndexAny(text[at:], " \t\"'<>`")
		if end < at {
			end = len(text)
		}
		for start, schemed := at, false; start < end; schemed = true {
			if n := userinfoLen(text[start:end], schemed); n > 0 {
				found = append(found, span{start, start + n})
			}
			next := strings.Index(text[start:end], "://")
			if next < 0 {
				break
			}
			start += next + len("://")
		}
		at = end + 1
	}
	return found.mask(text)
}

// userinfoLen returns the length of the userinfo at the beginning of s, or 0. A password may have unescaped slashes and at
// signs in it. A port has only digits, and after the at sign of a reference to an image comes a digest.
func userinfoLen(s string, schemed bool) int {
	authority := s
	if i := strings.IndexAny(s, "/?#"); i >= 0 {
		authority = s[:i]
	}
	_, port, colon := strings.Cut(authority, ":")
	at := strings.LastIndexByte(authority, '@')
	if at < 0 && colon && strings.Trim(port, "0123456789") != "" && !strings.ContainsAny(authority, "[]") {
		at = strings.LastIndexByte(s, '@') // the password has a slash
	}
	if at < 0 || !schemed && !strings.Contains(s[:at], ":") || isDigest(s[at+1:]) {
		return 0
	}
	return at
}

func isDigest(s string) bool {
	return strings.HasPrefix(s, "sha256:") || strings.HasPrefix(s, "sha384:") || strings.HasPrefix(s, "sha512:")
}
