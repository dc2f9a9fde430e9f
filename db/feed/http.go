package feed

import (
	"cmp"
	"net/http"
	"time"

	"github.com/hullmark/hullmark/db/feed/internal/location"
	"github.com/hullmark/hullmark/internal/download"
	"github.com/hullmark/hullmark/internal/httpretry"
	"github.com/hullmark/hullmark/internal/limit"
	"github.com/hullmark/hullmark/internal/scrub"
)

// ErrTooLarge reports data that exceeds one of the Limits, or a bound of its format.
var ErrTooLarge error = limit.ErrExceeded

// ErrUnchanged reports that the publisher still has the former state. A Dataset's Fetch returns it.
var ErrUnchanged error = download.ErrUnchanged

// Retry says how to deal with servers that are slow, busy or broken. Zero fields mean the defaults.
type Retry struct {
	Attempts     int           // in a row that bring nothing; 5
	Pause        time.Duration // before the second attempt, doubled before each later one; 1 s
	MaxWait      time.Duration // longest pause that a server may ask for in Retry-After; 2 min
	StallTimeout time.Duration // in which a server must send 64 KiB; 1 min
}

// newClient returns a client that calls notify, which may be nil, before pauses, and adds credentials of requests to secrets.
func newClient(client *http.Client, limits Limits, secrets *scrub.Scrubber, notify func(pause time.Duration, reason error)) download.Client {
	r := limits.Retry
	return download.Client{
		HTTP: client, Limit: limits.Download, Stall: r.StallTimeout, Notify: notify, Secrets: secrets,
		Policy: httpretry.Policy{Attempts: r.Attempts, Pause: cmp.Or(r.Pause, time.Second), MaxWait: r.MaxWait, Persistent: true},
	}
}

// Limits bound the data that is read from one location. Zero fields mean the defaults. The package documentation lists the limits of feeds on
// one document, which are fixed.
type Limits struct {
	Download     int64 // bytes of a body, as sent; 2 GiB
	Decompressed int64 // bytes of all decompressed data together; 16 GiB
	Document     int64 // bytes of one document of a directory or an archive; 64 MiB
	Memory       int64 // bytes of a zip archive that is not a plain local file, which is read into memory; 1 GiB

	Retry Retry // of requests
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
