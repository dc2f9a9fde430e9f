package plugin

import (
	"bytes"
	"errors"
	"strings"
	"sync"
)

// An output receives the lines of standard output and standard error of a process.
type output struct {
	line  func(string)  // may be nil
	limit int64         // bytes
	over  chan struct{} // closed when limit is exceeded

	mu       sync.Mutex
	size     int64
	lastLine string // first line of a crash, or else the last line
}

// maxLine is the length in bytes to which lines are truncated.
const maxLine = 4 << 10

// add adds a line. It ignores lines above the limit.
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

// isCrash reports whether a line begins the crash message of a Go program.
func isCrash(line string) bool {
	for _, prefix := range []string{"panic: ", "fatal error: ", "runtime/cgo: "} {
		if strings.HasPrefix(line, prefix) {
			return true
		}
	}
	return false
}

// reason returns the line that best explains the end of the process, up to 200 bytes: the first line of a crash, or else the
// last line.
func (o *output) reason() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return strings.TrimSpace(o.lastLine)[:min(len(strings.TrimSpace(o.lastLine)), 200)]
}

// A lineWriter splits a stream into lines.
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

// flush adds the last line if it has no line end.
func (w *lineWriter) flush() {
	if len(w.rest) > 0 {
		w.out.add(string(w.rest))
		w.rest = nil
	}
}

var errOutput = errors.New("output exceeds Limits.Output")
