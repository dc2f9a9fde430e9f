// Package pemkey reads and writes Ed25519 keys in PEM files: private keys as PKCS #8, public keys as PKIX.
package pemkey

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
)

const (
	privateType = "PRIVATE KEY"
	publicType  = "PUBLIC KEY"
)

var (
	// ErrNoKey reports a file without a key of the wanted kind.
	ErrNoKey = errors.New("no key")
	// ErrPrivate reports a private key in a file of public keys.
	ErrPrivate = errors.New("private key in a file of public keys")
)

// Generate creates a key pair: the private key in the file name, which only its owner can read, and the public key in name.pub.
// It replaces no file.
func Generate(name string) error {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	privateDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return err
	}
	publicDER, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return err
	}
	if err := write(name, 0o600, privateType, privateDER); err != nil {
		return err
	}
	if err := write(name+".pub", 0o644, publicType, publicDER); err != nil {
		return errors.Join(err, os.Remove(name))
	}
	return nil
}

func write(name string, mode os.FileMode, kind string, der []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	return errors.Join(pem.Encode(f, &pem.Block{Type: kind, Bytes: der}), f.Close())
}

// Private reads the private key in a file. The error wraps [ErrNoKey] for a file without a key.
func Private(name string) (ed25519.PrivateKey, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(b)
	if block == nil || block.Type != privateType {
		return nil, fmt.Errorf("%s: %w: want a private key in PEM (PKCS #8)", name, ErrNoKey)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	key, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("%s: want an Ed25519 key, have %T", name, parsed)
	}
	return key, nil
}

// Public reads all public keys in a file. The error wraps [ErrNoKey] if the file has no key, and [ErrPrivate] if it has a private
// key.
func Public(name string) ([]ed25519.PublicKey, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var keys []ed25519.PublicKey
	for block, rest := pem.Decode(b); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == privateType {
			return nil, fmt.Errorf("%s: %w", name, ErrPrivate)
		}
		parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		key, ok := parsed.(ed25519.PublicKey)
		if !ok {
			return nil, fmt.Errorf("%s: want an Ed25519 key, have %T", name, parsed)
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("%s: %w: want a public key in PEM", name, ErrNoKey)
	}
	return keys, nil
}
