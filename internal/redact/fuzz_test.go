package redact

import (
	"strings"
	"testing"
)

// FuzzText checks that a password in a line of its own goes whatever precedes it, and that spans are in order.
func FuzzText(f *testing.F) {
	for _, s := range []string{"", "password=\"", "a: |\n  b", "-----BEGIN PRIVATE KEY-----\nAAAA", "name: TOKEN\n\nvalue: x", "https://a:b@c", "ENV A", "{\"secret\": ["} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, before string) {
		const password = "correct,horse;battery&staple"
		text := before + "\npassword=" + password + "\n"
		last := -1
		for _, s := range Spans(text) {
			if s.Start <= last || s.End <= s.Start || s.End > len(text) {
				t.Fatalf("span %v after %d of %d bytes", s, last, len(text))
			}
			last = s.End
		}
		if got := Text(text); strings.Contains(strings.TrimPrefix(got, before), password) {
			t.Errorf("%q stays in %q", password, got)
		}
	})
}
