package accounts

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"strconv"
	"strings"

	"github.com/hullmark/hullmark/internal/redact"
)

// authorizedKeys reads the format of sshd(8): options, type, key, comment.
func (r *reading) authorizedKeys(text string) {
	for n, line := range r.lines(text) {
		line = strings.Trim(line, " \t")
		if line == "" || line[0] == '#' {
			continue
		}
		if r.full(n) {
			return
		}
		options, rest := "", line
		k, err := parseKey(line)
		if err != nil { // sshd, too, looks for options if the line does not begin with a key
			options, rest = cutOptions(line)
			if k, err = parseKey(rest); err != nil {
				r.bad.Line(n, "not a key: %w", err)
				continue
			}
		}
		r.record("authorized-key", k.fingerprint, n, "type", k.kind, "bits", k.size(), "fingerprint", k.fingerprint,
			"comment", k.comment, "options", redact.Text(maskEnvironment(options)))
		if k.kind == "ssh-dss" || k.kind == "ssh-rsa" && k.bits < 2048 {
			r.finding("weak-key", "medium", n, fmt.Sprintf("the file accepts a weak key: %s of %d bits", k.kind, k.bits), k.fingerprint)
		}
	}
}

type publicKey struct {
	kind        string
	bits        int // 0 if the type is unknown
	fingerprint string
	comment     string
}

func (k *publicKey) size() string {
	if k.bits == 0 {
		return ""
	}
	return strconv.Itoa(k.bits)
}

// parseKey reads "type base64 comment". The comment may have blanks.
func parseKey(s string) (*publicKey, error) {
	kind, rest, _ := cutBlank(s)
	encoded, comment, _ := cutBlank(rest)
	if !strings.HasPrefix(kind, "ssh-") && !strings.HasPrefix(kind, "ecdsa-") && !strings.HasPrefix(kind, "sk-") {
		return nil, errors.New("unknown type") // without the text, which may be a private key
	}
	encoded = strings.TrimRight(encoded, "=")
	blob, err := base64.RawStdEncoding.DecodeString(encoded)
	if err != nil {
		return nil, errors.New("its data are not base64")
	}
	inner, body, err := field(blob)
	if err != nil {
		return nil, err
	}
	if string(inner) != kind {
		return nil, errors.New("its data have another type")
	}
	size, err := keyBits(kind, body)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(blob)
	return &publicKey{kind, size, "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:]), comment}, nil
}

// keyBits returns the size of a key in bits, as ssh-keygen -l prints it.
func keyBits(kind string, body []byte) (int, error) {
	kind, certificate := strings.CutSuffix(kind, "-cert-v01@openssh.com")
	kind = strings.TrimSuffix(kind, "@openssh.com")
	if certificate {
		return 0, nil // sshd accepts keys of authorities in these files, not certificates
	}
	first, rest, err := field(body)
	if err != nil {
		return 0, err
	}
	switch kind {
	case "ssh-rsa": // exponent, modulus
		modulus, _, err := field(rest)
		return integerBits(modulus), err
	case "ssh-dss":
		return integerBits(first), nil
	case "ssh-ed25519", "sk-ssh-ed25519":
		if len(first) != 32 {
			return 0, errors.New("its data have the wrong length")
		}
		return 256, nil
	}
	switch string(first) { // the name of the curve
	case "nistp256":
		return 256, nil
	case "nistp384":
		return 384, nil
	case "nistp521":
		return 521, nil
	}
	return 0, nil
}

// field returns the first field of SSH's encoding: a length of four bytes, and the bytes.
func field(b []byte) (first, rest []byte, err error) {
	if len(b) < 4 {
		return nil, nil, errors.New("its data are cut short")
	}
	n := binary.BigEndian.Uint32(b)
	if uint64(n) > uint64(len(b)-4) {
		return nil, nil, errors.New("its data are cut short")
	}
	return b[4 : 4+n], b[4+n:], nil
}

func integerBits(b []byte) int {
	for len(b) > 0 && b[0] == 0 {
		b = b[1:]
	}
	if len(b) == 0 {
		return 0
	}
	return 8*(len(b)-1) + bits.Len8(b[0])
}

func cutBlank(s string) (before, after string, found bool) {
	i := strings.IndexAny(s, " \t")
	if i < 0 {
		return s, "", false
	}
	return s[:i], strings.TrimLeft(s[i:], " \t"), true
}

// cutOptions returns the options at the beginning of a line. They end at a blank outside double quotes.
func cutOptions(s string) (options, rest string) {
	end := unquoted(s, " \t")
	return s[:end], strings.TrimLeft(s[end:], " \t")
}

// maskEnvironment removes the values of environment variables from options, since they may be secret.
func maskEnvironment(options string) string {
	var list []string
	for options != "" {
		end := unquoted(options, ",")
		option := options[:end]
		options = strings.TrimPrefix(options[end:], ",")
		if name, setting, ok := strings.Cut(option, "="); ok && strings.EqualFold(name, "environment") {
			variable, _, _ := strings.Cut(setting, "=")
			option = name + "=" + variable + `=***"`
		}
		list = append(list, option)
	}
	return strings.Join(list, ",")
}

// unquoted returns the index of the first of some characters outside double quotes, or the length of s.
func unquoted(s, chars string) int {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s) && s[i+1] == '"':
			i++
		case c == '"':
			quoted = !quoted
		case !quoted && strings.IndexByte(chars, c) >= 0:
			return i
		}
	}
	return len(s)
}
