package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// A lockedBuffer is safe for a command that is left behind.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// TestTimeout ends every command that scans or matches soon after --timeout, whatever it waits for: a registry that answers slowly,
// or input that never comes.
func TestTimeout(t *testing.T) {
	stop := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-stop:
		case <-r.Context().Done():
		}
	}))
	defer slow.Close()
	defer close(stop)
	image := strings.TrimPrefix(slow.URL, "http://") + "/app:1"
	output := filepath.Join(t.TempDir(), "out")
	for _, args := range [][]string{
		{"scan", "--fail-on", "low", "-o", output, image}, {"scan", "--platform", "all", image}, {"scan", "--sbom-from-registry", image},
		{"sbom", "-o", output, image}, {"sbom", "diff", image, image}, {"sbom", "merge", image},
		{"explain", image, "CVE-2020-0001"}, {"match", "-"}, {"in-build", "--root", t.TempDir(), "--db", "oci://" + image},
	} {
		in, keep := io.Pipe()
		var stdout, stderr lockedBuffer
		a := testApp(&stdout, &stderr)
		a.stdin = in
		start := time.Now()
		code := a.run(t.Context(), append(args, "--timeout", "100ms"))
		if took := time.Since(start); took > 3*time.Second {
			t.Errorf("%v: took %v", args, took)
		}
		if code != exitFailed || stdout.String() != "" || !strings.HasSuffix(stderr.String(), "hullmark: --timeout: not finished within 100ms\n") {
			t.Errorf("%v: exit code %d, %q, %q", args, code, stdout.String(), stderr.String())
		}
		keep.Close()
	}
	if _, err := os.Stat(output); err == nil {
		t.Error("results were written")
	}
}

// TestTimeoutNotReached requires the same answer with a timeout as without.
func TestTimeoutNotReached(t *testing.T) {
	want, _, _ := hullmark(t, "scan", "--format", "json", "demo:")
	got, stderr, code := hullmark(t, "scan", "--format", "json", "--timeout", "10m", "demo:")
	if code != exitOK || got != want {
		t.Errorf("exit code %d, %s", code, stderr)
	}
	if _, _, code := hullmark(t, "scan", "--fail-on", "low", "--timeout", "10m", "demo:"); code != exitDisallowed {
		t.Errorf("exit code %d of a disallowed image", code)
	}
	for _, bad := range []string{"0", "-1s", "soon"} {
		if _, stderr, code := hullmark(t, "scan", "--timeout", bad, "demo:"); code != exitFailed || !strings.Contains(stderr, "timeout") {
			t.Errorf("%s: exit code %d, %s", bad, code, stderr)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stdout, errs bytes.Buffer
	if code := testApp(&stdout, &errs).run(ctx, []string{"scan", "--timeout", "10m", "demo:"}); code != exitFailed || !strings.Contains(errs.String(), "interrupted") {
		t.Errorf("interrupted: exit code %d, %s", code, errs.String())
	}
}
