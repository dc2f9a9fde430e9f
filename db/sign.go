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

// A Signature of a database by a key is at the end of the file. Signing changes no byte before it, and a file can have several signatures, by the same
// key or by others.
type Signature struct {
	Key  ed25519.PublicKey
	Time time.Time // of signing, as the signer states it, in seconds
}

// ErrUntrusted reports a database that does not satisfy a [SignaturePolicy].
var ErrUntrusted = errors.New("not signed by a trusted key")

// A SignaturePolicy tells which databases to trust.
type SignaturePolicy struct {
	Keys []ed25519.PublicKey // one of them must have signed the database

	// NotBefore is the earliest acceptable time of a signature by one of Keys. A program that sets it to the time of the newest signature it
	// has seen rejects older databases.
	NotBefore time.Time
}

// OpenSigned is [Open] for a database that satisfies the policy. All data that the DB reads, now and later, is signed. If the database does not
// satisfy the policy, the error wraps [ErrUntrusted].
func OpenSigned(r io.ReaderAt, size int64, p SignaturePolicy) (*DB, error) {
	d, err := open(r, size, &p)
	if err != nil {
		return nil, fmt.Errorf("db: %w", err)
	}
	return d, nil
}

// check returns nil if one of the signatures, which are valid, satisfies the policy.
func (p *SignaturePolicy) check(signatures []Signature) error {
	if len(signatures) == 0 {
		return fmt.Errorf("%w: no signature", ErrUntrusted)
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
		return fmt.Errorf("%w: the signature of %s is older than %s", ErrUntrusted, newest.Format(time.RFC3339), p.NotBefore.UTC().Format(time.RFC3339))
	}
	return fmt.Errorf("%w: signed by another key", ErrUntrusted)
}

// Sign returns a signature of the database with the given time, to append to the file. It does not read blocks; [DB.Verify] finds damaged ones.
func (d *DB) Sign(key ed25519.PrivateKey, at time.Time) ([]byte, error) {
	if len(d.signatures) == maxSignatures {
		return nil, fmt.Errorf("db: sign: the database has the maximum of %d signatures", maxSignatures)
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

// signedMessage returns the signed bytes: a context, the time of signing and the footer.
func signedMessage(seconds, footer []byte) []byte {
	return slices.Concat([]byte(signatureContext), seconds, footer)
}

// parseSignatures returns the signatures at the end of tail, in order, and the rest of it. It checks that they are valid signatures of the footer
// before them, by any key.
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
			return nil, nil, fmt.Errorf("%w: signature %d is invalid", ErrCorrupt, i+1)
		}
		signatures = append(signatures, Signature{key, unixTime(int64(binary.LittleEndian.Uint64(b)))})
	}
	return signatures, tail[:end], nil
}
