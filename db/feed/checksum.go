package feed

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"strings"

	"github.com/hullmark/hullmark/internal/inflate"
	"github.com/hullmark/hullmark/internal/limit"
)

// ErrChecksum reports a file that does not match its published checksum.
var ErrChecksum = errors.New("file does not match its published checksum")

// summer returns the hash of a checksum, or nil without a checksum, and the value that it must have.
func summer(sum string) (hash.Hash, string, error) {
	kind, want, _ := strings.Cut(strings.ToLower(sum), ":")
	switch {
	case sum == "":
		return nil, "", nil
	case kind == "sha256" && len(want) == 2*sha256.Size:
		return sha256.New(), want, nil
	case kind == "sha512" && len(want) == 2*sha512.Size:
		return sha512.New(), want, nil
	}
	return nil, "", fmt.Errorf("unsupported checksum %.140q", sum)
}

// check compares a file with the checksum of the item, if it has one.
func (it *Item) check(name string) error {
	h, want, err := summer(it.Sum)
	if h == nil {
		return err
	}
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	r := io.Reader(f)
	if it.Unpacked {
		z := inflate.NewReader(f, inflate.Gzip)
		defer z.Close()
		r = limit.Reader(z, maxUnpacked, "content")
	}
	if _, err := io.Copy(h, r); err != nil {
		return err
	}
	if hex.EncodeToString(h.Sum(nil)) != want {
		return ErrChecksum
	}
	return nil
}

// maxUnpacked bounds the content of a gzip file whose checksum is computed.
const maxUnpacked = 16 << 30
