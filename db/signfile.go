package db

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/hullmark/hullmark/internal/atomicfile"
)

// SignFile adds a signature to a database file; see [DB.Sign]. It replaces the file when the new one is complete.
func SignFile(name string, key ed25519.PrivateKey, at time.Time) (err error) {
	d, err := OpenFile(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	signature, err := d.Sign(key, at)
	if err != nil {
		return err
	}
	if err := writeFile(name, io.NewSectionReader(d.r, 0, d.size), signature); err != nil {
		return fmt.Errorf("db: sign: %w", err)
	}
	return nil
}

// writeFile replaces a file by the content of r and a suffix.
func writeFile(name string, r io.Reader, suffix []byte) error {
	out, err := atomicfile.Create(name)
	if err != nil {
		return err
	}
	defer out.Discard()
	if _, err := io.Copy(out, r); err != nil {
		return err
	}
	if _, err := out.Write(suffix); err != nil {
		return err
	}
	return out.Commit()
}
