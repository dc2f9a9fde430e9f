package redact

import "strings"

// privateKeys finds the bodies of private keys: PEM (RFC 7468), OpenPGP armor (RFC 9580), SSH2 (RFC 4716) and PuTTY. A body ends at the next dashes,
// or before a byte that no key contains. So a key without an end is found, too, and one whose line breaks are written as \n.
func (l *list) privateKeys(text string) {
	for done := 0; ; {
		at := strings.Index(text[done:], "PRIVATE KEY")
		if at < 0 {
			break
		}
		at += done
		done = at + len("PRIVATE KEY")
		label := strings.TrimRight(text[max(0, at-60):at], "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ")
		if !strings.Contains(text[max(0, at-60)+len(label):at], "BEGIN ") {
			continue
		}
		for done < len(text) && (isUpper(text[done]) || text[done] == ' ') {
			done++
		}
		if !strings.HasPrefix(text[done:], "----") {
			continue
		}
		for done < len(text) && text[done] == '-' {
			done++
		}
		done = l.keyBody(text, done)
	}
	const putty = "Private-Lines: "
	for done := 0; ; {
		at := strings.Index(text[done:], putty)
		if at < 0 {
			break
		}
		done += at + len(putty)
		for done < len(text) && isDigit(text[done]) {
			done++
		}
		done = l.keyBody(text, done)
	}
}

// keyBody adds the body of a private key that begins at start, and returns its end.
func (l *list) keyBody(text string, start int) int {
	end := start
	for end < len(text) && isArmor(text[end]) && !strings.HasPrefix(text[end:], "----") {
		end++
	}
	l.form(text, start, end)
	return end
}

// isArmor reports whether a byte may stand in the body of a private key: base64, headers, and line breaks, escaped ones too.
func isArmor(c byte) bool {
	return isAlnum(c) || strings.IndexByte("+/= \t\r\n\\:,-.()", c) >= 0
}

// A token is a kind of secrets that begin with a text of their own.
type token struct {
	prefix string
	is     func(byte) bool // bytes that follow
	least  int             // number of them
}

// tokens are from the documentation of each service.
var tokens = []token{
	{"AKIA", isBase32, 16}, {"ASIA", isBase32, 16}, {"ABIA", isBase32, 16}, {"ACCA", isBase32, 16},
	{"ghp_", isAlnum, 20}, {"gho_", isAlnum, 20}, {"ghu_", isAlnum, 20}, {"ghs_", isAlnum, 20}, {"ghr_", isAlnum, 20}, {"github_pat_", isURLBase64, 20},
	{"npm_", isAlnum, 30}, {"hf_", isAlnum, 30}, {"rk_live_", isAlnum, 16}, {"sk_live_", isAlnum, 16}, {"rk_test_", isAlnum, 16}, {"sk_test_", isAlnum, 16},
	{"dckr_pat_", isURLBase64, 20}, {"dckr_oat_", isURLBase64, 20},
	{"glpat-", isURLBase64, 16}, {"gldt-", isURLBase64, 16}, {"glrt-", isURLBase64, 16}, {"glcbt-", isURLBase64, 16}, {"glptt-", isURLBase64, 16},
	{"glsoat-", isURLBase64, 16}, {"glagent-", isURLBase64, 16}, {"glimt-", isURLBase64, 16}, {"glft-", isURLBase64, 16},
	{"xoxa-", isURLBase64, 10}, {"xoxb-", isURLBase64, 10}, {"xoxe-", isURLBase64, 10}, {"xoxo-", isURLBase64, 10}, {"xoxp-", isURLBase64, 10},
	{"xoxr-", isURLBase64, 10}, {"xoxs-", isURLBase64, 10}, {"xapp-", isURLBase64, 12},
	{"pypi-AgE", isURLBase64, 40}, {"sk-", isURLBase64, 32}, {"GOCSPX-", isURLBase64, 20}, {"AGE-SECRET-KEY-1", isAlnum, 40},
	{"AIza", isURLBase64, 35}, {"ya29.", isURLBase64, 20}, {"SG.", isDotted, 33}, {"hvs.", isURLBase64, 20}, {"hvb.", isURLBase64, 20},
}

func isDigit(c byte) bool     { return '0' <= c && c <= '9' }
func isAlnum(c byte) bool     { return isUpper(c) || isLower(c) || isDigit(c) }
func isWord(c byte) bool      { return isAlnum(c) || c == '_' }
func isBase32(c byte) bool    { return isUpper(c) || '2' <= c && c <= '7' }
func isURLBase64(c byte) bool { return isWord(c) || c == '-' }
func isDotted(c byte) bool    { return isURLBase64(c) || c == '.' }
func isHash(c byte) bool      { return isAlnum(c) || strings.IndexByte("./+=,$-", c) >= 0 }
func isBearer(c byte) bool    { return isURLBase64(c) || strings.IndexByte("+/=.~", c) >= 0 }
func isBlank(c byte) bool     { return c == ' ' || c == '\t' }
func isQuote(c byte) bool     { return c == '"' || c == '\'' }
func isSpace(c byte) bool     { return isBlank(c) || c == '\n' || c == '\r' || c == '\v' || c == '\f' }

// run returns the index of the first byte at or after start of another kind.
func run(s string, start int, is func(byte) bool) int {
	for start < len(s) && is(s[start]) {
		start++
	}
	return start
}

// forms finds secrets by their forms. It looks at each byte a few times: an attempt either fails within a bounded number of bytes, or the next one
// begins behind the bytes that it looked at.
func (l *list) forms(text string) {
	start := 0
	for line := range strings.Lines(text) {
		l.line(text, start, start+len(strings.TrimRight(line, "\r\n")))
		start += len(line)
	}
	l.pipedPasswords(text)
}

// line finds secrets in one line, which is text[start:end].
func (l *list) line(text string, start, end int) {
	text = text[:end]
	l.pgpass(text, start)
	jwt := 0 // no JSON web token begins before this index
	for i := start; i < end; i++ {
		c := text[i]
		switch {
		case isAlnum(c) && (i == start || !isWord(text[i-1])):
			i = max(i, l.word(text, i, &jwt)-1)
		case c == ':':
			i = max(i, l.address(text, start, i)-1)
		case c == '$', c == '{':
			i = max(i, l.hash(text, i)-1)
		case c == '-' && i > start && (isBlank(text[i-1]) || isQuote(text[i-1])):
			l.user(text, i)
		}
	}
}

// word looks for a secret at the beginning of a word. It returns the index after it, or i.
func (l *list) word(text string, i int, jwt *int) int {
	for _, t := range tokens {
		if text[i] != t.prefix[0] || !strings.HasPrefix(text[i:], t.prefix) {
			continue
		}
		if end := run(text, i+len(t.prefix), t.is); end-i-len(t.prefix) >= t.least {
			return l.form(text, i, end)
		}
	}
	switch text[i] {
	case 'e':
		return l.jwt(text, i, jwt)
	case 'B', 'b':
		return l.authorization(text, i)
	case 'i', 'I':
		return l.identifiedBy(text, i)
	}
	return i
}

// jwt finds a JSON web token (RFC 7519). *next is the index before which none begins.
func (l *list) jwt(text string, i int, next *int) int {
	const first, second = 6, 8 // bytes
	if i < *next || !strings.HasPrefix(text[i:], "eyJ") {
		return i
	}
	dot := run(text, i, isURLBase64)
	if dot < i+len("eyJ")+first || dot == len(text) || text[dot] != '.' {
		*next = dot
		return i
	}
	if end := run(text, dot+1, isURLBase64); end < dot+1+second {
		*next = dot
		return i
	}
	return l.form(text, i, run(text, dot+1, isDotted))
}

// authorization finds the credentials after a scheme of HTTP.
func (l *list) authorization(text string, i int) int {
	const shortest = 16
	for _, scheme := range []string{"Bearer", "Basic", "bearer"} {
		if !strings.HasPrefix(text[i:], scheme) {
			continue
		}
		at := run(text, i+len(scheme), isBlank)
		if at == i+len(scheme) {
			continue
		}
		if end := run(text, at, isBearer); end-at >= shortest {
			return l.form(text, at, end)
		}
	}
	return i
}

// identifiedBy finds a password in SQL: IDENTIFIED BY PASSWORD 'x'.
func (l *list) identifiedBy(text string, i int) int {
	at := i
	for _, w := range []string{"identified", "by", "password"} {
		if len(text)-at >= len(w) && strings.EqualFold(text[at:at+len(w)], w) {
			at = run(text, at+len(w), isBlank)
		} else if w != "password" {
			return i
		}
	}
	if at < len(text) && isQuote(text[at]) {
		if end := strings.IndexByte(text[at+1:], text[at]); end > 0 {
			return l.form(text, at+1, at+1+end)
		}
	}
	return i
}

// address finds the password of a URL with its "://" at i. It ends at the last at sign of the authority, because many are not escaped. A long user
// without a password is a token.
func (l *list) address(text string, start, i int) int {
	if !strings.HasPrefix(text[i:], "://") || i == start || !isAlnum(text[i-1]) {
		return i
	}
	const shortest = 16
	from := i + len("://")
	end := run(text, from, func(c byte) bool { return !isSpace(c) && strings.IndexByte(`/"'<>`, c) < 0 })
	authority := text[from:end]
	at := strings.LastIndexByte(authority, '@')
	if at < 0 {
		return end
	}
	if colon := strings.IndexByte(authority[:at], ':'); colon >= 0 {
		l.form(text, from+colon+1, from+at)
	} else if at >= shortest {
		l.form(text, from, from+at)
	}
	return end
}

// hash finds the hash of a password that begins at i, in the forms of crypt(5) and RFC 2307.
func (l *list) hash(text string, i int) int {
	const longest, shortest, least = 20, 8, 20
	rest := text[i+1 : min(len(text), i+1+longest)]
	if text[i] == '{' {
		name, _, ok := strings.Cut(rest, "}")
		end := i + len(name) + 2
		if name, bits, _ := strings.Cut(name, "SHA"); !ok || name != "" && name != "S" || strings.Trim(bits, "0123456789") != "" {
			return i
		}
		if last := run(text, end, func(c byte) bool { return isAlnum(c) || strings.IndexByte("+/=", c) >= 0 }); last-end >= least {
			return l.form(text, i, last)
		}
		return i
	}
	name, _, ok := strings.Cut(rest, "$")
	switch {
	case !ok:
		return i
	case strings.HasPrefix(name, "pbkdf2"):
	default:
		switch name {
		case "1", "2", "2a", "2b", "2x", "2y", "3", "5", "6", "7", "y", "gy", "sm3", "sm3y", "sha1", "md5", "apr1", "P", "H", "argon2id", "argon2i", "argon2d", "scrypt":
		default:
			return i
		}
	}
	from := i + len(name) + 2
	if end := run(text, from, isHash); end-from >= shortest {
		return l.form(text, i, end)
	}
	return i
}

// user finds the password of an option -u or --user, of curl and wget, which begins at i.
func (l *list) user(text string, i int) {
	const longest = 200
	for _, option := range []string{"--proxy-user", "--user", "-u"} {
		if !strings.HasPrefix(text[i:], option) {
			continue
		}
		at := i + len(option)
		from := run(text, at, func(c byte) bool { return isBlank(c) || isQuote(c) || c == '=' || c == ',' })
		name, after, ok := strings.Cut(text[from:min(len(text), from+longest)], ":")
		if from == at || !ok || name == "" || strings.ContainsAny(name, " \t\"'") {
			return
		}
		from += len(name) + 1
		end := run(text, from, func(c byte) bool { return !isSpace(c) && !isQuote(c) })
		if strings.Trim(name+text[from:min(end, from+len(after))], "0123456789") != "" { // numbers are an account and a group
			l.form(text, from, end)
		}
		return
	}
}

// pgpass finds the password in a line of libpq's password file: host:port:database:user:password.
func (l *list) pgpass(text string, start int) {
	line := text[start:]
	if line == "" || line[0] == '#' || strings.Count(line, ":") != 4 {
		return
	}
	f := strings.Split(line, ":")
	if f[1] != "*" && (strings.Trim(f[1], "0123456789") != "" || len(f[1]) > 5) || strings.ContainsAny(f[0], " \t\"'=#") || strings.ContainsAny(f[2]+f[3], " \t") {
		return
	}
	if f[0] != "" && f[1] != "" && f[2] != "" && f[3] != "" {
		l.form(text, len(text)-len(f[4]), len(text))
	}
}

// pipedPasswords finds passwords that a command gets from another one, or from a here string: echo root:secret | chpasswd, echo secret | passwd --stdin root.
func (l *list) pipedPasswords(text string) {
	for done := 0; ; {
		at := strings.Index(text[done:], "passwd")
		if at < 0 {
			return
		}
		from := done // windows don't overlap, so that the time is linear
		at += done
		done = at + len("passwd")
		named := strings.HasSuffix(text[from:at], "ch")
		if !named && !strings.HasPrefix(text[done:], " --stdin") {
			continue
		}
		if named {
			after := strings.TrimLeft(text[done:min(len(text), done+16)], " \t")
			if strings.HasPrefix(after, "<<<") {
				start := run(text, done, isBlank) + len("<<<")
				done = start + len(firstLine(text[start:]))
				l.piece(text, start, done, true)
				continue
			}
		}
		pipe := strings.LastIndexByte(text[from:at], '|')
		if pipe < 0 {
			continue
		}
		pipe += from
		from += strings.LastIndexAny(text[from:pipe], "|&") + 1
		for _, command := range []string{"echo ", "printf "} {
			if i := strings.Index(text[from:pipe], command); i >= 0 {
				l.piece(text, from+i+len(command), pipe, named)
				break
			}
		}
	}
}

// piece adds the passwords in the arguments of echo: the parts of words after a colon if they are named, else words that are no options.
func (l *list) piece(text string, start, end int, named bool) {
	for i := start; i < end; {
		if isSpace(text[i]) || isQuote(text[i]) {
			i++
			continue
		}
		last := min(end, run(text, i, func(c byte) bool { return !isSpace(c) && !isQuote(c) }))
		word := text[i:last]
		if colon := strings.IndexByte(word, ':'); named && colon > 0 && !strings.HasPrefix(word[colon+1:], "%") { // a verb of printf
			l.form(text, i+colon+1, last)
		} else if !named && word[0] != '-' {
			l.form(text, i, last)
		}
		i = last
	}
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// form adds a secret that its form shows, unless it stands for another value. It returns the end.
func (l *list) form(text string, start, end int) int {
	if !isReference(text[start:end]) {
		l.sure = l.sure || isOpaque(text[start:end])
		l.add(start, end)
	}
	return end
}
