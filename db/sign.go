package db

import (
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

// A Signature says that the holder of a key vouched for a database. It is at the end of the file: signing changes no byte
// before it, and a file can be signed again, by the same key or another.
type Signature struct {
	Key  ed25519.PublicKey
	Time time.Time // when it was made, as the signer says; seconds
}

// ErrUntrusted reports a database without a signature that satisfies a [SignaturePolicy].
var ErrUntrusted = errors.New("not signed by a trusted key")

// A SignaturePolicy says which signature a database must have.
type SignaturePolicy struct {
	Keys []ed25519.PublicKey // at least one of them must have signed

	// NotBefore is the earliest time of that signature. A program that remembers the time of the newest signature that it
	// has seen cannot be given an older database.
	NotBefore time.Time
}

// OpenSigned opens a database like [Open] if a signature satisfies p. It checks everything that is read later against the
// signed index. The error wraps [ErrUntrusted] if no signature does.
func OpenSigned(r io.ReaderAt, size int64, p SignaturePolicy) (*DB, error) {
	d, err := open(r, size, &p)
	if err != nil {
		return nil, fmt.Errorf("db: %w", err)
	}
	return d, nil
}

// check returns nil if one of the signatures, which are good ones, is trusted.
func (p *SignaturePolicy) check(signatures []Signature) error {
	if len(signatures) == 0 {
		return fmt.Errorf("%w: it has no signature", ErrUntrusted)
	}
	var newest time.Time
	for _, s := range signatures {
		trusted := slices.ContainsFunc(p.Keys, func(k ed25519.PublicKey) bool { return k.Equal(s.Key) })
		if !trusted {
			continue
		}
		if !s.Time.Before(p.NotBefore) {
			return nil
		}
		if s.Time.After(newest) {
			newest = s.Time
		}
	}
	if !newest.IsZero() {
		return fmt.Errorf("%w lately: the signature of %s is older than %s", ErrUntrusted, newest.Format(time.RFC3339), p.NotBefore.UTC().Format(time.RFC3339))
	}
	return fmt.Errorf("%w: the signature is by another one", ErrUntrusted)
}

// Sign returns a signature of the database, made at the given time, in the form in which it is appended to the file. It
// vouches for what the database says, whether or not [DB.Verify] would find it undamaged.
func (d *DB) Sign(key ed25519.PrivateKey, at time.Time) ([]byte, error) {
	if len(d.signatures) == maxSignatures {
		return nil, fmt.Errorf("db: sign: there are %d signatures, which is the most", maxSignatures)
	}
	if len(key) != ed25519.PrivateKeySize {
		return nil, errors.New("db: sign: not a private key")
	}
	b := binary.LittleEndian.AppendUint64(nil, uint64(at.Unix()))
	signature := ed25519.Sign(key, signedMessage(b, d.footer.append(nil)))
	b = append(b, key.Public().(ed25519.PublicKey)...)
	b = append(b, signature...)
	b = append(b, make([]byte, signatureSize-len(b)-len(signatureMagic))...)
	return append(b, signatureMagic...), nil
}

// signedMessage is what is signed: what it is, when it is signed, and the footer.
func signedMessage(seconds, footer []byte) []byte {
	return slices.Concat([]byte(signatureContext), seconds, footer)
}

// parseSignatures takes the signatures off the end of tail, in order, and checks that they are what they say: signatures, by
// whomever, of the footer before them.
func parseSignatures(tail []byte) (signatures []Signature, rest []byte, err error) {
	end := len(tail)
	for end >= signatureSize && string(tail[end-len(signatureMagic):end]) == signatureMagic {
		end -= signatureSize
	}
	n := (len(tail) - end) / signatureSize
	if n > maxSignatures {
		return nil, nil, fmt.Errorf("%w: more than %d signatures", ErrCorrupt, maxSignatures)
	}
	if n > 0 && end < footerSize {
		return nil, nil, fmt.Errorf("%w: no footer before the signatures", ErrNotDatabase)
	}
	for i := range n {
		b := tail[end+i*signatureSize:][:signatureSize]
		key := ed25519.PublicKey(slices.Clone(b[8:40]))
		padding := b[104 : signatureSize-len(signatureMagic)]
		if !ed25519.Verify(key, signedMessage(b[:8], tail[end-footerSize:end]), b[40:104]) || slices.Max(padding) != 0 {
			return nil, nil, fmt.Errorf("%w: signature %d is of something else", ErrCorrupt, i+1)
		}
		signatures = append(signatures, Signature{key, unixTime(int64(binary.LittleEndian.Uint64(b)))})
	}
	return signatures, tail[:end], nil
}
