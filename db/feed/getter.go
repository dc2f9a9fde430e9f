package feed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/hullmark/hullmark/db/feed/internal/location"
	"github.com/hullmark/hullmark/internal/download"
)

// A getter downloads one item by HTTP.
type getter struct {
	f           *Fetcher
	it          Item
	fingerprint string
	location    string
	path, state string // paths of the file and of its description
}

// A spooled describes a file of the spool. It is written before the file.
type spooled struct{ URL, Fingerprint string }

func (g *getter) get(ctx context.Context) (file, error) {
	for _, name := range []string{g.path, g.state} {
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			return file{}, err
		}
	}
	part := g.state + ".part"
	was := g.spooled()
	req := download.Request{URL: g.location, Fingerprint: g.fingerprint, Plain: g.it.Plain || g.it.Sum != ""}
	if _, err := os.Stat(g.path); err == nil && was.Fingerprint != "" {
		req.Fingerprint = was.Fingerprint
		if g.it.Sum != "" && g.it.check(g.path) == nil {
			return file{g.path, was.Fingerprint}, nil
		}
	} else if fi, err := os.Stat(part); err == nil {
		req.Offset, req.Validator = fi.Size(), was.Fingerprint
	}
	client := g.f.client
	if g.it.Patience > 0 {
		client.Stall = max(client.Stall, g.it.Patience)
	}
	body, err := client.Open(ctx, req)
	if errors.Is(err, ErrUnchanged) && req.Fingerprint != g.fingerprint {
		return file{g.path, was.Fingerprint}, g.it.check(g.path)
	}
	if err != nil {
		return file{}, err
	}
	defer body.Close()
	os.Remove(g.path)
	now := spooled{URL: g.location, Fingerprint: body.Fingerprint}
	if err := g.save(body, part, now); err != nil {
		return file{}, fmt.Errorf("%s: %w", location.Display(body.URL), err)
	}
	if err := g.it.check(part); err != nil {
		os.Remove(part)
		return file{}, fmt.Errorf("%s: %w", location.Display(body.URL), err)
	}
	if err := os.Rename(part, g.path); err != nil {
		return file{}, err
	}
	if !body.Modified.IsZero() { // the date of the data, if no other is known
		if err := os.Chtimes(g.path, time.Time{}, body.Modified); err != nil {
			return file{}, err
		}
	}
	return file{g.path, now.Fingerprint}, nil
}

// spooled returns the description of the file in the spool, or the zero value if the file came from another URL.
func (g *getter) spooled() spooled {
	var s spooled
	if b, err := os.ReadFile(g.state); err != nil || json.Unmarshal(b, &s) != nil || s.URL != g.location {
		return spooled{}
	}
	return s
}

// save appends a body to a file that holds the bytes before the body's offset.
func (g *getter) save(body *download.Body, name string, now spooled) (err error) {
	if body.Offset == 0 {
		os.Remove(name) // before the description changes
		b, err := json.Marshal(now)
		if err != nil {
			return err
		}
		if err := os.WriteFile(g.state, b, 0o666); err != nil {
			return err
		}
	}
	w, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE, 0o666)
	if err != nil {
		return err
	}
	defer func() {
		if e := w.Close(); err == nil {
			err = e
		}
	}()
	if err := w.Truncate(body.Offset); err != nil {
		return err
	}
	if _, err := w.Seek(body.Offset, io.SeekStart); err != nil {
		return err
	}
	n, err := io.Copy(w, &told{body, g.f.tell, body.Offset, body.Size})
	if errors.Is(err, download.ErrChanged) {
		os.Remove(name)
	}
	if body.Offset+n == 0 && err == nil {
		err = io.ErrUnexpectedEOF // an empty body is no data
	}
	return err
}

// told reports how many bytes have been read.
type told struct {
	r        io.Reader
	tell     func(read, size int64)
	at, size int64
}

func (t *told) Read(p []byte) (int, error) {
	n, err := t.r.Read(p)
	if t.at += int64(n); t.tell != nil {
		t.tell(t.at, t.size)
	}
	return n, err
}
