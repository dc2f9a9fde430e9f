package auto

import (
	"testing"

	"github.com/hullmark/hullmark/matcher"
)

// FuzzState reads a state that another program may have written.
func FuzzState(f *testing.F) {
	f.Add([]byte(`{"ecosystems":[{"type":"deb","namespace":"debian","release":"12","renewed":"2026-01-02T03:04:05Z","tried":"2026-01-02T03:04:05Z","missing":["debian"],"error":"x"}]}`))
	f.Add([]byte(`null`))
	f.Add([]byte(`{"ecosystems":[{"tried":"no"}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		s := parseState(b)
		k := matcher.Key{Type: "npm"}
		x := s.of(k)
		s.set(k, x)
		if x := s.of(k); x.key() != k {
			t.Error("the entry is lost")
		}
	})
}
