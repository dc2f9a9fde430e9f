// Package leak detects goroutines and open files that a test leaks.
package leak

import (
	"os"
	"runtime"
	"testing"
	"time"
)

// Check counts goroutines and open files, and fails the test if it ends with more. Tests that use Check must not run in
// parallel with others.
func Check(t testing.TB) {
	t.Helper()
	goroutines, files := runtime.NumGoroutine(), openFiles()
	t.Cleanup(func() {
		deadline := time.Now().Add(5 * time.Second)
		for {
			g, f := runtime.NumGoroutine(), openFiles()
			if g <= goroutines && f <= files {
				return
			}
			if time.Now().After(deadline) {
				stacks := make([]byte, 64<<10)
				t.Errorf("%d goroutines before, %d now; %d open files before, %d now\n%s",
					goroutines, g, files, f, stacks[:runtime.Stack(stacks, true)])
				return
			}
			time.Sleep(time.Millisecond)
		}
	})
}

// openFiles returns the number of open files of this process, or 0 if the system has no /proc.
func openFiles() int {
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(list)
}
