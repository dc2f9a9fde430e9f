package accounts

import (
	"fmt"
	"strings"
)

// shadow reads shadow(5).
func (r *reading) shadow(text string) {
	empty := make(map[string]int) // index of the finding
	for n, line := range r.lines(text) {
		line = strings.TrimLeft(line, " \t")
		if line == "" || line[0] == '#' {
			continue
		}
		if r.full(n) {
			break
		}
		if line[0] == '+' || line[0] == '-' {
			r.compat(n, line)
			continue
		}
		f := strings.Split(line, ":")
		if f[0] == "" || len(f) < 2 {
			r.bad.Line(n, "not an entry with a name and a password")
			continue
		}
		if len(f) != 9 {
			r.bad.Line(n, "%d fields, want 9", len(f))
			f = append(f, make([]string, 9)...)[:9]
		}
		state := passwordState(f[1])
		r.record("password", f[0], n, "name", f[0], "state", state, "last-change", f[2], "minimum-days", f[3], "maximum-days", f[4],
			"warning-days", f[5], "inactive-days", f[6], "expires", f[7])
		if state == "empty" {
			empty[clean(f[0])] = len(r.result.Findings)
		}
		r.judgePassword(n, f[0], state)
	}
	r.result.Fact = factOf(&r.result, empty)
}

// gshadow reads gshadow(5).
func (r *reading) gshadow(text string) {
	for n, line := range r.lines(text) {
		if line == "" || line[0] == '#' {
			continue
		}
		if r.full(n) {
			return
		}
		f := strings.SplitN(line, ":", 4)
		if f[0] == "" || len(f) < 4 {
			r.bad.Line(n, "%d fields, want 4", len(f))
			continue
		}
		state := passwordState(f[1])
		r.record("group-password", f[0], n, "name", f[0], "state", state, "administrators", memberList(f[2]), "members", memberList(f[3]))
		if state != "empty" {
			r.judgePassword(n, "group "+f[0], state)
		}
	}
}

// judgePassword reports an empty password, and a hash, which users of the image can attack offline.
func (r *reading) judgePassword(n int, name, state string) {
	switch state {
	case "empty":
		r.finding("empty-password", "high", n, fmt.Sprintf("%s logs in without a password", short(name)), "")
	case "descrypt", "bigcrypt", "bsdicrypt", "md5crypt", "sunmd5", "nt":
		r.finding("weak-password-hash", "medium", n, fmt.Sprintf("the password of %s has a weak hash: %s", short(name), state), "")
	case "shadow", "locked":
	default:
		r.finding("password-hash", "low", n, fmt.Sprintf("the image contains the password hash of %s: %s", short(name), state),
			"Any user of the image can guess the password offline, and all containers share it.")
	}
}

// passwordState returns the state of a password field: "empty", "locked", or the method of its hash in the words of crypt(5).
func passwordState(s string) string {
	if s == "" {
		return "empty"
	}
	for _, m := range []struct{ prefix, name string }{
		{"$y$", "yescrypt"}, {"$gy$", "gost-yescrypt"}, {"$sm3y$", "sm3-yescrypt"}, {"$7$", "scrypt"},
		{"$2a$", "bcrypt"}, {"$2b$", "bcrypt"}, {"$2x$", "bcrypt"}, {"$2y$", "bcrypt"}, {"$2$", "bcrypt"},
		{"$6$", "sha512crypt"}, {"$5$", "sha256crypt"}, {"$sm3$", "sm3crypt"}, {"$sha1", "sha1crypt"},
		{"$md5", "sunmd5"}, {"$1$", "md5crypt"}, {"$3$", "nt"}, {"$argon2", "argon2"},
	} {
		if strings.HasPrefix(s, m.prefix) {
			return m.name
		}
	}
	switch {
	case s[0] == '$':
		return "unknown"
	case s[0] == '_' && len(s) == 20 && isCrypt(s[1:]):
		return "bsdicrypt"
	case len(s) == 13 && isCrypt(s):
		return "descrypt"
	case len(s) >= 24 && (len(s)-2)%11 == 0 && isCrypt(s):
		return "bigcrypt"
	}
	return "locked" // no password has this hash: "!", "*", "!!", "x", "!$6$..."
}

func isCrypt(s string) bool {
	for _, c := range []byte(s) {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '.' <= c && c <= '9') {
			return false
		}
	}
	return true
}
