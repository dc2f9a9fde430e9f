// Package seal encrypts secrets that the service stores.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// A Key encrypts with AES-256-GCM.
type Key struct{ aead cipher.AEAD }

// ErrOpen reports a secret that was encrypted with another key or for another place.
var ErrOpen = errors.New("seal: another key or place")

// Load reads a key from a file: 32 bytes in base64. If the file is missing and create is set, Load makes one.
func Load(name string, create bool) (*Key, error) {
	b, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) && create {
		raw := make([]byte, 32)
		rand.Read(raw)
		b = []byte(base64.StdEncoding.EncodeToString(raw) + "\n")
		err = write(name, b)
		if errors.Is(err, fs.ErrExist) { // another process was first
			b, err = os.ReadFile(name)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("seal: key: %w", err)
	}
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(b)))
	if err != nil || len(raw) != 32 {
		return nil, fmt.Errorf("seal: key: %s has no 32 bytes in base64", name)
	}
	block, err := aes.NewCipher(raw)
	if err != nil {
		return nil, fmt.Errorf("seal: key: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("seal: key: %w", err)
	}
	return &Key{aead}, nil
}

// write makes a file that appears with its whole content.
func write(name string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".key-*")
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Link(f.Name(), name) // fails if there is one
	}
	return errors.Join(err, os.Remove(f.Name()))
}

// Seal encrypts a secret for a place, such as a tenant and a registry. It cannot be opened for another place.
func (k *Key) Seal(secret []byte, place string) []byte {
	return k.aead.Seal(nil, nil, secret, []byte(place))
}

// Open returns a secret that was encrypted for a place.
func (k *Key) Open(sealed []byte, place string) ([]byte, error) {
	secret, err := k.aead.Open(nil, nil, sealed, []byte(place))
	if err != nil {
		return nil, ErrOpen
	}
	return secret, nil
}
