package feed

import (
	"net/http"
	"time"

	"github.com/hullmark/hullmark/db/feed/internal/location"
	"github.com/hullmark/hullmark/internal/download"
	"github.com/hullmark/hullmark/internal/limit"
)

// ErrTooLarge reports data that exceeds one of the Limits, or a bound of its format.
var ErrTooLarge error = limit.ErrExceeded

// ErrUnchanged reports that the publisher still has the former state. A Dataset's Fetch returns it.
var ErrUnchanged error = download.ErrUnchanged

// Patience says how to deal with servers that are slow, busy or broken. A field that is zero has the stated default.
type Patience struct {
	Attempts   int           // requests in a row that bring nothing, before it is given up: 5
	Pause      time.Duration // before the second of them, and twice as long before each one after: 1 s
	RetryAfter time.Duration // longest pause that a server may ask for: 2 min
	Stall      time.Duration // without any byte, before a connection is given up: 1 min
}

func newClient(client *http.Client, limits Limits) download.Client {
	p := limits.Patience
	return download.Client{
		HTTP: client, Limit: limits.Download, Attempts: p.Attempts, Pause: p.Pause, Patience: p.RetryAfter, Stall: p.Stall,
	}
}

// Limits bound the data that is read from one location. Zero fields mean the defaults.
type Limits struct {
	Download     int64 // bytes of a body, as sent; 2 GiB
	Decompressed int64 // bytes of all decompressed data together; 16 GiB
	Document     int64 // bytes of one document of a directory or an archive; 64 MiB
	Memory       int64 // bytes of a zip archive that is not a plain local file, which is read into memory; 1 GiB

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

// location returns the limits of package location.
func (l Limits) location() location.Limits {
	return location.Limits{Download: l.Download, Decompressed: l.Decompressed, Document: l.Document, Memory: l.Memory}
}
