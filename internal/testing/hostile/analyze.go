package hostile

import (
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/diagnostic"
)

// Analyze calls an analyzer for a file with the content of text. It fails the test if the heap grows by more than most bytes, or if
// the call takes more than a minute, which only a busy machine comes near in less than quadratic time.
func Analyze(t testing.TB, a analyzer.Analyzer, path string, text []byte, most uint64) (r *analyzer.Result, err error) {
	t.Helper()
	defer debug.SetGCPercent(debug.SetGCPercent(25)) // the heap is close to the memory in use
	f := analyzer.NewFile(path, 0o644, text)
	start := time.Now()
	peak := Peak(func() { r, err = a.Analyze(t.Context(), f) })
	took := time.Since(start)
	t.Logf("%s: %d MiB of text, %d MiB of heap, %.1f s", path, len(text)>>20, peak>>20, took.Seconds())
	if peak > most {
		t.Errorf("%s: the heap grew by %d MiB, more than %d", path, peak>>20, most>>20)
	}
	if took > time.Minute {
		t.Errorf("%s: took %v", path, took)
	}
	if r == nil {
		r = new(analyzer.Result)
	}
	return r, err
}

// Refused is like Analyze, and fails the test unless the analyzer reports that something is too large.
func Refused(t testing.TB, a analyzer.Analyzer, path string, text []byte, most uint64) *analyzer.Result {
	t.Helper()
	if max := a.Info().MaxSize; max > 0 && int64(len(text)) > max {
		t.Errorf("%s: the engine refuses files of %d bytes", path, len(text))
	}
	r, err := Analyze(t, a, path, text, most)
	refused := err != nil && diagnostic.Of(err).Code == analyzer.TooLarge
	for _, d := range r.Diagnostics {
		refused = refused || d.Code == analyzer.TooLarge
	}
	if !refused {
		t.Errorf("%s: not too large: %v", path, diagnostic.Err(r, err))
	}
	t.Logf("%s: %d packages, %v", path, len(r.Packages), diagnostic.Err(r, err))
	return r
}

// Times returns head, n times body, and tail. "#" in the body stands for the number of the repetition.
func Times(n int, head, body, tail string) []byte {
	text := []byte(head)
	for i := range n {
		text = appendNumbered(text, body, i)
	}
	return append(text, tail...)
}

func appendNumbered(text []byte, body string, n int) []byte {
	for {
		i := strings.IndexByte(body, '#')
		if i < 0 {
			return append(text, body...)
		}
		text = strconv.AppendInt(append(text, body[:i]...), int64(n), 10)
		body = body[i+1:]
	}
}
