package secrets

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"hash/crc32"
	"math/big"
	"math/rand/v2"
	"regexp/syntax"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode"

	"github.com/pelletier/go-toml/v2"
)

// The examples of rules are generated from their expressions, so that the repository has no text that looks like a secret.

// generate returns a random text that an expression matches.
func generate(r *rand.Rand, t *syntax.Regexp) string {
	var b strings.Builder
	repeat := func(least, most int) {
		n := least
		if most > least {
			n += r.IntN(min(most-least, 20) + 1)
		}
		for range n {
			b.WriteString(generate(r, t.Sub[0]))
		}
	}
	switch t.Op {
	case syntax.OpLiteral:
		b.WriteString(string(t.Rune))
	case syntax.OpCharClass:
		var all []rune
		for i := 0; i < len(t.Rune); i += 2 {
			for c := t.Rune[i]; c <= min(t.Rune[i+1], '~'); c++ {
				if c >= ' ' && (unicode.IsLetter(c) || unicode.IsDigit(c) || len(t.Rune) < 12) || c == '_' || c == '-' || c == '/' || c == '+' {
					all = append(all, c)
				}
			}
		}
		if len(all) == 0 {
			return " "
		}
		b.WriteRune(all[r.IntN(len(all))])
	case syntax.OpQuest:
		repeat(0, 1)
	case syntax.OpStar:
		repeat(0, 3)
	case syntax.OpPlus:
		repeat(1, 3)
	case syntax.OpRepeat:
		most := t.Max
		if most < 0 {
			most = t.Min + 3
		}
		repeat(t.Min, most)
	case syntax.OpAlternate:
		b.WriteString(generate(r, t.Sub[r.IntN(len(t.Sub))]))
	case syntax.OpCapture, syntax.OpConcat:
		for _, s := range t.Sub {
			b.WriteString(generate(r, s))
		}
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		b.WriteByte('x')
	}
	return b.String()
}

func generated(t testing.TB, r *rand.Rand, expression string) string {
	tree, err := syntax.Parse(expression, syntax.Perl)
	if err != nil {
		t.Fatal(err)
	}
	return generate(r, tree)
}

// An example is a right example of a rule.
type example struct {
	id, line string // line has the secret
	secret   string
}

var ownDocument = sync.OnceValue(func() document {
	var d document
	if err := toml.Unmarshal(own, &d); err != nil {
		panic(err)
	}
	return d
})

// exampleOf returns a right example of one of the rules of this package.
func exampleOf(t testing.TB, r *rand.Rand, id string) example {
	d := ownDocument().Rule[id]
	expression := d.Expression
	if d.Examples != "" {
		expression = d.Examples
	}
	for range 1000 {
		s := generated(t, r, expression)
		line := s
		switch d.Check {
		case "crc32-base62":
			head := s[:len(s)-6]
			_, body, _ := strings.Cut(head, "_")
			s = head + base62(crc32.ChecksumIEEE([]byte(body)), 6)
			line = s
		case "discord":
			s = base64.RawStdEncoding.EncodeToString(fmt.Appendf(nil, "%d%09d%08d", 1+r.IntN(9), r.IntN(1e9), r.IntN(1e8))) + s[strings.IndexByte(s, '.'):]
			line = s
		case "pem":
			s = privateKey(t, r)
			line = s
		case "jwt":
			part := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
			s = part(`{"alg":"HS256","typ":"JWT"}`) + "." + part(fmt.Sprintf(`{"sub":"u%d","iat":%d}`, r.IntN(1e6), r.IntN(1e9))) + "." + generated(t, r, `[\w\-]{43}`)
			line = s
		case "bech32":
			s = bech32Key(r)
			line = s
		case "basic-auth":
			user, password := "robot", "[0-9A-Za-z]{17}"
			if id == "elastic-key" {
				user, password = generated(t, r, "[0-9A-Za-z]{20}"), "[0-9A-Za-z]{22}"
			}
			s = base64.StdEncoding.EncodeToString([]byte(user + ":" + generated(t, r, password)))
			line = `{"auths":{"registry.corp.net":{"auth":"` + s + `"}}}`
			if id == "basic-header" {
				line = "Authorization: Basic " + s
			}
		case "grafana":
			head := s[:strings.LastIndexByte(s, '_')]
			s = fmt.Sprintf("%s_%08x", head, crc32.ChecksumIEEE([]byte(head)))
			line = s
		case "base58":
			s = base58Key(r, id == "extended-private-key")
			line = s
		case "url-password", "password":
			for _, m := range []string{"[^\\s/\"'<>\\x60]", "[^\\s/:@\"'<>\\x60]"} {
				expression = strings.ReplaceAll(expression, m, "[0-9A-Za-z]")
			}
			s = generated(t, r, "[0-9A-Za-z]{16}")
			switch id {
			case "netrc-password":
				line = "machine git.corp.net login robot password " + s
			case "npmrc-password":
				line = "//npm.corp.net/:_authToken=" + s
			case "connection-string":
				line = "Server=db.corp.net;Database=a;User Id=sa;Password=" + s + ";Encrypt=yes"
			case "url-password":
				line = "https://robot:" + s + "@git.corp.net/a.git"
			case "jdbc-password":
				line = "jdbc:postgresql://db.corp.net:5432/a?user=robot&password=" + s
			case "mysql-option":
				line = "mysql -u robot -p" + s
			case "curl-option":
				line = "curl -u robot:" + s + " https://corp.net"
			case "wordpress-password":
				line = "define('DB_PASSWORD', '" + s + "');"
			case "wpa-passphrase":
				line = "x\n\tpsk=\"" + s + "\"\n"
			case "tomcat-user":
				line = `<user username="admin" password="` + s + `" roles="manager-gui"/>`
			case "spring-password":
				line = "spring.datasource.password=" + s
			case "bundler-credentials":
				line = `BUNDLE_GEMS__CORP__NET: "robot:` + s + `"`
			default:
				line = "postgresql://robot:" + s + "@db.corp.net:5432/a"
			}
		default:
			if m := syntaxGroup(t, expression, s); m != "" && d.Names == nil {
				s = m
			}
		}
		if d.Names != nil {
			line = d.Names[0] + "_api_key=" + s
			if d.AnyName {
				line = d.Names[0] + "=" + s
			}
		}
		c := candidate{secret: []byte(s)}
		if d.Check == "mixed" && !mixed(&c) || d.Check == "punctuated" && !punctuated(&c) || isPlaceholder([]byte(s)) || entropy([]byte(s)) < max(defaultEntropy, value(d.Entropy)) {
			continue
		}
		return example{id, line, s}
	}
	t.Fatalf("no example of %s", id)
	return example{}
}

// base58Key returns a key of Bitcoin with the checksum of its format.
func base58Key(r *rand.Rand, extended bool) string {
	b := []byte{0x80}
	n := 32
	if extended {
		b, n = []byte{0x04, 0x88, 0xad, 0xe4, 3, 1, 2, 3, 4, 0, 0, 0, 1}, 65
	}
	for range n {
		b = append(b, byte(r.IntN(256)))
	}
	first := sha256.Sum256(b)
	second := sha256.Sum256(first[:])
	rest, digit := new(big.Int).SetBytes(append(b, second[:4]...)), new(big.Int)
	var s []byte
	for rest.Sign() > 0 {
		rest.DivMod(rest, big.NewInt(58), digit)
		s = append(s, "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"[digit.Int64()])
	}
	slices.Reverse(s)
	return string(s)
}

func value(p *float64) float64 {
	if p == nil {
		return 0
	}
	return *p
}

// syntaxGroup returns the first group of a match.
func syntaxGroup(t testing.TB, expression, s string) string {
	r := &Rule{Keywords: []string{"x"}}
	if err := r.compile(expression); err != nil {
		t.Fatal(err)
	}
	if m := r.expression.get().FindStringSubmatch(s); len(m) > 1 {
		return m[1]
	}
	return ""
}

// noise is a source of random bytes for keys.
type noise struct{ r *rand.Rand }

func (n noise) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(n.r.Uint32())
	}
	return len(p), nil
}

func privateKey(t testing.TB, r *rand.Rand) string {
	var key any = ed25519.NewKeyFromSeed([]byte(generated(t, r, "[0-9A-Za-z]{32}")))
	if r.IntN(2) == 0 {
		k, err := ecdsa.GenerateKey(elliptic.P384(), noise{r})
		if err != nil {
			t.Fatal(err)
		}
		key = k
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE" + " KEY", Bytes: der}))
}

// bech32Key returns a secret key of age.
func bech32Key(r *rand.Rand) string {
	const alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
	s := "age-secret-" + "key-1"
	for range 52 {
		s += string(alphabet[r.IntN(32)])
	}
	// The six last characters are the only ones of 2^30 that fit, so they are computed digit by digit from the sum of a text with zeros.
	for sum, i := bech32Sum(s+"qqqqqq")^1, 5; i >= 0; i-- {
		s += string(alphabet[sum>>(5*i)&31])
	}
	return strings.ToUpper(s)
}

func bech32Sum(s string) uint32 {
	const alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
	var values []uint32
	at := strings.LastIndexByte(s, '1')
	for _, c := range s[:at] {
		values = append(values, uint32(c>>5))
	}
	values = append(values, 0)
	for _, c := range s[:at] {
		values = append(values, uint32(c&31))
	}
	for _, c := range s[at+1:] {
		values = append(values, uint32(strings.IndexRune(alphabet, c)))
	}
	sum := uint32(1)
	for _, v := range values {
		top := sum >> 25
		sum = sum&0x1ffffff<<5 ^ v
		for i, g := range []uint32{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3} {
			if top>>i&1 != 0 {
				sum ^= g
			}
		}
	}
	return sum
}

func ruleIDs(t testing.TB) []string {
	var ids []string
	for id := range ownDocument().Rule {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}
