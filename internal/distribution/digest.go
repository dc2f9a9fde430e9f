package distribution

import (
	"context"
	"encoding/hex"
	"fmt"
	"hash"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// VerifiedBlob opens a blob like Blob. Reading fails at its end if the content does not have the digest in d.
func (r *Repository) VerifiedBlob(ctx context.Context, d v1.Descriptor) (io.ReadCloser, error) {
	body, err := r.Blob(ctx, d)
	if err != nil {
		return nil, err
	}
	explain := func(err error) error { return r.Explain("blob "+d.Digest.String(), err) }
	return &explained{verify(body, d.Digest), body, explain}, nil
}

type explained struct {
	io.Reader
	io.Closer
	explain func(error) error
}

func (e *explained) Read(p []byte) (int, error) {
	n, err := e.Reader.Read(p)
	if err != nil && err != io.EOF {
		err = e.explain(err)
	}
	return n, err
}

// verify returns a reader of r that fails at the end if the content does not have a digest.
func verify(r io.Reader, want v1.Hash) io.Reader {
	h, err := v1.Hasher(want.Algorithm)
	return &verifier{r, h, want, err}
}

type verifier struct {
	io.Reader
	hash hash.Hash
	want v1.Hash
	err  error // the algorithm is unknown
}

func (v *verifier) Read(p []byte) (int, error) {
	if v.err != nil {
		return 0, v.err
	}
	n, err := v.Reader.Read(p)
	v.hash.Write(p[:n])
	if err == io.EOF {
		if got := hex.EncodeToString(v.hash.Sum(nil)); got != v.want.Hex {
			return n, fmt.Errorf("its content has digest %s:%s", v.want.Algorithm, got)
		}
	}
	return n, err
}
