package purltype

import "testing"

func TestCanonical(t *testing.T) {
	for from, to := range synonyms {
		if synonyms[to] != "" {
			t.Errorf("%s stands for %s, which stands for %s", from, to, synonyms[to])
		}
	}
	for from, want := range map[string]string{"gradle": "maven", "alpine": "apk", "npm": "npm", "generic": "generic", "": ""} {
		if got := Canonical(from); got != want {
			t.Errorf("%s: got %s, want %s", from, got, want)
		}
	}
}
