package redact

import (
	"strings"

	"github.com/hullmark/hullmark/internal/lazyregexp"
)

// stems make a name the name of a secret wherever they stand in it.
var stems = []string{
	"password", "passwd", "passphrase", "passcode", "secret", "apikey", "privatekey", "accesskey", "signingkey", "encryptionkey", "masterkey",
	"accountkey", "sharedkey", "storagekey", "credential", "authtoken", "clientkeydata", "connectionstring",
}

// words make a name the name of a secret if they are words of it.
var words = map[string]bool{
	"pass": true, "pwd": true, "pw": true, "token": true, "tokens": true, "authorization": true, "bearer": true, "cookie": true, "jwt": true,
}

// harmless are last words of names that describe a secret, but don't hold it: PASSWORD_FILE, tokenEndpoint, access_key_id.
var harmless = map[string]bool{
	"file": true, "files": true, "path": true, "dir": true, "stdin": true, "prompt": true, "policy": true, "length": true, "min": true, "max": true,
	"type": true, "name": true, "id": true, "url": true, "uri": true, "endpoint": true, "host": true, "port": true, "ttl": true, "expires": true,
	"expiry": true, "expiration": true, "age": true, "count": true, "limit": true, "enabled": true, "required": true, "lifetime": true, "arn": true,
	"algorithm": true, "format": true, "field": true, "header": true, "ref": true, "version": true, "provider": true, "method": true,
}

// isSecret reports whether a key has the name of a secret: DB_PASSWORD, apiKey, --auth-token.
func isSecret(key string) bool {
	const longest = 200
	if len(key) < 2 || len(key) > longest {
		return false
	}
	switch strings.ToLower(key) {
	case "auth", "_auth":
		return true // of Docker's configuration and of .npmrc
	case "pwd", "oldpwd":
		return key == "pwd" || key == "Pwd" // of a connection string; PWD is the working directory
	case "webhook_url", "webhookurl":
		return true
	}
	found, last := false, ""
	var joined strings.Builder
	for w := range split(key) {
		found, last = found || words[w], w
		joined.WriteString(w)
	}
	if harmless[last] {
		return false
	}
	for _, s := range stems {
		found = found || strings.Contains(joined.String(), s)
	}
	return found
}

// split yields the words of a name in lower case: DB_PASSWORD, db-password, dbPassword and DBPassword have two.
func split(key string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		start := 0
		cut := func(end int) bool { return end == start || yield(strings.ToLower(key[start:end])) }
		for i := range len(key) {
			c := key[i]
			switch {
			case c == '_' || c == '-' || c == '.' || c == '/':
				if !cut(i) {
					return
				}
				start = i + 1
			case isUpper(c) && i > start && (!isUpper(key[i-1]) || i+1 < len(key) && isLower(key[i+1])):
				if !cut(i) {
					return
				}
				start = i
			}
		}
		cut(len(key))
	}
}

func isUpper(c byte) bool { return 'A' <= c && c <= 'Z' }
func isLower(c byte) bool { return 'a' <= c && c <= 'z' }

// reference matches values that stand for another: variables, templates, placeholders, and values that are no secrets.
var reference = lazyregexp.New(`^(?:\$[A-Z_][A-Z0-9_]*|\$\{[^{}]*\}|\$\([^()]*\)|\{\{[^{}]*\}\}|%[A-Z_]+%|<[^<>]*>|\*+|` +
	`(?i:null|nil|none|true|false|yes|no|on|off|~|undefined|` + "x+" + `)|\[redacted\])$`)

func isReference(value string) bool { return value == "" || reference.MatchString(value) }
