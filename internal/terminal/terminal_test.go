package terminal

import "testing"

func TestEscape(t *testing.T) {
	for text, want := range map[string]string{
		"plain text":       "plain text",
		"grün, 日本":         "grün, 日本",
		"a\x1b[31mb":       `a\x1b[31mb`,
		"a\nb\tc":          `a\nb\tc`,
		"a\u202eb":         `a\u202eb`,
		"a\u200bb":         `a\u200bb`,
		"a\u2066b\u2069":   `a\u2066b\u2069`,
		"a\xffb":           `a\xffb`,
		"replaced \uFFFD!": "replaced \uFFFD!",
	} {
		if got := Escape(text); got != want {
			t.Errorf("Escape(%q) = %q, want %q", text, got, want)
		}
	}
}
