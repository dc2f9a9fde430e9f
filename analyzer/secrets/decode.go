package secrets

import (
	"bytes"
	"encoding/base64"
	"strings"

	"github.com/hullmark/hullmark/internal/lazyregexp"
)

// maxEncoded is the number of bytes of base64 that are decoded at once.
const maxEncoded = 64 << 10

// decoders are rules that find no secrets, but texts that have some.
func decoders() []*Rule {
	encoded := &Rule{
		ID: "base64", before: 64, after: maxEncoded, free: true,
		Keywords: []string{
			"LS0tLS1CRUdJTi",                                                           // -----BEGIN
			"eyJ0eXBlIjoi", "eyJ0eXBlIjogIn", "ewogICJ0eXBlIjog", "ewogICAgInR5cGUiOi", // {"type": "service_account"
			"eyJhdXRocyI6", "ewogICJhdXRocyI6", "ewogICAgImF1dGhzI", "ewoJImF1dGhzIj", "eyAiYXV0aHMi", // {"auths":
		},
		check: decodeBase64,
	}
	encoded.expression = mustPattern(`LS0tLS1CRUdJTi|eyJ0eXBlIjo(?:i|gIn)|ewogICJ0eXBlIjog|ewogICAgInR5cGUiOi|eyJhdXRocyI6|ewogICJhdXRocyI6|ewogICAgImF1dGhzI|ewoJImF1dGhzIj|eyAiYXV0aHMi`)
	kube := &Rule{
		ID: "kubernetes", before: 40, after: 24, free: true,
		Keywords: []string{"kind: Secret", `kind: "Secret"`, `kind: 'Secret'`, `"kind": "Secret"`, `"kind":"Secret"`},
		check:    func(c *candidate) bool { c.text.kube = true; return false },
	}
	kube.expression = mustPattern(`kind"?: ?["']?Secret(?:["'\s]|$)`)
	return []*Rule{encoded, kube}
}

// decodeBase64 searches the text that a match begins.
func decodeBase64(c *candidate) bool {
	if c.text.depth >= maxDepth || c.text.decode == nil {
		return false
	}
	if data := fromBase64(c.region[c.start:]); len(data) > 0 {
		c.text.decode(c.offset, "", data)
	}
	return false
}

// fromBase64 decodes the text in base64 at the beginning of b. The text goes on after a line end, unless a key of YAML follows.
func fromBase64(b []byte) []byte {
	var text []byte
loop:
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case isBase64(c):
			text = append(text, c)
		case c == '\\' && i+1 < len(b) && (b[i+1] == 'n' || b[i+1] == 'r'):
			i++
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
			rest := bytes.TrimLeft(b[i:], " \t\r\n")
			gap, word := len(b)-i-len(rest), 0
			for word < len(rest) && isBase64(rest[word]) {
				word++
			}
			if word == 0 || bytes.IndexByte(b[i:i+gap], '\n') < 0 || word < len(rest) && strings.IndexByte(":-_.", rest[word]) >= 0 {
				break loop
			}
			i += gap - 1
		default:
			break loop
		}
	}
	if len(text)%4 == 1 {
		text = text[:len(text)-1]
	}
	data := make([]byte, base64.RawStdEncoding.DecodedLen(len(text)))
	n, _ := base64.RawStdEncoding.Decode(data, text)
	return data[:n]
}

func isBase64(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '+' || c == '/'
}

var (
	kubeValue = lazyregexp.New(`["']?([\w.\-]{1,253})["']?[ \t]{0,9}:[ \t]{0,9}(?:!!binary[ \t]+)?["']?([0-9A-Za-z+/]{4,}={0,2})["']?[ \t]*(?:[,}\r\n]|$)`)
	kubeBlock = lazyregexp.New(`([\w.\-]{1,253})["']?[ \t]{0,9}:[ \t]{0,9}[|>][+-]?[ \t]*\r?\n((?:[ \t]+[0-9A-Za-z+/]{4,}={0,2}[ \t]*(?:\r?\n|$))+)`)
)

// maxManifest is the size in bytes of the largest file of Kubernetes whose values are decoded.
const maxManifest = 4 << 20

// kubernetes searches the values of a Secret, and reports those with the name of a secret that no rule knows.
func (s *search) kubernetes(t *text) error {
	if t.depth >= maxDepth || t.decode == nil {
		return nil
	}
	if t.size > maxManifest {
		t.skip("large-manifest", t.size)
		return nil
	}
	data := make([]byte, t.size)
	if _, err := t.at.ReadAt(data, 0); err != nil && int64(len(data)) > t.size {
		return err
	}
	for _, e := range []*lazyregexp.Expression{kubeValue, kubeBlock} {
		for _, m := range e.Get().FindAllSubmatchIndex(data, 1<<12) {
			name, value := data[m[2]:m[3]], data[m[4]:m[5]]
			plain := decoded(value)
			if len(plain) < 4 || !isPrintable(plain) && len(plain) < 16 {
				continue
			}
			if n := t.decode(int64(m[4]), string(name), plain); n == 0 && isSecretName(string(name)) && isPrintable(plain) {
				secret := bytes.TrimSpace(plain)
				if !isExample(secret) && !s.set.refutes(secret) {
					t.found = append(t.found, found{rule: "kubernetes-secret", title: "value of a Kubernetes Secret", severity: "high", offset: int64(m[4]), secret: secret, password: true})
				}
			}
		}
	}
	return nil
}

// decoded returns the bytes of a value in base64 with padding, or nil.
func decoded(value []byte) []byte {
	value = bytes.Join(bytes.Fields(value), nil)
	if len(value)%4 != 0 {
		return nil
	}
	plain := make([]byte, base64.StdEncoding.DecodedLen(len(value)))
	n, err := base64.StdEncoding.Decode(plain, value)
	if err != nil {
		return nil
	}
	return plain[:n]
}
