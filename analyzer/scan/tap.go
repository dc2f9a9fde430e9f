package scan

import (
	"fmt"
	"io"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/content"
	"github.com/hullmark/hullmark/analyzer/internal/stream"
	"github.com/hullmark/hullmark/analyzer/internal/walk"
)

// A tap reads a file, and passes its bytes to the jobs of analyzers that look at them as they stream by. Other analyzers of the file read it
// through the tap.
type tap struct {
	r    io.Reader
	at   int64
	size int64
	jobs []job // each with its reader
	buf  []byte
}

// tap returns the jobs that want the file itself, and a tap for the others, or nil.
func (c *collector) tap(jobs []job, e *walk.Entry) (rest []job, t *tap) {
	for _, j := range jobs {
		a := &c.analyzers[j.analyzer]
		switch {
		case a.streams == nil:
			rest = append(rest, j)
		case !a.streams.Wants(j.name()):
		case e.Sparse && e.Size > a.maxSize: // a hole may have any size
			c.why = skippedSize
			c.fail(j, analyzer.TooLarge, tooLarge(e.Size, a.maxSize))
		default:
			if t == nil {
				t = &tap{r: e.Reader, size: e.Size}
			}
			guard(func() stream.Reader { j.reader = a.streams.Stream(j.name(), e.Size); return j.reader }, &j.reader)
			t.jobs = append(t.jobs, j)
		}
	}
	if t != nil {
		e.Reader = t
	}
	return rest, t
}

// Read implements io.Reader.
func (t *tap) Read(p []byte) (int, error) {
	n, err := t.r.Read(p)
	t.pass(p[:n])
	return n, err
}

// pass passes the next bytes to the readers that need them.
func (t *tap) pass(part []byte) {
	for i := range t.jobs {
		r := &t.jobs[i].reader
		guard(func() stream.Reader {
			end := t.at + int64(len(part))
			if at := (*r).Next(t.at); at < end {
				(*r).Part(at, part[at-t.at:])
			}
			return *r
		}, r)
	}
	t.at += int64(len(part))
}

// Discard skips bytes, but for those that readers need.
func (t *tap) Discard(n int64) error {
	if t.buf == nil {
		t.buf = make([]byte, searchStep)
	}
	for end := t.at + n; t.at < end; {
		next := end
		for i := range t.jobs {
			r := &t.jobs[i].reader
			guard(func() stream.Reader { next = min(next, (*r).Next(t.at)); return *r }, r)
		}
		if skip := next - t.at; skip > 0 {
			if err := discard(t.r, skip); err != nil {
				return err
			}
			t.at = next
			continue
		}
		part := t.buf[:min(int64(len(t.buf)), end-t.at)]
		if _, err := io.ReadFull(t.r, part); err != nil {
			return err
		}
		t.pass(part)
	}
	return nil
}

// finish passes the rest of the file, and has the analyzers answer.
func (c *collector) finishTap(t *tap, e *walk.Entry) error {
	if err := t.Discard(t.size - t.at); err != nil {
		return err
	}
	for _, j := range t.jobs {
		name, mode := j.name(), e.Mode
		c.task(j, func(account *content.Account) *analyzer.File {
			return analyzer.NewFileAt(name, mode, content.Of(nil, account), 0)
		}, func() {})
	}
	return nil
}

// guard calls a function of a reader. If it panics, a reader takes its place whose answer is the panic.
func guard(call func() stream.Reader, r *stream.Reader) {
	defer func() {
		if p := recover(); p != nil {
			*r = panicked{fmt.Sprint(p)}
		}
	}()
	call()
}

// A panicked is a reader that has panicked.
type panicked struct{ text string }

func (panicked) Next(int64) int64   { return 1<<63 - 1 }
func (panicked) Part(int64, []byte) {}

func (p panicked) Result() (*analyzer.Result, error) { panic(p.text) }
