package plugin

import (
	"bytes"
	"errors"
	"strings"
	"sync"
)

// An output takes what a process writes to standard output and standard error, by lines.
type output struct {
	line  func(string)  // may be nil
	limit int64         // bytes
	over  chan struct{} // closed when there was more

	mu       sync.Mutex
	size     int64
	lastLine string // what is worth telling of it, if the process ends
}

// maxLine is the length to which lines are cut.
const maxLine = 4 << 10

// add takes a line.
func (o *output) add(line string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.size > o.limit {
		return
	}
	if o.size += int64(len(line)) + 1; o.size > o.limit {
		close(o.over)
		return
	}
	line = strings.TrimSuffix(line, "\r")
	line = line[:min(len(line), maxLine)]
	if strings.TrimSpace(line) != "" && !isCrash(o.lastLine) {
		o.lastLine = line
	}
	if o.line != nil {
		o.line(line)
	}
}

// crash reports whether a line begins what Go writes about the end of a program.
func isCrash(line string) bool {
	for _, prefix := range []string{"panic: ", "fatal error: ", "runtime/cgo: "} {
		if strings.HasPrefix(line, prefix) {
			return true
		}
	}
	return false
}

// last returns the line that tells best why the process ended: the first of a crash, else the last.
func (o *output) reason() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return strings.TrimSpace(o.lastLine)[:min(len(strings.TrimSpace(o.lastLine)), 200)]
}

// A lineWriter cuts a stream into lines.
type lineWriter struct {
	out  *output
	rest []byte
}

func (w *lineWriter) Write(p []byte) (int, error) {
	n := len(p)
	for {
		i := bytes.IndexByte(p, '\n')
		if i < 0 {
			break
		}
		w.out.add(string(w.rest) + string(p[:i]))
		w.rest, p = w.rest[:0], p[i+1:]
	}
	w.rest = append(w.rest, p...)
	if len(w.rest) > maxLine {
		w.out.add(string(w.rest))
		w.rest = w.rest[:0]
	}
	return n, nil
}

// flush takes what has no end of line.
func (w *lineWriter) flush() {
	if len(w.rest) > 0 {
		w.out.add(string(w.rest))
		w.rest = nil
	}
}

var errOutput = errors.New("it wrote more to standard output and standard error than Limits.Output allows")
