package objects

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/hullmark/hullmark/examples/fleet/internal/buckettest"
)

// TestSign has the examples of the documentation of signature version 4 for S3.
func TestSign(t *testing.T) {
	c := &Credentials{ID: "AKIAIOSFODNN7EXAMPLE", Secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}
	now := time.Date(2013, 5, 24, 0, 0, 0, 0, time.UTC)
	for _, test := range []struct{ target, ranges, want string }{
		{"/test.txt", "bytes=0-9", "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
		{"/?lifecycle", "", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
		{"/?max-keys=2&prefix=J", "", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"},
	} {
		r, err := http.NewRequest("GET", "https://examplebucket.s3.amazonaws.com"+test.target, nil)
		if err != nil {
			t.Fatal(err)
		}
		if test.ranges != "" {
			r.Header.Set("Range", test.ranges)
		}
		sign(r, nil, c, "us-east-1", now)
		if got := r.Header.Get("Authorization"); !strings.HasSuffix(got, "Signature="+test.want) {
			t.Errorf("%s: %s, want %s", test.target, got, test.want)
		}
	}
}

// TestBucket: small and large objects, failures that pass and that stay.
func TestBucket(t *testing.T) {
	b := buckettest.New(t)
	s, err := OpenS3(b.Address, buckettest.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	s.part = 100
	ctx := t.Context()
	for name, size := range map[string]int{"index/empty": 0, "index/small:1": 99, "upload/equal": 100, "upload/large": 1234, "upload/twice": 200} {
		content := bytes.Repeat([]byte("0123456789"), size/10+1)[:size]
		if n, err := s.Put(ctx, name, iotest.HalfReader(bytes.NewReader(content))); err != nil || n != int64(size) {
			t.Fatal(name, n, err)
		}
		if got := b.Objects["some/prefix/"+name]; !bytes.Equal(got, content) {
			t.Errorf("%s: the bucket has %d bytes", name, len(got))
		}
	}
	if b.Seen["part"] != 1+13+2 || b.Seen["PUT"] != 2 || len(b.Uploads) != 0 {
		t.Errorf("requests %v", b.Seen)
	}
	b.Objects["some/prefixed"], b.Objects["other"] = []byte("x"), []byte("x")
	list, err := s.List(ctx)
	var names []string
	for _, o := range list {
		names = append(names, o.Name)
	}
	if want := "index/empty index/small:1 upload/equal upload/large upload/twice"; err != nil || strings.Join(names, " ") != want || list[3].Size != 1234 || list[0].Modified.IsZero() {
		t.Errorf("%+v, %v", list, err)
	}
	o, err := s.Open(ctx, "upload/large")
	if err != nil {
		t.Fatal(err)
	}
	part := make([]byte, 10)
	if n, err := o.ReadAt(part, 1230); n != 4 || err != io.EOF || string(part[:4]) != "0123" {
		t.Errorf("%d %q %v", n, part, err)
	}
	before := b.Seen["GET"]
	if all, err := io.ReadAll(o.Reader()); err != nil || len(all) != 1234 || b.Seen["GET"] > before+2 {
		t.Errorf("%d bytes in %d requests, %v", len(all), b.Seen["GET"]-before, err)
	}
	b.Busy = 2
	if _, err := o.ReadAt(part, 0); err != nil {
		t.Errorf("a busy bucket: %v", err)
	}
	if _, err := s.Put(ctx, "upload/large", strings.NewReader("replaced")); err != nil {
		t.Error(err)
	}
	if _, err := o.ReadAt(part, 0); err == nil {
		t.Error("a replaced object is read")
	}
	if _, err := s.Put(ctx, "upload/failed", io.MultiReader(bytes.NewReader(make([]byte, 250)), iotest.ErrReader(errors.New("lost")))); err == nil || b.Seen["abort"] != 1 || len(b.Uploads) != 0 {
		t.Errorf("a reader that fails: %v, %v", err, b.Seen)
	}
	b.Broken = true
	if _, err := s.Put(ctx, "upload/failed", bytes.NewReader(make([]byte, 250))); err == nil || !strings.Contains(err.Error(), "InternalError") || len(b.Uploads) != 0 {
		t.Errorf("an error with status 200: %v", err)
	}
	b.Broken = false
	if _, err := s.Open(ctx, "upload/failed"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	wrong := *s
	wrong.credentials = func() (Credentials, error) { return Credentials{"id", "wrong", "session"}, nil }
	if _, err := wrong.Open(ctx, "upload/twice"); err == nil || strings.Contains(err.Error(), "wrong") || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a wrong secret: %v", err)
	}
	missing := *s
	missing.bucket = "none"
	if _, err := missing.List(ctx); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing bucket: %v", err)
	}
}

func TestOpenS3(t *testing.T) {
	file := filepath.Join(t.TempDir(), "credentials")
	if err := os.WriteFile(file, []byte("# keys\n[other]\naws_access_key_id = x\n[default]\naws_access_key_id = id\naws_secret_access_key=secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ address, want string }{
		{"s3://bucket?endpoint=https://s3.example&credentials=" + file, ""},
		{"s3://bucket/a/b?endpoint=https://s3.example/path&region=r&credentials=" + file, ""},
		{"s3://bucket?endpoint=https://s3.example", "no credentials"},
		{"s3://bucket?endpoint=https://s3.example&credentials=/none", "no such file"},
		{"s3://bucket", "no endpoint"},
		{"s3://bucket?endpoint=ftp://s3.example", "no endpoint"},
		{"s3://bucket?endpoint=https://user:secret@s3.example", "no endpoint"},
		{"s3://bucket?endpoint=https://s3.example&key=secret", "unknown parameter"},
		{"s3:///a?endpoint=https://s3.example", "is not s3://"},
		{"s3://bucket/../a?endpoint=https://s3.example&credentials=" + file, "malformed name"},
		{"https://bucket", "is not s3://"},
	} {
		s, err := OpenS3(test.address, func(string) string { return "" })
		if (err == nil) != (test.want == "") || err != nil && (!strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "secret@")) {
			t.Errorf("%s: %v, want %q", test.address, err, test.want)
		}
		if err == nil {
			if c, err := s.credentials(); err != nil || c != (Credentials{ID: "id", Secret: "secret"}) {
				t.Errorf("%+v, %v", c, err)
			}
		}
	}
}
