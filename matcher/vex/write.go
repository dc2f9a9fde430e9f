package vex

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// ErrEmpty reports that a document has no statement that could be written. OpenVEX requires one.
var ErrEmpty = errors.New("vex: no statement to write")

// Write writes a document as "OpenVEX" (version 0.2.0) or "CycloneDX" (a VEX document of version 1.6, with the products as its
// components). Read reads both forms. It returns the statements that the format cannot express, each with its place and the
// reason; they are not written. Neither format has an expiry and an author of a statement: OpenVEX has them in the last lines of
// status_notes, and CycloneDX in properties.
func (d *Document) Write(w io.Writer, format string) (omitted []string, err error) {
	var text []byte
	switch format {
	case formatOpenVEX:
		text, omitted, err = d.writeOpenVEX()
	case formatCycloneDX:
		text, omitted, err = d.writeCycloneDX()
	default:
		return nil, fmt.Errorf("vex: cannot write the format %q; use %s or %s", format, formatOpenVEX, formatCycloneDX)
	}
	if err != nil {
		return omitted, err
	}
	_, err = w.Write(text)
	return omitted, err
}

// indent writes a value as JSON that people can read.
func indent(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(v)
	return b.Bytes(), err
}

// uuid returns a UUID of version 8 made of the SHA-256 of a value's JSON, https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-8.
func uuid(v any) (string, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	id := sum[:16]
	id[6] = id[6]&0x0f | 0x80
	id[8] = id[8]&0x3f | 0x80
	h := hex.EncodeToString(id)
	return "urn:uuid:" + h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:], nil
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// A written has the digests of the statements that were written: both formats take a statement once.
type written map[[sha256.Size]byte]bool

// first reports whether a statement is written for the first time.
func (w written) first(v any) bool {
	text, err := json.Marshal(v)
	if err != nil {
		return true // the writer of the document reports it
	}
	sum := sha256.Sum256(text)
	seen := w[sum]
	w[sum] = true
	return !seen
}
