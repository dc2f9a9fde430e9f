package feed

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hullmark/hullmark/internal/download"
	"github.com/hullmark/hullmark/internal/inflate"
)

// A Fetcher gets what a Source's Fetch asks for, into a directory of its own, the spool. What a former run that crashed
// left there is used: a file that is complete is not sent again if it is still the same, and one that is not is taken up
// where it broke off. It may be used by several goroutines, for different names.
type Fetcher struct {
	Dataset     Dataset
	Fingerprint string    // of the state that is in the database already, "" if there is none
	Date        time.Time // of that state
	Now         time.Time

	dir    string
	client download.Client
	mirror string
	tell   func(read, size int64)
	mu     sync.Mutex
	used   map[string]bool // paths that were got
}

// An Item is one thing to get.
type Item struct {
	URL         string // absolute, or relative to the source's first URL
	Name        string // in the spool, "2024/x.json"; "" makes one of the URL
	Fingerprint string // of a former state: ErrUnchanged if it is still the present one
	Sum         string // "sha256:..." or "sha512:...", hexadecimal: of the body, which is an error if it has another
	Unpacked    bool   // Sum is of what the body, which is gzip, holds
}

// A File is an Item that was got.
type File struct {
	Path        string
	URL         string
	Fingerprint string    // an ETag or a Last-Modified, or "" where the server gives none
	Modified    time.Time // where the server says so
	Size        int64
}

// ErrChecksum is the error of what has not the checksum that its publisher gives.
var ErrChecksum = errors.New("checksum is not what its publisher says")

// Dir returns the directory of a name in the spool, which may be a Fetched.Location: all Items of names in it.
func (f *Fetcher) Dir(name string) string {
	return filepath.Join(f.dir, filepath.FromSlash(path.Clean("/" + name)[1:]))
}

// Get gets an item.
func (f *Fetcher) Get(ctx context.Context, it Item) (File, error) {
	location, err := f.locate(it.URL)
	if err != nil {
		return File{}, err
	}
	if !isURL(location) {
		return local(location, it)
	}
	name := it.Name
	if name == "" {
		sum := sha256.Sum256([]byte(location))
		name = hex.EncodeToString(sum[:4]) + "-" + path.Base(strings.SplitN(location, "?", 2)[0])
	}
	g := getter{f: f, it: it, location: location, path: f.Dir(name), state: f.dir + ".state/" + path.Clean("/" + name)[1:]}
	f.mu.Lock()
	f.used[g.path] = true
	f.mu.Unlock()
	// A body that changed while it was read, or that has the wrong sum since it was pieced together, is got once more.
	for attempt := 0; ; attempt++ {
		file, err := g.get(ctx)
		if attempt == 2 || !errors.Is(err, download.ErrChanged) && !errors.Is(err, ErrChecksum) {
			return file, err
		}
	}
}

// GetAll gets several items, which are the whole data, and is ErrUnchanged if none of them has changed since the state of
// f.Fingerprint. It is what a Source without a Fetch does.
func (f *Fetcher) GetAll(ctx context.Context, urls []string) (Fetched, error) {
	was := strings.Split(f.Fingerprint, "\n")
	if len(was) != len(urls) || slices.Contains(was, "") {
		was = make([]string, len(urls))
	}
	is := slices.Clone(was)
	got := Fetched{Locations: make([]string, len(urls))}
	unchanged := 0
	for _, conditional := range []bool{true, false} {
		for i, u := range urls {
			if got.Locations[i] != "" {
				continue
			}
			it := Item{URL: u}
			if conditional {
				it.Fingerprint = was[i]
			}
			file, err := f.Get(ctx, it)
			if conditional && errors.Is(err, ErrUnchanged) {
				unchanged++
				continue
			}
			if err != nil {
				return Fetched{}, err
			}
			got.Locations[i], is[i] = file.Path, file.Fingerprint
		}
		if unchanged == len(urls) {
			return Fetched{}, ErrUnchanged
		}
	}
	if !slices.Contains(is, "") {
		got.Fingerprint = strings.Join(is, "\n")
	}
	return got, nil
}

// Save puts what was read, or made of it, into the spool, and returns its location.
func (f *Fetcher) Save(name string, content []byte) (string, error) {
	to := f.Dir(name)
	f.mu.Lock()
	f.used[to] = true
	f.mu.Unlock()
	if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
		return "", err
	}
	return to, os.WriteFile(to, content, 0o666)
}

// sweep removes what a former run has left and this one did not ask for, which must not be read.
func (f *Fetcher) sweep() error {
	err := filepath.WalkDir(f.dir, func(name string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && !f.used[name] {
			err = os.Remove(name)
		}
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// Read returns the content of something short, such as an index, without compression by the server. It is always asked for.
func (f *Fetcher) Read(ctx context.Context, it Item) ([]byte, error) {
	location, err := f.locate(it.URL)
	if err != nil {
		return nil, err
	}
	var b []byte
	if isURL(location) {
		c := f.client
		c.Limit = maxIndex
		body, err := c.Open(ctx, download.Request{URL: location, Fingerprint: it.Fingerprint, Plain: true})
		if err != nil {
			return nil, err
		}
		defer body.Close()
		if b, err = io.ReadAll(body); err != nil {
			return nil, fmt.Errorf("%s: %w", body.URL, err)
		}
	} else if b, err = os.ReadFile(location); err != nil {
		return nil, err
	}
	if looksLikeHTML(b) {
		return nil, fmt.Errorf("%s: %w", redacted(location), ErrNotData)
	}
	h, want, err := summer(it.Sum)
	if err != nil {
		return nil, err
	}
	if h != nil {
		h.Write(b)
		if hex.EncodeToString(h.Sum(nil)) != want {
			return nil, fmt.Errorf("%s: %w", redacted(location), ErrChecksum)
		}
	}
	return b, nil
}

// maxIndex bounds what Read returns.
const maxIndex = 64 << 20

// locate resolves a URL against the source's, and moves it to the mirror: https://host/path is MIRROR/host/path there.
func (f *Fetcher) locate(ref string) (string, error) {
	base := ""
	if len(f.Dataset.URLs) > 0 {
		base = f.Dataset.URLs[0]
	}
	if !isURL(ref) && (!isURL(base) || filepath.IsAbs(ref)) {
		return ref, nil // an Input that is a file
	}
	u, err := url.Parse(base)
	if err == nil {
		u, err = u.Parse(ref)
	}
	switch {
	case err != nil:
		return "", fmt.Errorf("malformed URL %.200q", ref)
	case f.mirror == "":
		return u.String(), nil
	case isURL(f.mirror):
		s := strings.TrimSuffix(f.mirror, "/") + "/" + u.Host + u.EscapedPath()
		if u.RawQuery != "" {
			s += "?" + u.RawQuery
		}
		return s, nil
	}
	return filepath.Join(f.mirror, u.Host, filepath.FromSlash(path.Clean("/"+u.Path))), nil
}

// local is Get of a file of a mirror that is a directory.
func local(name string, it Item) (File, error) {
	fi, err := os.Stat(name)
	if err != nil {
		return File{}, err
	}
	t := fi.ModTime().UTC()
	f := File{Path: name, Modified: t, Size: fi.Size(), Fingerprint: t.Format(http.TimeFormat)}
	if it.Fingerprint != "" && it.Fingerprint == f.Fingerprint && !fi.IsDir() {
		return File{}, ErrUnchanged
	}
	return f, it.check(name)
}

// A getter gets one item by HTTP.
type getter struct {
	f           *Fetcher
	it          Item
	location    string
	path, state string // of the file and of what is known of it
}

// A spooled says what a file of the spool is. It is there before the file's first byte.
type spooled struct{ URL, Fingerprint string }

func (g *getter) get(ctx context.Context) (File, error) {
	for _, name := range []string{g.path, g.state} {
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			return File{}, err
		}
	}
	part := g.state + ".part"
	was := g.spooled()
	req := download.Request{URL: g.location, Fingerprint: g.it.Fingerprint, Plain: g.it.Sum != ""}
	if fi, err := os.Stat(g.path); err == nil && was.Fingerprint != "" {
		req.Fingerprint = was.Fingerprint // what is here already is better than nothing
		if g.it.Sum != "" && g.it.check(g.path) == nil {
			return g.file(was, fi.Size(), time.Time{}), nil
		}
	} else if fi, err := os.Stat(part); err == nil {
		req.Offset, req.Validator = fi.Size(), was.Fingerprint
	}
	body, err := g.f.client.Open(ctx, req)
	if errors.Is(err, ErrUnchanged) && req.Fingerprint != g.it.Fingerprint {
		fi, err := os.Stat(g.path)
		if err != nil {
			return File{}, err
		}
		return g.file(was, fi.Size(), time.Time{}), g.it.check(g.path)
	}
	if err != nil {
		return File{}, err
	}
	defer body.Close()
	os.Remove(g.path)
	now := spooled{URL: g.location, Fingerprint: body.Fingerprint}
	size, err := g.save(body, part, now)
	if err != nil {
		return File{}, fmt.Errorf("%s: %w", body.URL, err)
	}
	if err := g.it.check(part); err != nil {
		os.Remove(part)
		return File{}, fmt.Errorf("%s: %w", body.URL, err)
	}
	if err := os.Rename(part, g.path); err != nil {
		return File{}, err
	}
	if !body.Modified.IsZero() { // the date of the data, if nothing else says it
		if err := os.Chtimes(g.path, time.Time{}, body.Modified); err != nil {
			return File{}, err
		}
	}
	return g.file(now, size, body.Modified), nil
}

func (g *getter) file(s spooled, size int64, modified time.Time) File {
	return File{Path: g.path, URL: redacted(g.location), Fingerprint: s.Fingerprint, Modified: modified, Size: size}
}

// spooled returns what is known of the file in the spool: nothing, if it is another one's.
func (g *getter) spooled() spooled {
	var s spooled
	if b, err := os.ReadFile(g.state); err != nil || json.Unmarshal(b, &s) != nil || s.URL != g.location {
		return spooled{}
	}
	return s
}

// save writes a body into a file, behind what it holds already, and returns the size of the whole.
func (g *getter) save(body *download.Body, name string, now spooled) (size int64, err error) {
	if body.Offset == 0 {
		os.Remove(name) // before the state says what it is
		b, err := json.Marshal(now)
		if err != nil {
			return 0, err
		}
		if err := os.WriteFile(g.state, b, 0o666); err != nil {
			return 0, err
		}
	}
	w, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE, 0o666)
	if err != nil {
		return 0, err
	}
	defer func() {
		if e := w.Close(); err == nil {
			err = e
		}
	}()
	if err := w.Truncate(body.Offset); err != nil {
		return 0, err
	}
	if _, err := w.Seek(body.Offset, io.SeekStart); err != nil {
		return 0, err
	}
	n, err := io.Copy(w, &told{body, g.f.tell, body.Offset, body.Size})
	if errors.Is(err, download.ErrChanged) {
		os.Remove(name)
	}
	if body.Offset+n == 0 && err == nil {
		err = io.ErrUnexpectedEOF // nothing is no data of any kind
	}
	return body.Offset + n, err
}

// told tells how far reading has come.
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

// summer returns the hash of a checksum, nil if there is none, and what it should be.
func summer(sum string) (hash.Hash, string, error) {
	kind, want, _ := strings.Cut(strings.ToLower(sum), ":")
	switch {
	case sum == "":
		return nil, "", nil
	case kind == "sha256" && len(want) == 2*sha256.Size:
		return sha256.New(), want, nil
	case kind == "sha512" && len(want) == 2*sha512.Size:
		return sha512.New(), want, nil
	}
	return nil, "", fmt.Errorf("unsupported checksum %.140q", sum)
}

// check compares a file with the item's checksum, if it has one.
func (it *Item) check(name string) error {
	h, want, err := summer(it.Sum)
	if h == nil {
		return err
	}
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	r := io.Reader(f)
	if it.Unpacked {
		z := inflate.NewReader(f, inflate.Gzip)
		defer z.Close()
		r = limit(z, maxUnpacked, "content")
	}
	if _, err := io.Copy(h, r); err != nil {
		return err
	}
	if hex.EncodeToString(h.Sum(nil)) != want {
		return ErrChecksum
	}
	return nil
}

// maxUnpacked bounds the content whose checksum is taken.
const maxUnpacked = 16 << 30

func redacted(location string) string {
	if u, err := url.Parse(location); err == nil && isURL(location) {
		return u.Redacted()
	}
	return location
}
