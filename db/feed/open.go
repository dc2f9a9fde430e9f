package feed

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"time"
)

// Limits bound what is read from one location. A field that is zero has the stated default.
type Limits struct {
	Download     int64 // bytes of a body, as sent: 2 GiB
	Decompressed int64 // bytes that decompression makes in all: 16 GiB
	Document     int64 // bytes of one document of a directory or an archive: 64 MiB
	Memory       int64 // bytes of a zip archive that must be held in memory, since it is not a plain local file: 1 GiB

	Patience Patience // with servers
}

func (l Limits) withDefaults() Limits {
	def := func(v *int64, to int64) {
		if *v == 0 {
			*v = to
		}
	}
	def(&l.Download, 2<<30)
	def(&l.Decompressed, 16<<30)
	def(&l.Document, 64<<20)
	def(&l.Memory, 1<<30)
	return l
}

// Data is what a location holds. It is read once, by one goroutine.
type Data struct {
	Location string
	URL      string // the location, where it is one, without a password
	Modified time.Time
	Size     int64 // bytes of the location as it is stored or sent; -1 where unknown
	Skipped  int   // documents that the feed did not want, so far

	// Fingerprint tells this state of a URL from another: the ETag, or else the Last-Modified, as the server sent it.
	Fingerprint string

	ctx    context.Context
	limits Limits
	made   int64 // bytes that decompression made
	read   int64 // bytes of the location, so far
	body   io.ReadCloser
	dir    fs.FS // instead of body
}

// Open opens a location: a path of a file or a directory, or an http or https URL, which client gets; nil is
// http.DefaultClient. Whether it is compressed or an archive is known by its content. Modified is a file's time of
// modification or the server's Last-Modified, zero where there is none; of a directory it is that of the newest file read
// so far.
//
// ctx ends reading, too. A server that is busy or fails for the moment is asked again, and a connection that breaks is
// taken up where it broke, as Limits.Patience says; any other answer but 200 is an error that names URL and status.
func Open(ctx context.Context, location string, client *http.Client, limits Limits) (*Data, error) {
	d := &Data{Location: location, Size: -1, ctx: ctx, limits: limits.withDefaults()}
	var err error
	if isURL(location) {
		err = d.get(ctx, client)
	} else {
		err = d.open()
	}
	if err != nil {
		return nil, fmt.Errorf("feed: %w", err)
	}
	return d, nil
}

func isURL(location string) bool {
	return strings.HasPrefix(location, "http://") || strings.HasPrefix(location, "https://")
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

// Read returns how many bytes of the location have been read so far; of a directory, of its files.
func (d *Data) Read() int64 { return d.read }

// Close ends reading.
func (d *Data) Close() error {
	if d.body == nil {
		return nil
	}
	return d.body.Close()
}

// stored returns r, counted as bytes of the location and ended by the context.
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

// limited reads from r, and fails when more than left bytes come.
type limited struct {
	r    io.Reader
	left int64
	what string
	max  int64
}

func limit(r io.Reader, most int64, what string) io.Reader {
	return &limited{r: r, left: most, what: what, max: most}
}

func (l *limited) Read(p []byte) (int, error) {
	if int64(len(p)) > l.left+1 {
		p = p[:l.left+1]
	}
	n, err := l.r.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return n + int(l.left), fmt.Errorf("%w: %s of more than %d bytes", ErrTooLarge, l.what, l.max)
	}
	return n, err
}
