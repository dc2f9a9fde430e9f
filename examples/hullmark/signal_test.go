//go:build unix

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestSignal ends a command that waits for a file that never answers.
func TestSignal(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for signalGrace")
	}
	fifo := filepath.Join(t.TempDir(), "q.yaml")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), self, "scan", "--offline", "--advisories", fifo, "demo:")
	c.Env = append(os.Environ(), "HULLMARK_TEST_MAIN=1")
	var stderr bytes.Buffer
	c.Stderr = &stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(500 * time.Millisecond) // until it waits; earlier, it ends at once
	if err := c.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	select {
	case <-ended:
		if code := c.ProcessState.ExitCode(); code != exitFailed || !strings.Contains(stderr.String(), "interrupted") {
			t.Errorf("exit code %d: %s", code, &stderr)
		}
	case <-time.After(signalGrace + 20*time.Second):
		c.Process.Kill()
		t.Error("it goes on after SIGTERM")
	}
}
