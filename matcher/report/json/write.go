package json

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/hullmark/hullmark/matcher/report"
)

// The versions of the forms that this package writes. A version may gain fields; removing a field or changing its meaning makes a new
// version. Since version 3, gate and passes count findings in files.
const (
	version        = 3
	explainVersion = 2
)

//go:embed schema.json
var schema []byte

// Schema returns the JSON Schema, draft 2020-12, of both forms.
func Schema() []byte { return append([]byte(nil), schema...) }

// Write writes an Assessment, indented.
func Write(w io.Writer, a *report.Assessment) error { return encode(w, newDocument(a)) }

// WriteExplanations writes Explanations, indented.
func WriteExplanations(w io.Writer, x *report.Explanations) error {
	return encode(w, newExplanations(x))
}

func encode(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("json: %w", err)
	}
	return nil
}

// instant returns a time in RFC 3339 and UTC, "" for the zero time.
func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
