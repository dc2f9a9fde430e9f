package rules

import (
	"slices"
	"strings"

	"github.com/hullmark/hullmark/internal/lazyregexp"
)

const mask = "***"

// IsSecret reports whether a variable holds a secret, as far as its name and value tell. A value that refers to a secret is no secret: a
// path, another variable, a switch.
func IsSecret(name, value string) bool {
	value = strings.Trim(value, `"'`)
	return IsSecretName(name) && isOpaque(value) || Redact(value) != value
}

// RedactValue returns the value of a variable or label, or "***" if it seems to be a secret.
func RedactValue(name, value string) string {
	if IsSecretName(name) && IsSecret(name, value) {
		return mask
	}
	return Redact(value)
}

func isOpaque(value string) bool {
	switch strings.ToLower(value) {
	case "", mask, "true", "false", "yes", "no", "on", "off", "none", "null", "0", "1", "optional", "required":
		return false
	}
	return value[0] != '/' && value[0] != '$' && value[0] != '<'
}

// secretWords end a word of a name that holds a secret: "PGPASSWORD", "AUTH_TOKEN".
var secretWords = []string{"PASSWORD", "PASSWD", "PASSPHRASE", "SECRET", "TOKEN", "APIKEY", "CREDENTIAL", "CREDENTIALS"}

// harmless are words after which a name describes a secret instead: "PASSWORD_MIN_LENGTH", "TOKEN_FILE".
var harmless = []string{
	"FILE", "PATH", "DIR", "DIRECTORY", "NAME", "LENGTH", "TTL", "EXPIRY", "EXPIRATION", "EXPIRES", "LIFETIME", "TIMEOUT", "ENABLED", "DISABLED",
	"TYPE", "ALGORITHM", "HEADER", "URL", "URI", "ENDPOINT", "POLICY", "HASHERS", "FIELD", "COUNT", "SIZE", "PROVIDER", "STORE", "STDIN", "ISSUER", "AUDIENCE",
}

// IsSecretName reports whether the name of a variable or option suggests a secret.
func IsSecretName(name string) bool {
	const longest = 200
	if len(name) > longest {
		return false
	}
	words := strings.FieldsFunc(strings.ToUpper(name), func(c rune) bool { return c == '_' || c == '-' || c == '.' })
	if len(words) == 0 || slices.Contains(harmless, words[len(words)-1]) {
		return false
	}
	for i, w := range words {
		if slices.ContainsFunc(secretWords, func(end string) bool { return strings.HasSuffix(w, end) }) {
			return true
		}
		before := ""
		if i > 0 {
			before = words[i-1]
		}
		switch {
		case w == "PASS", w == "PWD" && i > 0, // not PWD itself, which is a directory
			w == "KEY" && slices.Contains([]string{"API", "ACCESS", "PRIVATE", "SECRET", "ENCRYPTION", "AUTH"}, before):
			return true
		}
	}
	return false
}

// A form is a secret that the text around it gives away. The expression has three groups: before, secret, after.
type form struct {
	hints      []string // the text has one of them
	expression *lazyregexp.Expression
}

var forms = []form{
	{[]string{"PRIVATE KEY"}, lazyregexp.New(`(?s)(-----BEGIN [A-Z ]*PRIVATE KEY-----)(.*?)(-----END [A-Z ]*PRIVATE KEY-----|$)`)},
	// Keys of AWS, GitHub, GitLab, Slack, Stripe, Google and npm, and JSON Web Tokens.
	{[]string{"AKIA", "ASIA"}, lazyregexp.New(`(\b)((?:AKIA|ASIA)[0-9A-Z]{16})()`)},
	{[]string{"ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"}, lazyregexp.New(`(\b)(gh[pousr]_[0-9A-Za-z]{20,}|github_pat_[0-9A-Za-z_]{20,})()`)},
	{[]string{"glpat-", "xox"}, lazyregexp.New(`(\b)(glpat-[0-9A-Za-z_-]{20,}|xox[abeoprs]-[0-9A-Za-z-]{10,})()`)},
	{[]string{"_live_", "AIza", "npm_"}, lazyregexp.New(`(\b)([sr]k_live_[0-9A-Za-z]{16,}|AIza[0-9A-Za-z_-]{35}|npm_[0-9A-Za-z]{36})()`)},
	{[]string{"eyJ"}, lazyregexp.New(`(\b)(eyJ[0-9A-Za-z_-]{8,}\.[0-9A-Za-z_-]+\.[0-9A-Za-z_-]*)()`)},
	{[]string{"://"}, lazyregexp.New(`(://[^\s/:@"']*:)([^\s/@"']+)(@)`)},
	{[]string{"-u", "--user"}, lazyregexp.New(`((?:^|\s)(?:-u|--user)(?:\s+|=)["']?[^\s:"'/]+:)([^\s"'/]+)()`)},
	{[]string{"uthorization", "UTHORIZATION"}, lazyregexp.New(`(?i)(authorization:\s*(?:(?:basic|bearer|token)\s+)?)([^\s"']+)()`)},
	{[]string{"chpasswd"}, lazyregexp.New(`((?:echo|printf)\s+(?:-\S+\s+)*["']?[A-Za-z_][A-Za-z0-9_.-]*:)([^\s"'|]+)(["']?\s*\|[^|]*\bchpasswd\b)`)},
	{[]string{"--stdin"}, lazyregexp.New(`((?:echo|printf)\s+(?:-\S+\s+)*["']?)([^\s"'|]+)(["']?\s*\|\s*(?:sudo\s+)?passwd\s+--stdin)`)},
}

// minSecret is the length of the shortest text with a secret and a name for it: "PASS=x".
const minSecret = 6

// Redact replaces secrets in the text of an instruction by "***". References such as "$TOKEN" stay.
func Redact(text string) string {
	if len(text) < minSecret {
		return text
	}
	for _, f := range forms {
		if !slices.ContainsFunc(f.hints, func(hint string) bool { return strings.Contains(text, hint) }) {
			continue
		}
		text = f.expression.Get().ReplaceAllStringFunc(text, func(s string) string {
			m := f.expression.FindStringSubmatch(s)
			if m == nil || !isOpaque(m[2]) {
				return s
			}
			return m[1] + mask + m[3]
		})
	}
	return redactNamed(text)
}

// redactNamed replaces the values of assignments and options with the name of a secret: "TOKEN=abc", "--password abc".
func redactNamed(text string) string {
	var b strings.Builder
	done := 0 // bytes of text that b has
	for i := 0; i < len(text); {
		if !isNameByte(text[i]) {
			i++
			continue
		}
		start := i
		for i < len(text) && isNameByte(text[i]) {
			i++
		}
		name := strings.TrimLeft(text[start:i], "-")
		at := i
		if text[start] == '-' { // an option, perhaps of an exec form: "--password", "abc"
			at += len(text[at:]) - len(strings.TrimLeft(text[at:], " \t\n\"',"))
		}
		switch {
		case at < len(text) && at == i && text[at] == '=':
			at++
		case at > i && at < len(text) && text[at] != '-':
		default:
			continue
		}
		if !IsSecretName(name) {
			continue
		}
		end := at + valueEnd(text[at:])
		if quote := text[at-1]; quote == '"' || quote == '\'' { // within quotes
			if n := strings.IndexByte(text[at:], quote); n >= 0 {
				end = at + n
			}
		}
		if isOpaque(strings.Trim(text[at:end], `"'`)) {
			b.WriteString(text[done:at])
			b.WriteString(mask)
			done = end
		}
		i = max(i, end)
	}
	if done == 0 {
		return text
	}
	b.WriteString(text[done:])
	return b.String()
}

func isNameByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '-' || c == '.'
}

// valueEnd returns the end of a shell word, which may have quoted parts.
func valueEnd(s string) int {
	quote := byte(0)
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && quote != '\'':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case strings.IndexByte(" \t\r\n;|&)", c) >= 0:
			return i
		}
	}
	return len(s)
}
