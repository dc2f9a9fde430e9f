package redact

import (
	"bytes"
	"slices"
	"strings"
)

// stems make a name the name of a secret wherever they stand in it.
var stems = []string{
	"password", "passwd", "passphrase", "passcode", "secret", "apikey", "privatekey", "accesskey", "signingkey", "encryptionkey", "masterkey",
	"accountkey", "sharedkey", "storagekey", "credential", "authtoken", "clientkeydata", "connectionstring",
}

// clues are parts of names: every name of a secret has one. Other names need no further look.
var clues = []string{"pass", "secret", "key", "credential", "token", "pw", "auth", "bearer", "cookie", "jwt", "connection", "webhook"}

// isSecretWord reports whether a word makes a name the name of a secret.
func isSecretWord(w string) bool {
	switch w {
	case "pass", "pwd", "pw", "token", "tokens", "authorization", "bearer", "cookie", "jwt":
		return true
	}
	return false
}

// harmless are last words of names that describe a secret, but don't hold it: PASSWORD_FILE, tokenEndpoint, access_key_id.
var harmless = map[string]bool{
	"file": true, "files": true, "path": true, "dir": true, "stdin": true, "prompt": true, "policy": true, "length": true, "min": true, "max": true,
	"type": true, "name": true, "id": true, "url": true, "uri": true, "endpoint": true, "host": true, "port": true, "ttl": true, "expires": true,
	"expiry": true, "expiration": true, "age": true, "count": true, "limit": true, "enabled": true, "required": true, "lifetime": true, "arn": true,
	"algorithm": true, "format": true, "field": true, "header": true, "ref": true, "version": true, "provider": true, "method": true,
}

// isSecret reports whether a key has the name of a secret: DB_PASSWORD, apiKey, --auth-token. A name consists of words: DB_PASSWORD, db-password,
// dbPassword and DBPassword have two.
func isSecret(key string) bool {
	const longest = 200
	if len(key) < 2 || len(key) > longest {
		return false
	}
	var space [longest]byte
	joined := space[:0] // the words in lower case
	found, start := false, 0
	var last []byte
	cut := func() {
		if start < len(joined) {
			last = joined[start:]
			found = found || isSecretWord(string(last))
			start = len(joined)
		}
	}
	for i := range len(key) {
		c := key[i]
		if c == '_' || c == '-' || c == '.' || c == '/' {
			cut()
			continue
		}
		if isUpper(c) {
			if i > 0 && (!isUpper(key[i-1]) || i+1 < len(key) && isLower(key[i+1])) {
				cut()
			}
			c += 'a' - 'A'
		}
		joined = append(joined, c)
	}
	cut()
	if !slices.ContainsFunc(clues, func(s string) bool { return bytes.Contains(joined, []byte(s)) }) {
		return false
	}
	switch string(joined) {
	case "auth":
		return true // of Docker's configuration and of .npmrc
	case "pwd", "oldpwd":
		if len(last) == len(joined) {
			return key == "pwd" || key == "Pwd" // a connection string; PWD is the working directory
		}
	case "nopasswd":
		return false // of sudoers
	case "webhookurl":
		return true
	}
	return !harmless[string(last)] && (found || slices.ContainsFunc(stems, func(s string) bool { return bytes.Contains(joined, []byte(s)) }))
}

// sureWords end a word of a name that surely holds a secret: "PGPASSWORD", "AUTH_TOKEN".
var sureWords = []string{"PASSWORD", "PASSWD", "PASSPHRASE", "SECRET", "TOKEN", "APIKEY", "CREDENTIAL", "CREDENTIALS"}

// descriptions are words after which a name describes a secret instead: "PASSWORD_MIN_LENGTH", "TOKEN_FILE".
var descriptions = []string{
	"FILE", "PATH", "DIR", "DIRECTORY", "NAME", "LENGTH", "TTL", "EXPIRY", "EXPIRATION", "EXPIRES", "LIFETIME", "TIMEOUT", "ENABLED", "DISABLED",
	"TYPE", "ALGORITHM", "HEADER", "URL", "URI", "ENDPOINT", "POLICY", "HASHERS", "FIELD", "COUNT", "SIZE", "VERSION", "PROVIDER", "STORE", "STDIN", "ISSUER", "AUDIENCE",
}

// isSureName reports whether the name of a variable or option says that it holds a secret. A finding needs more certainty than the removal of a text.
func isSureName(name string) bool {
	const longest = 200
	if len(name) > longest {
		return false
	}
	words := strings.FieldsFunc(strings.ToUpper(name), func(c rune) bool { return c == '_' || c == '-' || c == '.' })
	if len(words) == 0 || slices.Contains(descriptions, words[len(words)-1]) || slices.Contains(words, "PUBLIC") {
		return false
	}
	for i, w := range words {
		if slices.ContainsFunc(sureWords, func(end string) bool { return strings.HasSuffix(w, end) }) {
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

// isOpaque reports whether a value can be a secret: it is no path, no other variable, and no switch.
func isOpaque(value string) bool {
	if isReference(value) {
		return false
	}
	switch strings.ToLower(value[:min(len(value), len("required")+1)]) {
	case "0", "1", "optional", "required":
		return false
	}
	return value[0] != '/' && value[0] != '$' && value[0] != '<'
}

// isReference reports whether a value stands for another: a variable, a template, a placeholder, or is no secret.
func isReference(v string) bool {
	if v == "" {
		return true
	}
	last := len(v) - 1
	enclosed := func(open, end string) bool {
		return len(v) >= len(open)+len(end) && strings.HasPrefix(v, open) && strings.HasSuffix(v, end) &&
			!strings.ContainsAny(v[len(open):len(v)-len(end)], open[len(open)-1:]+end[:1])
	}
	switch v[0] {
	case '$':
		if inner, ok := strings.CutPrefix(v, "${"); ok && enclosed("${", "}") {
			name := run(inner, 0, isWord)
			other := strings.TrimLeft(strings.TrimSuffix(inner[name:], "}"), ":")
			return other == "" || strings.IndexByte("-=", other[0]) < 0 || isReference(other[1:]) // a default value may be a secret
		}
		return enclosed("$(", ")") || last > 0 && !isDigit(v[1]) && run(v, 1, func(c byte) bool { return isUpper(c) || isDigit(c) || c == '_' }) == len(v)
	case '{':
		return enclosed("{{", "}}")
	case '%':
		return last > 1 && v[last] == '%' && run(v, 1, func(c byte) bool { return isUpper(c) || c == '_' }) == last
	case '<':
		return enclosed("<", ">")
	case '*':
		return strings.Trim(v, "*") == ""
	case '[':
		return v == Mark
	case 'x', 'X':
		return strings.Trim(v, "xX") == ""
	}
	if len(v) > len("undefined") {
		return false
	}
	switch strings.ToLower(v) {
	case "null", "nil", "none", "true", "false", "yes", "no", "on", "off", "~", "undefined":
		return true
	}
	return false
}

func isUpper(c byte) bool { return 'A' <= c && c <= 'Z' }
func isLower(c byte) bool { return 'a' <= c && c <= 'z' }
