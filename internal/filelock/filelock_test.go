package filelock_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/hullmark/hullmark/internal/filelock"
)

// Only one at a time has the lock, although each removes the file.
func TestLock(t *testing.T) {
	name := filepath.Join(t.TempDir(), "lock")
	holders, most := 0, 0
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 5 {
				unlock, err := filelock.Lock(t.Context(), name, nil)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				holders++
				most = max(most, holders)
				mu.Unlock()
				time.Sleep(time.Millisecond)
				mu.Lock()
				holders--
				mu.Unlock()
				if err := unlock(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if most != 1 {
		t.Errorf("%d at once", most)
	}
	if _, err := os.Stat(name); runtime.GOOS != "windows" && !errors.Is(err, os.ErrNotExist) { // Windows removes no open file
		t.Errorf("the file is still there: %v", err)
	}
}

// The lock of a process that is killed is free.
func TestKilled(t *testing.T) {
	if name := os.Getenv("HULLMARK_TEST_LOCK"); name != "" {
		if _, err := filelock.Lock(t.Context(), name, nil); err != nil {
			t.Fatal(err)
		}
		fmt.Println("\nlocked")
		time.Sleep(time.Hour)
	}
	name := filepath.Join(t.TempDir(), "lock")
	c := exec.Command(os.Args[0], "-test.run=^TestKilled$")
	c.Env = append(os.Environ(), "HULLMARK_TEST_LOCK="+name)
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	for s := bufio.NewScanner(out); s.Scan() && s.Text() != "locked"; {
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	waited := false
	if _, err := filelock.Lock(ctx, name, func() { waited = true }); !errors.Is(err, context.DeadlineExceeded) || !waited {
		t.Errorf("taken from a process that lives: %v", err)
	}
	c.Process.Kill()
	c.Wait()
	unlock, err := filelock.Lock(t.Context(), name, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := unlock(); err != nil {
		t.Error(err)
	}
}
