package secrets

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"io"
	"strings"
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
			"Z2hwX", "Z2hvX", "Z2h1X", "Z2hzX", "Z2l0aHViX3BhdF", "Z2xwYXQt", // ghp_, gho_, ghu_, ghs_, github_pat_, glpat-
			"eG94Yi", "eG94cC", "c2stYW50L", "ZGNrcl9wYXRf", "c2tfbGl2ZV", // xoxb-, xoxp-, sk-ant-, dckr_pat_, sk_live_
		},
		check: decodeBase64,
	}
	encoded.expression = mustPattern(`LS0tLS1CRUdJTi|eyJ0eXBlIjo(?:i|gIn)|ewogICJ0eXBlIjog|ewogICAgInR5cGUiOi|eyJhdXRocyI6|ewogICJhdXRocyI6|ewogICAgImF1dGhzI|ewoJImF1dGhzIj|eyAiYXV0aHMi|` +
		`Z2h(?:wX|vX|1X|zX)|Z2l0aHViX3BhdF|Z2xwYXQt|eG94(?:Yi|cC)|c2stYW50L|ZGNrcl9wYXRf|c2tfbGl2ZV`)
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
	if c.text.depth >= maxDepth || c.text.decode == nil || c.offset < c.text.decoded {
		return false
	}
	data, size := fromBase64(c.region[c.start:])
	if len(data) > 0 {
		c.text.decode(c.offset, "", data)
	}
	c.text.decoded = c.offset + int64(size) // a text with many such places is decoded once
	return false
}

// fromBase64 decodes the text in base64 at the beginning of b, and returns its size there. The text goes on after a line end, unless a key of YAML
// follows.
func fromBase64(b []byte) (data []byte, size int) {
	var text []byte
	i := 0
loop:
	for ; i < len(b); i++ {
		switch c := b[i]; {
		case isBase64(c):
			text = append(text, c)
		case c == '\\' && i+1 < len(b) && (b[i+1] == 'n' || b[i+1] == 'r'):
			i++
		case c == '\\' && i+1 < len(b) && b[i+1] == '/': // of JSON by PHP: the next character
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
	data = make([]byte, base64.RawStdEncoding.DecodedLen(len(text)))
	n, _ := base64.RawStdEncoding.Decode(data, text)
	return data[:n], i
}

func isBase64(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '+' || c == '/'
}

const (
	maxManifest  = 64 << 20 // bytes of a file of Kubernetes in which values are decoded
	manifestPart = 1 << 20  // bytes of it that expressions see at once
)

// kubernetes searches the values of a Secret, and reports those with the name of a secret that no rule knows.
func (s *search) kubernetes(t *text) error {
	if t.depth >= maxDepth || t.decode == nil || t.binary {
		return nil
	}
	if t.size > maxManifest {
		t.skip("large-manifest", t.size-maxManifest)
	}
	data := make([]byte, min(t.size, manifestPart))
	for at, end := int64(0), min(t.size, maxManifest); at < end; {
		part := data[:min(int64(len(data)), end-at)]
		if n, err := t.at.ReadAt(part, at); n < len(part) {
			return cmp.Or(err, io.ErrUnexpectedEOF)
		}
		if at+int64(len(part)) < end { // a value is not cut, unless a line has many
			if cut := max(bytes.LastIndex(part, []byte("\n")), bytes.LastIndexByte(part, ',')); cut > 0 {
				part = part[:cut+1]
			}
		}
		if err := s.ctx.Err(); err != nil {
			return err
		}
		s.values(t, part, at)
		at += int64(len(part))
	}
	return nil
}

// values searches the values in a part of a Secret at an offset.
func (s *search) values(t *text, data []byte, at int64) {
	const most = 1 << 12
	for colon, n := 0, 0; n < most; colon++ {
		next := bytes.IndexByte(data[colon:], ':')
		if next < 0 {
			return
		}
		colon += next
		name := keyBefore(data[:colon])
		start, end := encodedValue(data[colon+1:])
		plain := decoded(data[colon+1:][start:end])
		if name == "" || len(plain) < 4 || !isPrintable(plain) && len(plain) < 16 {
			continue
		}
		n++
		offset := at + int64(colon+1+start)
		if n := t.decode(offset, name, plain); n == 0 && isSecretName(name) && isPrintable(plain) {
			secret := bytes.TrimSpace(plain)
			if !isExample(secret) && !s.set.hasWrongChecksum(secret) {
				t.found = append(t.found, found{rule: "kubernetes-secret", title: "value of a Kubernetes Secret", severity: "high", offset: offset, secret: secret, password: true})
			}
		}
	}
}

// keyBefore returns the key of YAML or JSON at the end of a text, or "".
func keyBefore(b []byte) string {
	const longest = 253
	b = bytes.TrimRight(bytes.TrimRight(b, " \t"), `"'`)
	at := len(b)
	for at > 0 && len(b)-at < longest && (isWordByte(b[at-1]) || b[at-1] == '-' || b[at-1] == '.') {
		at--
	}
	return string(b[at:])
}

// encodedValue returns the place of the value in base64 that b begins with: with a tag, in quotes, or in a block of lines.
func encodedValue(b []byte) (start, end int) {
	over := func(i int, set string) int {
		for i < len(b) && strings.IndexByte(set, b[i]) >= 0 {
			i++
		}
		return i
	}
	text := func(i int) int {
		for i < len(b) && isBase64(b[i]) {
			i++
		}
		return over(i, "=")
	}
	at := over(0, " \t")
	if bytes.HasPrefix(b[at:], []byte("!!binary")) {
		at = over(at+len("!!binary"), " \t")
	}
	if at < len(b) && (b[at] == '|' || b[at] == '>') {
		if at = over(over(at+1, "+-"), " \t\r"); at == len(b) || b[at] != '\n' {
			return 0, 0
		}
		for start, end = at+1, at+1; end < len(b); {
			line := over(end, " \t")
			last := text(line)
			next := over(last, " \t\r")
			if line == end || last == line || next < len(b) && b[next] != '\n' {
				break
			}
			end = min(next+1, len(b))
		}
		return start, end
	}
	start = over(at, `"'`)
	end = text(start)
	if next := over(over(end, `"'`), " \t"); next < len(b) && strings.IndexByte(",}\r\n", b[next]) < 0 {
		return 0, 0
	}
	return start, end
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
