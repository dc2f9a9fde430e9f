// Package stream is the contract between a scan and analyzers that look at files while their bytes stream by, and hold only a little of them.
package stream

import (
	"io"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/content"
	"github.com/hullmark/hullmark/internal/executable"
)

// An Analyzer looks at files as their bytes stream by. Its patterns select by the first bytes, and Wants by name. The answer for a file
// depends on its content and the base name only, and Analyze gives the same.
//
// A scan leaves out packages in files that an unchanged package of the distribution owns, and packages that it has found elsewhere below the same
// directory, such as usr/local: a program and its shared library are one component.
type Analyzer interface {
	analyzer.Analyzer

	// Wants reports whether the analyzer wants a file with a path.
	Wants(path string) bool

	// Stream returns a Reader for a file that the analyzer wants.
	Stream(path string, size int64) Reader
}

// A NameReader is an analyzer with [analyzer.Info.DataOnly] that needs the names of a program's functions, too. They are constants. A
// scan then keeps the tables of names. Names returns their places.
type NameReader interface {
	analyzer.Analyzer
	ReadsNames()
}

// Names returns the tables of names in a program, up to one more than [executable.MaxTables].
func Names(f *analyzer.File) []executable.NameTable {
	r, _, _ := f.Open().Outer()
	if c, ok := r.(*content.Content); ok {
		if kept, ok := c.Under().(interface {
			Names() ([]executable.NameTable, bool)
		}); ok {
			if tables, ok := kept.Names(); ok {
				return tables
			}
		}
	}
	return executable.Names(f.Open())
}

// A Reader looks at one file. A scan calls its methods from one goroutine at a time.
type Reader interface {
	// Next returns the first offset from an offset on at which the Reader needs bytes, at most the size of the file.
	Next(offset int64) int64

	// Part passes the bytes at an offset. Offsets rise, and bytes between parts are those that Next left out. Part must not keep or change
	// the bytes.
	Part(offset int64, part []byte)

	// Result returns the answer, once the file has ended.
	Result() (*analyzer.Result, error)
}

// step is the number of bytes that Read reads at once.
const step = 32 << 10

// Read passes a file to a Reader, and returns the answer.
func Read(r Reader, file io.ReaderAt, size int64) (*analyzer.Result, error) {
	buf := make([]byte, min(step, size))
	for at := r.Next(0); at < size; at = r.Next(at) {
		n, err := file.ReadAt(buf[:min(int64(len(buf)), size-at)], at)
		r.Part(at, buf[:n])
		at += int64(n)
		if err != nil && (err != io.EOF || n == 0) {
			return nil, err
		}
	}
	return r.Result()
}
