package db_test

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/hullmark/hullmark/db"
)

func TestSignFile(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "a.db")
	plain := build(t, many(3)...)
	if err := os.WriteFile(name, plain, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := db.SignFile(name, key(1), day); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(name)
	if err != nil || !bytes.Equal(got, sign(t, plain, 1, day)) {
		t.Errorf("the file differs from itself with a signature: %v", err)
	}
	d, err := db.OpenSignedFile(name, db.SignaturePolicy{Keys: []ed25519.PublicKey{public(1)}})
	if err != nil {
		t.Fatal(err)
	}
	d.Close()
	if err := db.SignFile(name, nil, day); err == nil {
		t.Error("signed without a key")
	}
	if err := db.SignFile(filepath.Join(dir, "none"), key(1), day); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	if list, err := os.ReadDir(dir); err != nil || len(list) != 1 {
		t.Errorf("left behind: %v, %v", list, err)
	}
}
