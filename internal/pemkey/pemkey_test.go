package pemkey

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestGenerate(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "key")
	if err := Generate(name); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the private key: %v, %v", info, err)
	}
	private, err := Private(name)
	if err != nil {
		t.Fatal(err)
	}
	public, err := Public(name + ".pub")
	if err != nil || len(public) != 1 || !public[0].Equal(private.Public()) {
		t.Errorf("public keys %x, %v", public, err)
	}
	if err := Generate(name); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over a private key: %v", err)
	}
	other := filepath.Join(dir, "other")
	if err := os.WriteFile(other+".pub", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Generate(other); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over a public key: %v", err)
	}
	if _, err := os.Stat(other); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("half a pair is left: %v", err)
	}
	if _, err := Private(name + ".pub"); !errors.Is(err, ErrNoKey) {
		t.Errorf("a public key as private: %v", err)
	}
	if _, err := Public(name); !errors.Is(err, ErrPrivate) {
		t.Errorf("a private key as public: %v", err)
	}
}

func TestOtherKeys(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	write := func(text []byte) string {
		name := filepath.Join(t.TempDir(), "key")
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	if _, err := Private(write(pem.EncodeToMemory(&pem.Block{Type: privateType, Bytes: private}))); err == nil || !strings.Contains(err.Error(), "want an Ed25519 key") {
		t.Errorf("private: %v", err)
	}
	if _, err := Public(write(pem.EncodeToMemory(&pem.Block{Type: publicType, Bytes: public}))); err == nil || !strings.Contains(err.Error(), "want an Ed25519 key") {
		t.Errorf("public: %v", err)
	}
	if _, err := Public(write(pem.EncodeToMemory(&pem.Block{Type: publicType, Bytes: []byte("x")}))); err == nil {
		t.Error("a damaged public key is read")
	}
	if _, err := Public(write([]byte("no PEM"))); !errors.Is(err, ErrNoKey) {
		t.Errorf("no PEM: %v", err)
	}
}
