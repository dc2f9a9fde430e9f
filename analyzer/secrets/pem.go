package secrets

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"regexp"
	"strings"

	"github.com/hullmark/hullmark/internal/lazyregexp"
)

// lineEnd matches escaped line ends, as JSON and programs have them, escaped any number of times, and those of XML.
var lineEnd = lazyregexp.New(`\\+[nrt]|&#x[9AD];`)

// pemKey accepts a private key whose body is one: PEM, OpenSSH, OpenPGP. Line ends may be escaped, missing, or between string literals of a
// program. It replaces the secret by the decoded body.
func pemKey(c *candidate) bool {
	label := string(c.secret)
	body := c.region[c.end:]
	end := bytes.Index(body, []byte("-----END"))
	if end < 0 {
		return false
	}
	key, encrypted := unarmor(lineEnd.Get(), body[:end])
	if len(key) < 32 || isPlaceholder(body[:min(end, 60)]) {
		return false
	}
	switch {
	case strings.HasSuffix(label, "BLOCK"):
		if key[0]&0xfc != 0x94 && key[0] != 0xc5 { // a packet with a secret key, RFC 9580
			return false
		}
		label = strings.TrimSuffix(label, " BLOCK")
	case strings.HasPrefix(label, "OPENSSH"):
		rest, ok := bytes.CutPrefix(key, []byte("openssh-key-v1\x00"))
		if !ok || len(rest) < 8 {
			return false
		}
		n := int(binary.BigEndian.Uint32(rest))
		encrypted = n > 0 && n < 64 && len(rest) > 4+n && string(rest[4:4+n]) != "none"
	case encrypted:
	default:
		encrypted = strings.HasPrefix(label, "ENCRYPTED")
		if !isSequence(key) {
			return false
		}
	}
	c.secret, c.low = key, encrypted
	kind := strings.TrimSpace(strings.TrimSuffix(label, "PRIVATE KEY"))
	if kind == "" {
		kind = "PKCS #8"
	}
	c.title = kind + " private key"
	if encrypted {
		c.title = "encrypted " + strings.TrimPrefix(c.title, "ENCRYPTED ")
	}
	return true
}

// unarmor decodes the base64 between the lines of PEM, and reports whether headers say that it is encrypted.
func unarmor(escapes *regexp.Regexp, body []byte) (key []byte, encrypted bool) {
	body = escapes.ReplaceAll(body, []byte("\x01"))
	var text []byte
lines:
	for line := range bytes.Lines(body) {
		for part := range bytes.SplitSeq(withoutQuotes(line), []byte("\x01")) {
			part = bytes.Trim(part, " \t\r\n\\|#*,;")
			if bytes.Contains(part, []byte(": ")) || bytes.HasSuffix(part, []byte(":")) {
				encrypted = encrypted || bytes.Contains(part, []byte("ENCRYPTED"))
				continue
			}
			if bytes.HasPrefix(part, []byte("=")) { // the checksum of OpenPGP
				break lines
			}
			text = appendBase64(text, part)
		}
	}
	if len(text)%4 == 1 {
		text = text[:len(text)-1]
	}
	key, err := base64.RawStdEncoding.DecodeString(string(text))
	if err != nil {
		return nil, encrypted
	}
	return key, encrypted
}

// withoutQuotes returns the text in the string literal of a line, or the line without one.
func withoutQuotes(line []byte) []byte {
	first := bytes.IndexAny(line, "\"'`")
	if first < 0 {
		return line
	}
	if last := bytes.LastIndexAny(line, "\"'`"); last > first {
		return line[first+1 : last]
	}
	if rest := bytes.TrimSpace(line[first+1:]); len(rest) > 2 {
		return rest
	}
	return line[:first]
}

// appendBase64 appends the characters of base64 in a text.
func appendBase64(to, text []byte) []byte {
	for _, b := range text {
		if 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9' || b == '+' || b == '/' {
			to = append(to, b)
		}
	}
	return to
}

// isSequence reports whether bytes are one sequence in DER that begins with a version or an algorithm.
func isSequence(b []byte) bool {
	if b[0] != 0x30 {
		return false
	}
	size, rest := int(b[1]), b[2:]
	if size >= 0x80 {
		n := size & 0x7f
		if n == 0 || n > 3 || len(rest) < n {
			return false
		}
		size = 0
		for _, c := range rest[:n] {
			size = size<<8 | int(c)
		}
		rest = rest[n:]
	}
	return size <= len(rest) && len(rest) <= size+3 && size > 0 && (rest[0] == 0x02 || rest[0] == 0x30)
}
