// Package content holds the content of an analyzer.File, and counts the memory that an analyzer uses for it. Package
// analyzer and the engine share it.
package content

import (
	"bytes"
	"io"
)

// MaxMagic is the most bytes of an element of analyzer.Info.Magic.
const MaxMagic = 64

// A Content is the content of one file, in memory or read on demand.
type Content struct {
	*Account
	data []byte // nil: at has the content
	at   io.ReaderAt
	size int64
}

// Of returns content that is in memory. A nil account stands for one of its own with the default limits.
func Of(data []byte, a *Account) *Content {
	if data == nil {
		data = []byte{}
	}
	return &Content{Account: a.orDefault(), data: data, size: int64(len(data))}
}

// At returns content that is read on demand. A nil account stands for one of its own with the default limits.
func At(at io.ReaderAt, size int64, a *Account) *Content {
	return &Content{Account: a.orDefault(), at: at, size: size}
}

func (a *Account) orDefault() *Account {
	if a == nil {
		return NewAccount(DefaultMemory, DefaultInflated, nil)
	}
	return a
}

// Size returns the length of the content in bytes.
func (c *Content) Size() int64 { return c.size }

// Bytes returns the whole content if it is in memory, else nil.
func (c *Content) Bytes() []byte { return c.data }

// ReadAt implements io.ReaderAt.
func (c *Content) ReadAt(p []byte, off int64) (int, error) {
	if c.data != nil {
		return bytes.NewReader(c.data).ReadAt(p, off)
	}
	return c.at.ReadAt(p, off)
}

// Under returns the reader of content that is read on demand, or nil.
func (c *Content) Under() io.ReaderAt { return c.at }
