package secrets

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"hash"
	"hash/crc32"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A candidate is a match of a rule's expression.
type candidate struct {
	text   *text
	rule   string // ID
	offset int64  // offset of the secret in text
	region []byte // with the match
	start  int    // start of the match in region
	end    int
	secret []byte // the secret in it
	title  string // replaces that of the rule, if a check sets it
	low    bool   // the check found a reason for a lower severity
}

// checks are the functions that rules name.
var checks = map[string]func(*candidate) bool{
	"crc32-base62": crcBase62,
	"aws-id":       awsID,
	"azure-sas":    func(c *candidate) bool { return bytes.Contains(c.around(400), []byte("sv=")) },
	"mixed":        mixed,
	"discord":      discord,
	"pem":          pemKey,
	"bech32":       func(c *candidate) bool { return bech32(strings.ToLower(string(c.secret))) },
	"jwt":          jsonWebToken,
	"basic-auth":   basicAuth,
	"punctuated":   punctuated,
	"password":     func(c *candidate) bool { return !isPlaceholder(c.secret) && !isWeakPassword(c.secret) },
	"url-password": urlPassword,
	"grafana":      grafana,
	"base58":       func(c *candidate) bool { return base58Check(string(c.secret)) },
	"badge":        func(c *candidate) bool { return !inBadge(c) },
}

// around returns the match with up to n bytes on each side.
func (c *candidate) around(n int) []byte {
	return c.region[max(0, c.start-n):min(len(c.region), c.end+n)]
}

// crcBase62 checks the checksum of tokens of GitHub and npm: a prefix that ends in "_", 30 characters, and their CRC-32 as six digits of
// base 62. Some describe it as the sum of prefix and characters; a chance hit of either is equally rare.
func crcBase62(c *candidate) bool {
	_, body, ok := bytes.Cut(c.secret, []byte("_"))
	if !ok || len(body) <= 6 {
		return false
	}
	sum := string(body[len(body)-6:])
	return sum == base62(crc32.ChecksumIEEE(body[:len(body)-6]), 6) || sum == base62(crc32.ChecksumIEEE(c.secret[:len(c.secret)-6]), 6)
}

const base62Digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

func base62(n uint32, width int) string {
	b := make([]byte, width)
	for i := width - 1; i >= 0; i-- {
		b[i] = base62Digits[n%62]
		n /= 62
	}
	return string(b)
}

// awsID accepts the access key IDs of AWS, and names the account that newer ones encode.
func awsID(c *candidate) bool {
	if bytes.HasSuffix(c.secret, []byte("EXAMPLE")) {
		return false
	}
	if b, err := base32.StdEncoding.DecodeString(string(c.secret[4:])); err == nil && c.secret[4] != 'I' && c.secret[4] != 'J' {
		n := (uint64(binary.BigEndian.Uint32(b))<<16 | uint64(binary.BigEndian.Uint16(b[4:]))) >> 7 & (1<<40 - 1)
		if account := strconv.FormatUint(n, 10); len(account) <= 12 {
			c.title = "AWS access key ID of account " + strings.Repeat("0", 12-len(account)) + account
		}
	}
	return true
}

// mixed accepts texts with digits and with letters outside words: not identifiers such as test_parse_long_name. Digests in
// hexadecimal are no secrets of rules with this check, unless they have the rule's length.
func mixed(c *candidate) bool {
	var digits, upper, lower, other int
	for _, b := range c.secret {
		switch {
		case '0' <= b && b <= '9':
			digits++
		case 'A' <= b && b <= 'Z':
			upper++
		case 'a' <= b && b <= 'z':
			lower++
		default:
			other++
		}
	}
	n := len(c.secret)
	switch {
	case digits == 0 || digits == n || upper+lower == 0:
		return n < 18 && digits == 0 && upper > 1 && lower > 1 && other == 0 || false
	case upper == 0 || lower == 0:
		return digits*8 >= n && other*8 <= n
	}
	return other*5 <= n+5 && digits+upper >= 3 && wordBytes(c.secret)*5 < n*3
}

// wordBytes counts the lower-case letters of a text in runs of at least 5, which are few in texts of letters of both cases that a program made, and
// most in paths.
func wordBytes(b []byte) int {
	sum := 0
	for _, run := range bytes.FieldsFunc(b, func(r rune) bool { return r < 'a' || r > 'z' }) {
		if len(run) >= 5 {
			sum += len(run)
		}
	}
	return sum
}

// punctuated accepts texts with several characters that no identifier has.
func punctuated(c *candidate) bool {
	n := 0
	for _, b := range c.secret {
		if strings.IndexByte("!@#$%^&*(=+)", b) >= 0 {
			n++
		}
	}
	return n >= 3
}

// discord accepts tokens of bots: the first part is the number of the bot in base64.
func discord(c *candidate) bool {
	head, _, _ := bytes.Cut(c.secret, []byte("."))
	b, err := base64.RawStdEncoding.DecodeString(string(head))
	if err != nil || len(b) < 16 {
		return false
	}
	return len(bytes.Trim(b, "0123456789")) == 0
}

// jsonWebToken accepts tokens whose first two parts are JSON objects, with a signature. The token of the examples of the standard's web
// site is not a secret.
func jsonWebToken(c *candidate) bool {
	parts := strings.SplitN(string(c.secret), ".", 3)
	if len(parts) != 3 {
		return false
	}
	var header struct {
		Alg string `json:"alg"`
		Enc string `json:"enc"`
	}
	var claims map[string]json.RawMessage
	h, err := base64.RawURLEncoding.DecodeString(parts[0])
	if err != nil || json.Unmarshal(h, &header) != nil || header.Alg == "" || strings.EqualFold(header.Alg, "none") {
		return false
	}
	p, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(p, &claims) != nil || len(claims) == 0 {
		return false
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || isSignedPublicly(header.Alg, parts[0]+"."+parts[1], signature) {
		return false
	}
	return !(string(claims["sub"]) == `"1234567890"` && bytes.Contains(p, []byte("John Doe")))
}

// publicKeys are the keys with which documents sign tokens.
var publicKeys = []string{
	"secret", "key", "your-256-bit-secret", "your-384-bit-secret", "your-512-bit-secret", "a-string-secret-at-least-256-bits-long", "password", "test", "shhhhh", "changeme",
	"my-secret", "mysecret", "secret-key", "secret_key", "SECRET_KEY", "your_secret_key", "your-secret-key", "supersecret", "example",
}

// isSignedPublicly reports whether a token has the signature of a key that documents use. Everyone can make such a token.
func isSignedPublicly(alg, signed string, signature []byte) bool {
	hashes := map[string]func() hash.Hash{"HS256": sha256.New, "HS384": sha512.New384, "HS512": sha512.New}
	h := hashes[alg]
	return h != nil && slices.ContainsFunc(publicKeys, func(key string) bool {
		sum := hmac.New(h, []byte(key))
		sum.Write([]byte(signed))
		return hmac.Equal(sum.Sum(nil), signature)
	})
}

// inBadge reports whether a token is in the address of a picture. CircleCI makes tokens for the badges of builds, which are published with them and
// can do nothing else.
func inBadge(c *candidate) bool {
	address := c.region[:c.start]
	address = address[1+bytes.LastIndexAny(address, " \t\r\n\"'<>()[]"):]
	return bytes.Contains(address, []byte(".svg?")) || bytes.Contains(address, []byte(".png?"))
}

// bech32 checks the checksum of a text in lower case, by BIP 173.
func bech32(s string) bool {
	const alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
	at := strings.LastIndexByte(s, '1')
	if at < 1 {
		return false
	}
	sum := uint32(1)
	step := func(v uint32) {
		top := sum >> 25
		sum = sum&0x1ffffff<<5 ^ v
		for i, g := range [...]uint32{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3} {
			if top>>i&1 != 0 {
				sum ^= g
			}
		}
	}
	for i := range at {
		step(uint32(s[i] >> 5))
	}
	step(0)
	for i := range at {
		step(uint32(s[i] & 31))
	}
	for _, r := range s[at+1:] {
		v := strings.IndexRune(alphabet, r)
		if v < 0 {
			return false
		}
		step(uint32(v))
	}
	return sum == 1
}

// basicAuth accepts a user and a password in base64, or a token in it.
func basicAuth(c *candidate) bool {
	b, err := base64.StdEncoding.DecodeString(string(c.secret))
	if err != nil {
		if b, err = base64.RawStdEncoding.DecodeString(string(c.secret)); err != nil {
			return false
		}
	}
	user, password, ok := strings.Cut(string(b), ":")
	if !ok || user == "" || !isPrintable(b) {
		return false
	}
	return !isPlaceholder([]byte(password)) && !isWeakPassword([]byte(password)) && !isKnown([]byte(password))
}

func isPrintable(b []byte) bool {
	if !utf8.Valid(b) {
		return false
	}
	for _, c := range b {
		if c < ' ' && c != '\n' && c != '\r' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}

// urlPassword accepts a password in a URL, unless the host or the user is that of an example.
func urlPassword(c *candidate) bool {
	whole := strings.ToLower(string(c.region[c.start:c.end]))
	password := strings.ToLower(string(c.secret))
	_, rest, _ := strings.Cut(whole, "://")
	user, _, _ := strings.Cut(rest, ":")
	host := rest[strings.LastIndexByte(rest, '@')+1:]
	if isPlaceholder(c.secret) || isWeakPassword(c.secret) || password == user || len(password) < 6 {
		return false
	}
	if scheme, _, _ := strings.Cut(whole, ":"); c.rule == "database-url" && slices.Contains(webSchemes, scheme) {
		// Texts are full of addresses. The rule url-password searches configuration for them.
		return !c.text.config && isRandom(c.secret)
	}
	for _, h := range []string{"example.", "host", "hostname", "server", "domain.", "your", "my-", "foo", "bar", "test.", "localhost", "127.0.0.1", "0.0.0.0", "[::1]"} {
		if strings.HasPrefix(host, h) && !(h == "host" && len(host) > 4 && host[4] != '.' && host[4] != ':') {
			return isStrong(c.secret)
		}
	}
	if strings.HasSuffix(host, ".example") || strings.Contains(host, "example.") {
		return isRandom(c.secret)
	}
	return true
}

var webSchemes = []string{"http", "https", "git", "svn", "ssh", "git+http", "git+https", "git+ssh"}

// isRandom reports whether a program made a password, as far as one can tell: documents show shorter ones, or words.
func isRandom(p []byte) bool {
	words := bytes.FieldsFunc(p, func(c rune) bool { return c < 'a' || c > 'z' })
	for _, w := range words {
		if len(w) > 6 {
			return false
		}
	}
	return len(p) >= 12 && entropy(p) >= 3 && mixed(&candidate{secret: p})
}

// grafana checks the checksum of a service account token: the CRC-32 of the text before the last underscore.
func grafana(c *candidate) bool {
	at := bytes.LastIndexByte(c.secret, '_')
	sum, err := strconv.ParseUint(string(c.secret[at+1:]), 16, 32)
	return err == nil && uint32(sum) == crc32.ChecksumIEEE(c.secret[:at])
}

// base58Check checks the checksum of a text to the base 58: the first four bytes of the double SHA-256.
func base58Check(s string) bool {
	const digits = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
	n, base := new(big.Int), big.NewInt(58)
	for _, c := range s {
		d := strings.IndexRune(digits, c)
		if d < 0 {
			return false
		}
		n.Add(n.Mul(n, base), big.NewInt(int64(d)))
	}
	b := n.Bytes()
	if len(b) < 5 {
		return false
	}
	data, sum := b[:len(b)-4], b[len(b)-4:]
	first := sha256.Sum256(data)
	second := sha256.Sum256(first[:])
	return bytes.Equal(second[:4], sum)
}

// isStrong reports whether a password has more than lower-case letters and some digits at its end, as those of examples have.
func isStrong(p []byte) bool {
	return len(p) >= 8 && entropy(p) >= 2.75 && !isWord(p)
}

// isWord reports whether a text consists of letters of one case, perhaps with digits behind.
func isWord(p []byte) bool {
	p = bytes.TrimRight(p, "0123456789!")
	letters := bytes.TrimLeft(bytes.ToLower(p), "abcdefghijklmnopqrstuvwxyz")
	return len(letters) == 0
}

// entropy returns the bits a byte that the frequencies of bytes give.
func entropy(b []byte) float64 {
	if len(b) == 0 {
		return 0
	}
	var counts [256]int
	for _, c := range b {
		counts[c]++
	}
	sum := 0.0
	for _, n := range counts {
		if n > 0 {
			p := float64(n) / float64(len(b))
			sum -= p * math.Log2(p)
		}
	}
	return sum
}

// placeholders are parts of texts that stand for a secret in documents.
var placeholders = []string{
	"example", "xxxx", "your-", "your_", "yourt", "yourp", "yourk", "yours", "placeholder", "changeme", "change-me", "change_me", "replaceme", "replace-me", "replace_",
	"insert", "redacted", "dummy", "sample", "...", "****", "%2a%2a", "todo", "00000000", "11111111", "12345678", "abcdefgh", "abcd1234", "deadbeefdeadbeef", "0123456789abcdef", "foobar",
	"vault:secret/", "op://", "arn:aws:", "enc[", "fake", "notreal", "not-real", "not_real", "not-a-", "not_a_", "<", "{{", "${", "$(", "%(",
}

// isPlaceholder reports whether a text only stands for a secret.
func isPlaceholder(b []byte) bool {
	s := strings.ToLower(string(b))
	for _, p := range placeholders {
		if strings.Contains(s, p) {
			return true
		}
	}
	switch {
	case s == "", s[0] == '$', s[0] == '%' && s[len(s)-1] == '%', s[0] == '{' && s[len(s)-1] == '}', s[0] == '[' && s[len(s)-1] == ']',
		strings.Contains(s, "%s"), strings.Contains(s, "%v"), strings.Contains(s, "{}"), strings.Contains(s, "#{"):
		return true
	}
	return runs(s)
}

// runs reports whether most of a text are characters that repeat or follow one another.
func runs(s string) bool {
	n := 0
	for i := 1; i < len(s); i++ {
		if d := int(s[i]) - int(s[i-1]); d == 0 || d == 1 || d == -1 {
			n++
		}
	}
	return len(s) > 7 && n*2 > len(s)
}

func isWeakPassword(b []byte) bool {
	s := strings.ToLower(string(bytes.Trim(b, `"'`)))
	if len(s) < 4 || strings.Trim(s, "*.x-_") == "" {
		return true
	}
	s = strings.TrimRight(s, "0123456789!@#$")
	switch s {
	case "", "pass", "passw", "password", "passwd", "passwort", "secret", "pwd", "root", "admin", "administrator", "user", "username", "test", "testing", "guest", "postgres", "mysql",
		"mongo", "redis", "rabbitmq", "token", "mypassword", "mypass", "mysecret", "mytoken", "my-token", "my_token", "myapikey", "mykey", "yourtoken", "sometoken", "my-secret", "my_password", "my-password", "userpass", "dbpass", "dbpassword", "db_password", "s3cret", "s3cr3t",
		"p@ssw0rd", "p@ssword", "passw0rd", "hunter", "tiger", "foo", "bar", "baz", "abc", "letmein", "qwerty", "welcome", "none", "null", "nil", "true", "false", "undefined", "string",
		"empty", "default", "somepassword", "some_password", "thepassword", "supersecret", "verysecret", "topsecret", "secretpassword", "api_key", "apikey", "key", "pw", "login", "scott",
		"access_token", "personal_access_token", "oauth", "oauth2", "git", "anonymous", "user_password", "x-oauth-basic", "x-token-auth", "correct-horse-battery-staple", "password_here",
		"opensesame", "open sesame", "open-sesame":
		return true
	}
	return strings.HasSuffix(s, "password") && len(s) < 16 || strings.HasPrefix(s, "password") && len(s) < 14
}

// isExample reports whether a value with the name of a secret is not a secret: a placeholder, a common word, or an example of a
// specification, also behind the scheme of a header.
func isExample(b []byte) bool {
	for _, scheme := range []string{"Basic ", "Bearer ", "Token ", "basic ", "bearer ", "token "} {
		b = bytes.TrimPrefix(b, []byte(scheme))
	}
	return isPlaceholder(b) || isWeakPassword(b) || isKnown(b)
}

// isKnown reports whether a secret is one that documents show, by its digest.
func isKnown(b []byte) bool {
	sum := sha256.Sum256(b)
	_, ok := known()[hex.EncodeToString(sum[:8])]
	return ok
}
