package seal

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// TestSeal: a secret opens with its key, for its place only.
func TestSeal(t *testing.T) {
	name := filepath.Join(t.TempDir(), "key")
	if _, err := Load(name, false); err == nil {
		t.Error("a missing key: no error")
	}
	var wg sync.WaitGroup
	keys := make([]*Key, 4)
	for i := range keys { // processes that start at once get one key
		wg.Go(func() {
			var err error
			if keys[i], err = Load(name, true); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	sealed := keys[0].Seal([]byte("secret"), "a")
	for _, k := range keys {
		if got, err := k.Open(sealed, "a"); err != nil || string(got) != "secret" {
			t.Errorf("%q, %v", got, err)
		}
	}
	if bytes.Equal(sealed, keys[0].Seal([]byte("secret"), "a")) {
		t.Error("two equal secrets look equal")
	}
	other, err := Load(filepath.Join(t.TempDir(), "key"), true)
	if err != nil {
		t.Fatal(err)
	}
	damaged := bytes.Clone(sealed)
	damaged[len(damaged)-1] ^= 1
	for what, open := range map[string]func() ([]byte, error){
		"another place": func() ([]byte, error) { return keys[0].Open(sealed, "b") },
		"another key":   func() ([]byte, error) { return other.Open(sealed, "a") },
		"damage":        func() ([]byte, error) { return keys[0].Open(damaged, "a") },
		"nothing":       func() ([]byte, error) { return keys[0].Open(nil, "a") },
	} {
		if _, err := open(); !errors.Is(err, ErrOpen) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if info, err := os.Stat(name); err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("the key file has the mode %v, %v", info.Mode(), err)
	}
	if err := os.WriteFile(name, []byte("c2hvcnQ=\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(name, true); err == nil {
		t.Error("a short key: no error")
	}
}
