package db_test

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hullmark/hullmark/db"
)

// key returns a private key, the same for the same number.
func key(n byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{n}, ed25519.SeedSize))
}

func public(n byte) ed25519.PublicKey { return key(n).Public().(ed25519.PublicKey) }

func sign(t testing.TB, file []byte, n byte, at time.Time) []byte {
	t.Helper()
	s, err := open(t, file).Sign(key(n), at)
	if err != nil {
		t.Fatal(err)
	}
	return slices.Concat(file, s)
}

func TestSign(t *testing.T) {
	plain := build(t, many(3)...)
	once := sign(t, plain, 1, day)
	twice := sign(t, once, 2, day.Add(time.Hour))
	stranger := sign(t, build(t, many(4)...), 1, day)
	moved := slices.Concat(plain, stranger[len(stranger)-128:])
	for _, tt := range []struct {
		name string
		file []byte
		t    db.SignaturePolicy
		want error
		text string
	}{
		{"signed", once, db.SignaturePolicy{Keys: []ed25519.PublicKey{public(1)}}, nil, ""},
		{"by one of two keys", once, db.SignaturePolicy{Keys: []ed25519.PublicKey{public(2), public(1)}}, nil, ""},
		{"by another key", once, db.SignaturePolicy{Keys: []ed25519.PublicKey{public(2)}}, db.ErrUntrusted, "by another key"},
		{"no key is trusted", once, db.SignaturePolicy{}, db.ErrUntrusted, ""},
		{"not signed", plain, db.SignaturePolicy{Keys: []ed25519.PublicKey{public(1)}}, db.ErrUntrusted, "no signature"},
		{"twice, the first", twice, db.SignaturePolicy{Keys: []ed25519.PublicKey{public(1)}}, nil, ""},
		{"twice, the second", twice, db.SignaturePolicy{Keys: []ed25519.PublicKey{public(2)}}, nil, ""},
		{"just new enough", once, db.SignaturePolicy{Keys: []ed25519.PublicKey{public(1)}, NotBefore: day}, nil, ""},
		{"too old", once, db.SignaturePolicy{Keys: []ed25519.PublicKey{public(1)}, NotBefore: day.Add(1)}, db.ErrUntrusted, "2019-09-01T12:30:00Z is older"},
		{"too old by the trusted key", twice, db.SignaturePolicy{Keys: []ed25519.PublicKey{public(1)}, NotBefore: day.Add(1)}, db.ErrUntrusted, "older"},
		{"another file's", moved, db.SignaturePolicy{Keys: []ed25519.PublicKey{public(1)}}, db.ErrCorrupt, "is invalid"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, err := db.OpenSigned(bytes.NewReader(tt.file), int64(len(tt.file)), tt.t)
			if !errors.Is(err, tt.want) || err != nil && !strings.Contains(err.Error(), tt.text) {
				t.Fatalf("got %v, want %v, %q", err, tt.want, tt.text)
			}
			if err == nil && len(collect(t, d)) == 0 {
				t.Error("no advisories")
			}
		})
	}
	if !bytes.HasPrefix(once, plain) {
		t.Error("signing changes what is signed")
	}
	i := open(t, twice).Info()
	if len(i.Signatures) != 2 || !i.Signatures[0].Key.Equal(public(1)) || !i.Signatures[1].Time.Equal(day.Add(time.Hour)) || i.Hash != open(t, plain).Info().Hash {
		t.Errorf("%+v", i)
	}
	if err := open(t, twice).Verify(t.Context()); err != nil {
		t.Error(err)
	}
}

// Nobody can change a signature, or the time of it, unnoticed; not even without knowing whose it should be.
func TestEveryBitOfSignature(t *testing.T) {
	plain := build(t, many(1)...)
	good := sign(t, plain, 1, day)
	for i := len(plain) - 64; i < len(good); i++ {
		for bit := range 8 {
			bad := slices.Clone(good)
			bad[i] ^= 1 << bit
			if _, err := db.Open(bytes.NewReader(bad), int64(len(bad))); err == nil {
				t.Errorf("byte %d, bit %d: not noticed", i, bit)
			}
		}
	}
}

func TestManySignatures(t *testing.T) {
	file := build(t, many(1)...)
	for i := range 16 {
		file = sign(t, file, byte(i), day)
	}
	if n := len(open(t, file).Info().Signatures); n != 16 {
		t.Errorf("%d signatures, want 16", n)
	}
	if _, err := open(t, file).Sign(key(1), day); err == nil {
		t.Error("one too many")
	}
	file = append(file, file[len(file)-128:]...)
	if _, err := db.Open(bytes.NewReader(file), int64(len(file))); !errors.Is(err, db.ErrCorrupt) {
		t.Errorf("one too many: %v", err)
	}
	if _, err := open(t, build(t, many(1)...)).Sign(nil, day); err == nil {
		t.Error("no key: signed")
	}
}

func TestOpenSignedFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x.db")
	if err := os.WriteFile(name, sign(t, build(t, full()), 1, day), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := db.OpenSignedFile(name, db.SignaturePolicy{Keys: []ed25519.PublicKey{public(2)}}); !errors.Is(err, db.ErrUntrusted) || !strings.Contains(err.Error(), name) {
		t.Error(err)
	}
	f, err := db.OpenSignedFile(name, db.SignaturePolicy{Keys: []ed25519.PublicKey{public(1)}})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}
