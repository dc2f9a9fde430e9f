package secrets

import (
	"math/rand/v2"
	"testing"
)

// TestTextsWithoutSeparators searches databases in which texts follow one another without separators. The digests of files in an rpm database are no secrets, whatever
// the address of the project beside them says.
func TestTextsWithoutSeparators(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	hex := func(n string) string { return generated(t, r, "[2-9a-f]{"+n+"}") }
	for _, c := range []struct{ name, content, want string }{
		{"a SHA-256 behind the address of a project", "BSD\x00https://facebook.github.io/zstd/\x00linux\x00x86_64\x00\x00\x81\xa4" + hex("64") + "\x00", ""},
		{"an MD5 behind it", "https://facebook.github.io/zstd/\x00linux\x00\x81\xa4" + hex("32") + "\x00", ""},
		{"digests behind the name of a key", "facebook_app_secret" + hex("64") + "\x00", ""},
		{"a secret behind its name", "\x01facebook_app_secret" + hex("32") + "production", "facebook-secret:1"},
		{"a secret with a date behind", "\x01facebook_app_secret" + hex("32") + "2026-11-30", "facebook-secret:1"},
		{"a name behind the secret", "\x01" + hex("32") + "facebook app secret\x00", "facebook-secret:1"},
	} {
		content := "SQLite format 3\x00" + c.content
		if got := rulesOf(analyzed(t, New(Options{}), "srv/app.db", content)); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}
