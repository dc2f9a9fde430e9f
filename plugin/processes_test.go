package plugin_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// checkProcesses fails a test that leaves processes: its own children, or what those started.
func checkProcesses(t *testing.T) {
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		return
	}
	before := processes()
	t.Cleanup(func() {
		deadline := time.Now().Add(5 * time.Second)
		for {
			var left []string
			for pid, what := range processes() {
				if _, ok := before[pid]; !ok {
					left = append(left, strconv.Itoa(pid)+" "+what)
				}
			}
			if len(left) == 0 {
				return
			}
			if time.Now().After(deadline) {
				t.Errorf("processes are left: %q", left)
				return
			}
			time.Sleep(time.Millisecond)
		}
	})
}

// processes returns the children of this process, dead ones that nobody waited for included, and those that plugins of
// these tests forked.
func processes() map[int]string {
	list := make(map[int]string)
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, name := range stats {
		stat, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(name)))
		fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
		environ, _ := os.ReadFile(filepath.Join(filepath.Dir(name), "environ"))
		if string(fields[1]) == strconv.Itoa(os.Getpid()) || bytes.Contains(environ, []byte("HULLMARK_TEST_FORK=1")) {
			list[pid] = string(stat[:min(len(stat), 60)])
		}
	}
	return list
}
