// Package location reads the documents of a location: a file, a directory or a URL, plain, compressed or an archive.
package location

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/hullmark/hullmark/internal/credmask"
	"github.com/hullmark/hullmark/internal/download"
)

// Limits bound the data that is read from one location.
type Limits struct {
	Download     int64 // bytes of a body, as sent
	Decompressed int64 // bytes of all decompressed data together
	Document     int64 // bytes of one document of a directory or an archive
	Memory       int64 // bytes of a zip archive that is not a plain local file, which is read into memory
}

// Data is the content of a location. One goroutine reads it, once.
type Data struct {
	Location string
	URL      string // the location if it is a URL, without a password
	Modified time.Time
	Size     int64 // bytes of the location as stored or sent; -1 if unknown
	Skipped  int   // documents so far that Documents left out

	// Fingerprint distinguishes this state of a URL from other states: the ETag or else the Last-Modified, as the server sent it.
	Fingerprint string

	ctx    context.Context
	limits Limits
	made   int64 // decompressed bytes
	read   int64 // bytes of the location, so far
	body   io.ReadCloser
	dir    fs.FS // instead of body
}

// Open opens a location: the path of a file or directory, or an http or https URL, which client gets. It recognizes compressions and
// archives by content. Data.Modified is the time of modification of a file, or the Last-Modified of a server; for a directory it is the
// time of the newest file that was read so far.
//
// The context ends reading, too. The client retries requests; any status but 200 is an error with URL and status.
func Open(ctx context.Context, location string, client download.Client, limits Limits) (*Data, error) {
	d := &Data{Location: location, Size: -1, ctx: ctx, limits: limits}
	var err error
	if IsURL(location) {
		err = d.get(ctx, client)
	} else {
		err = d.open()
	}
	if err != nil {
		return nil, err
	}
	return d, nil
}

// IsURL reports whether a location is an http or https URL.
func IsURL(location string) bool {
	return strings.HasPrefix(location, "http://") || strings.HasPrefix(location, "https://")
}

// get sends the request and leaves the body in d.
func (d *Data) get(ctx context.Context, client download.Client) error {
	b, err := client.Open(ctx, download.Request{URL: d.Location})
	if err != nil {
		return err
	}
	d.body, d.URL, d.Size, d.Fingerprint, d.Modified = b, b.URL, b.Size, b.Fingerprint, b.Modified
	return nil
}

func (d *Data) open() error {
	fi, err := os.Stat(d.Location)
	if err != nil {
		return err
	}
	if fi.IsDir() {
		d.dir = os.DirFS(d.Location)
		return nil
	}
	f, err := os.Open(d.Location)
	if err != nil {
		return err
	}
	d.body, d.Size, d.Modified = f, fi.Size(), fi.ModTime()
	return nil
}

// Name returns the location for an error.
func (d *Data) Name() string { return Display(d.Location) }

// Display returns a location for an error: without the password and the query of a URL.
func Display(location string) string {
	if !IsURL(location) {
		return location
	}
	return new(credmask.Masker).Text(location)
}

// Read returns how many bytes of the location, or of the files of a directory, have been read so far.
func (d *Data) Read() int64 { return d.read }

// Close ends reading.
func (d *Data) Close() error {
	if d.body == nil {
		return nil
	}
	return d.body.Close()
}

// stored returns a reader that counts the bytes of r for Read, and that fails after the end of the context.
func (d *Data) stored(r io.Reader) io.Reader { return storedReader{d, r} }

type storedReader struct {
	d *Data
	r io.Reader
}

func (s storedReader) Read(p []byte) (int, error) {
	if err := s.d.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := s.r.Read(p)
	s.d.read += int64(n)
	return n, err
}

// errDecompressed is the error of a location whose decompressed data exceeds the limit.
func (d *Data) errDecompressed() error {
	return fmt.Errorf("decompressed data of more than %d bytes: %w", d.limits.Decompressed, download.ErrTooLarge)
}
