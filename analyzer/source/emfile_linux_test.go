package source

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// TestTooManyFiles requires another error for a process with too many open files than for a blob that is missing. It exhausts the
// files of a process of its own.
func TestTooManyFiles(t *testing.T) {
	if os.Getenv("HULLMARK_TEST_FILES") == "" {
		c := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestTooManyFiles$", "-test.v")
		c.Env = append(os.Environ(), "HULLMARK_TEST_FILES=1")
		if out, err := c.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS") {
			t.Errorf("%v:\n%s", err, out)
		}
		return
	}
	dir := t.TempDir()
	digest, size, err := v1.SHA256(strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, filepath.FromSlash(blobName(digest.String())))
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	s, err := openDir(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 64, Max: 64}); err != nil {
		t.Fatal(err)
	}
	for {
		f, err := os.Open(dir)
		if err != nil {
			break
		}
		defer f.Close()
	}
	_, err = blob(t.Context(), s, "configuration", v1.Descriptor{Digest: digest, Size: size})
	if !errors.Is(err, syscall.EMFILE) || errors.Is(err, fs.ErrNotExist) || !strings.HasSuffix(err.Error(), ": too many open files") {
		t.Errorf("configuration: %v", err)
	}
	if err := missingBlob(s, "layer 0", blobName(digest.String())); !errors.Is(err, syscall.EMFILE) || strings.Contains(err.Error(), "missing") {
		t.Errorf("layer: %v", err)
	}
}
