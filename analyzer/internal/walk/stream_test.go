package walk

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"testing"
	"testing/iotest"
)

func gzipped(t *testing.T, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// idle is a source that has nothing to say, and does not say so.
type idle struct{}

func (idle) Read([]byte) (int, error) { return 0, nil }

func TestStream(t *testing.T) {
	content := bytes.Repeat([]byte("some content "), 100_000)
	stored := gzipped(t, content)
	cause := errors.New("the line is cut")
	for name, tt := range map[string]struct {
		source io.Reader
		want   error
	}{
		"whole":          {bytes.NewReader(stored), nil},
		"byte by byte":   {iotest.OneByteReader(bytes.NewReader(stored)), nil},
		"error at end":   {iotest.DataErrReader(bytes.NewReader(stored)), nil},
		"more behind it": {io.MultiReader(bytes.NewReader(stored), bytes.NewReader(make([]byte, 3*storedSize))), nil}, // hashed, and dropped
		"cut off":        {bytes.NewReader(stored[:len(stored)/2]), io.ErrUnexpectedEOF},
		"fails":          {io.MultiReader(bytes.NewReader(stored[:len(stored)/2]), iotest.ErrReader(cause)), cause},
		"no progress":    {io.MultiReader(bytes.NewReader(stored[:len(stored)/2]), idle{}), io.ErrNoProgress},
	} {
		t.Run(name, func(t *testing.T) {
			for _, hashStored := range []bool{true, false} {
				sum := sha256.New()
				source := tt.source
				if s, ok := source.(*bytes.Reader); ok { // to be read twice
					s.Seek(0, io.SeekStart)
				} else if !hashStored {
					continue
				}
				s := newStream(context.Background(), io.TeeReader(source, sum), Options{Limits: Limits{}.withDefaults()}, hashStored)
				got, err := io.ReadAll(s)
				s.close()
				if tt.want != nil {
					if !errors.Is(err, tt.want) {
						t.Errorf("error %v, want %v", err, tt.want)
					}
					continue
				}
				if err != nil || !bytes.Equal(got, content) {
					t.Errorf("%d bytes, %v", len(got), err)
				}
				want := sum
				if !hashStored {
					want = sha256.New()
					want.Write(content)
				}
				if s.digest() != "sha256:"+hex.EncodeToString(want.Sum(nil)) {
					t.Errorf("digest %s", s.digest())
				}
			}
		})
	}
}

// A stream that is closed early leaves no goroutine behind: close waits for them.
func TestStreamClose(t *testing.T) {
	stored := gzipped(t, bytes.Repeat([]byte("some content "), 1_000_000))
	for n := range 20 {
		s := newStream(context.Background(), io.MultiReader(bytes.NewReader(stored), bytes.NewReader(make([]byte, 10<<20))), Options{Limits: Limits{}.withDefaults()}, n%2 == 0)
		if _, err := io.ReadFull(s, make([]byte, n*1000)); err != nil {
			t.Fatal(err)
		}
		s.close()
	}
}
