package scan

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"io"
	"slices"

	"github.com/hullmark/hullmark/analyzer/internal/attribute"
	"github.com/hullmark/hullmark/analyzer/internal/walk"
)

// newHash returns the hash of an algorithm of package attribute.
func newHash(algorithm string) hash.Hash {
	switch algorithm {
	case "md5":
		return md5.New()
	case "sha1":
		return sha1.New()
	case "sha256":
		return sha256.New()
	}
	return sha512.New()
}

// A hashing computes digests of the file that streams by.
type hashing struct {
	evident map[int]bool         // analyzers for which there is evidence
	hashes  map[string]hash.Hash // by algorithm, reused
	asked   []string             // algorithms for the current file
	buf     []byte
	digests []attribute.Digest
}

// algorithms sets asked to the digests that analyzers want of a file, in the order of package attribute.
func (c *collector) algorithms(path string) []string {
	h := &c.hashing
	h.asked = h.asked[:0]
	c.observe(path)
	c.found = c.digested.Find(path, c.found[:0])
	if len(h.evident) > 0 {
		c.found = slices.DeleteFunc(c.found, func(i int) bool { return len(c.analyzers[i].info.DigestsIf) > 0 && !h.evident[i] })
	}
	for _, a := range attribute.Algorithms {
		for _, i := range c.found {
			if slices.Contains(c.analyzers[i].info.Digests, a.Name) {
				h.asked = append(h.asked, a.Name)
				break
			}
		}
	}
	return h.asked
}

// begin makes e.Reader compute the digests of the file. Content that can be read in any order is read for them at once.
func (h *hashing) begin(e *walk.Entry) error {
	if h.hashes == nil {
		h.hashes, h.buf = make(map[string]hash.Hash), make([]byte, 32<<10)
	}
	for _, a := range h.asked {
		if h.hashes[a] == nil {
			h.hashes[a] = newHash(a)
		}
		h.hashes[a].Reset()
	}
	if e.At != nil {
		return h.drain(io.NewSectionReader(e.At, 0, e.At.Size()))
	}
	e.Reader = &hashed{e.Reader, h}
	return nil
}

func (h *hashing) drain(r io.Reader) error {
	for {
		n, err := r.Read(h.buf)
		h.write(h.buf[:n])
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (h *hashing) write(b []byte) {
	for _, a := range h.asked {
		h.hashes[a].Write(b)
	}
}

// sums returns the digests. They are valid until the next file.
func (h *hashing) sums() []attribute.Digest {
	h.digests = h.digests[:0]
	for _, a := range h.asked {
		h.digests = append(h.digests, attribute.Digest{Algorithm: a, Sum: string(h.hashes[a].Sum(nil))})
	}
	return h.digests
}

// A hashed is the content of a file. It hashes all bytes that are read.
type hashed struct {
	io.Reader
	h *hashing
}

// Read implements io.Reader.
func (r *hashed) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	r.h.write(p[:n])
	return n, err
}

// finish reads the rest.
func (r *hashed) finish() error {
	for {
		switch _, err := r.Read(r.h.buf); err {
		case nil:
		case io.EOF:
			return nil
		default:
			return err
		}
	}
}

// Discard reads n bytes.
func (r *hashed) Discard(n int64) error {
	for n > 0 {
		k, err := io.ReadFull(r, r.h.buf[:min(n, int64(len(r.h.buf)))])
		n -= int64(k)
		if err != nil {
			return err
		}
	}
	return nil
}
