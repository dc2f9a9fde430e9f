package scan

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

// A missing counts the files for which an analyzer was not available.
type missing struct {
	mu    sync.Mutex
	err   error // the first
	files int
	paths []string // the first, by name
}

const maxMissingPaths = 3

func (m *missing) add(path string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err == nil {
		m.err = err
	}
	m.files++
	at, ok := slices.BinarySearch(m.paths, path)
	if ok || at == maxMissingPaths {
		return
	}
	m.paths = slices.Insert(m.paths, at, path)
	m.paths = m.paths[:min(len(m.paths), maxMissingPaths)]
}

// message names the files that were not analyzed, and the reason. It returns "" if all files were analyzed.
func (m *missing) message(unavailable string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err == nil {
		return unavailable
	}
	files, more := "1 file was", ""
	if m.files > 1 {
		files = fmt.Sprintf("%d files were", m.files)
	}
	if m.files > len(m.paths) {
		more = ", ..."
	}
	return fmt.Sprintf("%v; %s not analyzed: %s%s", m.err, files, strings.Join(m.paths, ", "), more)
}
