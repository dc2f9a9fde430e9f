package redact

import (
	"strings"

	"github.com/hullmark/hullmark/internal/lazyregexp"
)

// keyBegin matches the first line of a private key: PEM (RFC 7468), OpenPGP armor (RFC 9580), SSH2 (RFC 4716) and PuTTY.
var keyBegin = lazyregexp.New(`-{4,5} ?BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,20}-{4,5}|Private-Lines: [0-9]{1,4}`)

// privateKeys finds the bodies of private keys. A body ends at the next dashes, or before a byte that no key contains. So a key without an end
// is found, too, and one whose line breaks are written as \n.
func (l *list) privateKeys(text string) {
	if !strings.Contains(text, "PRIVATE KEY") && !strings.Contains(text, "Private-Lines") {
		return
	}
	for _, at := range keyBegin.Get().FindAllStringIndex(text, -1) {
		end := at[1]
		for end < len(text) && isArmor(text[end]) && !strings.HasPrefix(text[end:], "----") {
			end++
		}
		l.add(at[1], end)
	}
}

// isArmor reports whether a byte may stand in the body of a private key: base64, headers, and line breaks, escaped ones too.
func isArmor(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("+/= \t\r\n\\:,-.()", c) >= 0
}

// A form is the form of secrets of some kind. An expression is slow, so it is applied only to lines with one of the hints.
type form struct {
	expression *lazyregexp.Expression // a group, if there is one, is the secret
	hints      []string
}

// forms are secrets that show by themselves. Sources: the documentation of each service about its tokens; RFC 7519 for JSON web tokens;
// crypt(5) for the hashes of passwords; the documentation of libpq for its password file, host:port:database:user:password.
var forms = []form{
	{lazyregexp.New(`\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}`), []string{"AKIA", "ASIA", "ABIA", "ACCA"}},
	{lazyregexp.New(`\b(?:gh[pousr]_[A-Za-z0-9]{30,255}|github_pat_[A-Za-z0-9_]{22,255}|npm_[A-Za-z0-9]{30,255}|hf_[A-Za-z0-9]{30,255}|` +
		`[rs]k_(?:live|test)_[A-Za-z0-9]{16,255}|dckr_(?:pat|oat)_[A-Za-z0-9_\-]{20,255})`),
		[]string{"ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "npm_", "hf_", "k_live_", "k_test_", "dckr_"}},
	{lazyregexp.New(`\b(?:gl(?:pat|dt|rt|cbt|ptt|soat|agent|imt|ft)-[A-Za-z0-9_\-]{16,}|xox[abeoprs]-[A-Za-z0-9\-]{10,}|xapp-[0-9]-[A-Za-z0-9\-]{10,}|` +
		`pypi-AgE[A-Za-z0-9_\-]{40,}|sk-[A-Za-z0-9_\-]{32,}|GOCSPX-[A-Za-z0-9_\-]{20,}|AGE-SECRET-KEY-1[A-Z0-9]{40,})`),
		[]string{"gl", "xox", "xapp-", "pypi-AgE", "sk-", "GOCSPX-", "AGE-SECRET-KEY-"}},
	{lazyregexp.New(`\b(?:AIza[A-Za-z0-9_\-]{35}|ya29\.[A-Za-z0-9_\-]{20,}|SG\.[A-Za-z0-9_\-]{16,}\.[A-Za-z0-9_\-]{16,}|hv[sb]\.[A-Za-z0-9_\-]{20,})`),
		[]string{"AIza", "ya29.", "SG.", "hvs.", "hvb."}},
	{lazyregexp.New(`\beyJ[A-Za-z0-9_\-]{6,}\.[A-Za-z0-9_\-]{8,}(?:\.[A-Za-z0-9_\-]*)*`), []string{"eyJ"}},
	{lazyregexp.New(`\$(?:1|2[abxy]?|5|6|7|y|gy|sha1|md5|apr1|P|H|argon2(?:id|i|d)|scrypt|pbkdf2[a-z0-9\-]*)\$[A-Za-z0-9./+=,$\-]{8,}|` +
		`\{S?SHA(?:256|384|512)?\}[A-Za-z0-9+/=]{20,}`),
		[]string{"$1$", "$2", "$5$", "$6$", "$7$", "$y$", "$gy$", "$sha1$", "$md5$", "$apr1$", "$P$", "$H$", "$argon2", "$scrypt$", "$pbkdf2", "SHA"}},
	// A password in a URL ends at the last at sign of the authority, because many are not escaped. A long user without a password is a token.
	{lazyregexp.New(`\b[A-Za-z][A-Za-z0-9+.\-]{0,30}://(?:[^\s/:@"'<>]{0,200}:([^\s/"'<>]+)|([^\s/:@"'<>]{16,}))@`), []string{"://"}},
	{lazyregexp.New(`^[^\s:#"'=]{1,255}:(?:[0-9]{1,5}|\*):[^\s:]+:[^\s:]+:([^\r:]+)\r?$`), []string{":0", ":1", ":2", ":3", ":4", ":5", ":6", ":7", ":8", ":9", ":*"}},
	{lazyregexp.New(`(?:\s|["'])(?:-u|--user|--proxy-user)(?:[ \t=]+|["',\s]+)["']?[^\s:"']{1,200}:([^\s"']+)`), []string{"-u", "-user"}}, // of curl and wget
	{lazyregexp.New(`(?i:identified +by +(?:password +)?)['"]([^'"]+)['"]`), []string{"by ", "BY "}},                                      // SQL
	{lazyregexp.New(`\b(?:Bearer|Basic)[ \t]+([A-Za-z0-9+/=_.~\-]{16,})`), []string{"Bearer", "Basic"}},
}

// forms finds secrets by their forms. None has a line break.
func (l *list) forms(text string) {
	var active []form
	for _, f := range forms {
		var hints []string
		for _, h := range f.hints {
			if strings.Contains(text, h) {
				hints = append(hints, h)
			}
		}
		if hints != nil {
			active = append(active, form{f.expression, hints})
		}
	}
	if active == nil {
		return
	}
	start := 0
	for line := range strings.Lines(text) {
		for _, f := range active {
			if f.hinted(line) {
				l.matches(start, strings.TrimSuffix(line, "\n"), f.expression)
			}
		}
		start += len(line)
	}
}

func (f *form) hinted(line string) bool {
	for _, h := range f.hints {
		if strings.Contains(line, h) {
			return true
		}
	}
	return false
}

// matches adds the matches of an expression in a line, or their groups.
func (l *list) matches(start int, line string, e *lazyregexp.Expression) {
	for _, at := range e.Get().FindAllStringSubmatchIndex(line, -1) {
		if len(at) == 2 {
			l.add(start+at[0], start+at[1])
		}
		for i := 2; i < len(at); i += 2 {
			if at[i] >= 0 && !isReference(line[at[i]:at[i+1]]) {
				l.add(start+at[i], start+at[i+1])
			}
		}
	}
}
