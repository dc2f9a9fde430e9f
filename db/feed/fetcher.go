package feed

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hullmark/hullmark/db/feed/internal/location"
	"github.com/hullmark/hullmark/internal/download"
)

// A Fetcher downloads the files that a Dataset's Fetch asks for into a directory of its own, the spool. It uses the files that an
// interrupted run left there: it asks the server whether a complete file is still the same, and resumes an incomplete one. Several
// goroutines may use it at once, for different names.
type Fetcher struct {
	Dataset     Dataset
	Fingerprint string    // fingerprint of the state in the database; "" for a new database
	Date        time.Time // date of that state
	Now         time.Time

	dir    string
	client download.Client
	mirror string
	tokens []Token
	tell   func(read, size int64)
	mu     sync.Mutex
	used   map[string]bool // paths that this run asked for
}

// An Item is a file to download.
type Item struct {
	URL      string // absolute, or relative to the dataset's first URL
	Name     string // in the spool: "2024/x.json"; derived from the URL if empty
	Sum      string // required checksum of the body: "sha256:..." or "sha512:...", hexadecimal
	Unpacked bool   // Sum is the checksum of the content of the body, which is gzip
	Plain    bool   // forbid the server to compress the body

	// Patience is how long the server may take for 64 KiB, if that is longer than Retry.StallTimeout.
	Patience time.Duration
}

// A file is an Item in the spool or in a mirror.
type file struct {
	path, fingerprint string // the fingerprint is an ETag or a Last-Modified, "" if the server sends neither, or a file's time and size
}

// Get downloads a file and returns its absolute path.
func (f *Fetcher) Get(ctx context.Context, it Item) (path string, err error) {
	got, err := f.get(ctx, it, "")
	return got.path, err
}

// get is Get, but returns ErrUnchanged if the file still has the fingerprint.
func (f *Fetcher) get(ctx context.Context, it Item, fingerprint string) (file, error) {
	from, err := f.locate(it.URL)
	if err != nil {
		return file{}, err
	}
	name := it.Name
	if !location.IsURL(from) {
		got, err := local(from, it, fingerprint)
		if err == nil && name != "" {
			got.path, err = f.copy(from, name)
		}
		return got, err
	}
	if name == "" {
		sum := sha256.Sum256([]byte(from))
		name = hex.EncodeToString(sum[:4]) + "-" + path.Base(strings.SplitN(from, "?", 2)[0])
	}
	g := getter{f: f, it: it, fingerprint: fingerprint, location: from, path: f.use(name), state: spoolPath(f.dir+".state", name)}
	// A body that changed during the download, or a file that was resumed and has the wrong checksum, is worth another attempt.
	for attempt := 0; ; attempt++ {
		got, err := g.get(ctx)
		if attempt == 2 || !errors.Is(err, download.ErrChanged) && !errors.Is(err, ErrChecksum) {
			return got, err
		}
	}
}

// spoolPath returns the path of a name in a spool. Windows allows no colons in the names of files.
func spoolPath(dir, name string) string {
	return filepath.Join(dir, filepath.FromSlash(strings.ReplaceAll(path.Clean("/" + name)[1:], ":", "%3A")))
}

// use returns the path of a name in the spool, and keeps sweep from removing it.
func (f *Fetcher) use(name string) string {
	p := spoolPath(f.dir, name)
	f.mu.Lock()
	f.used[p] = true
	f.mu.Unlock()
	return p
}

// Authorized reports whether requests to a publisher's URL have a token.
func (f *Fetcher) Authorized(ref string) bool {
	from, err := f.locate(ref)
	if err != nil {
		return false
	}
	u, err := url.Parse(from)
	return err == nil && slices.ContainsFunc(f.tokens, func(t Token) bool { return t.fits(u) })
}

// Create creates a file in the spool for data that a Fetch makes of other data. Its Name can be a location.
func (f *Fetcher) Create(name string) (*os.File, error) {
	p := f.use(name)
	if err := os.MkdirAll(filepath.Dir(p), 0o777); err != nil {
		return nil, err
	}
	return os.Create(p)
}

// copy copies a file of a mirror into the spool.
func (f *Fetcher) copy(from, name string) (string, error) {
	r, err := os.Open(from)
	if err != nil {
		return "", err
	}
	defer r.Close()
	w, err := f.Create(name)
	if err != nil {
		return "", err
	}
	_, err = io.Copy(w, r)
	return w.Name(), errors.Join(err, w.Close())
}

// GetAll downloads files that together are the dataset. It returns ErrUnchanged if no file has changed since f.Fingerprint, which must
// come from GetAll. It is the Fetch of datasets without one.
//
// A file that does not exist costs only that file: GetAll reports it in Missing, with ErrUnchanged, too. If the state in the database has its
// data, GetAll returns the other files as an increment with the date of that state, so that Update keeps the data. GetAll fails if no file
// exists, or if the first one does not and never did.
func (f *Fetcher) GetAll(ctx context.Context, urls []string) (Fetched, error) {
	was := strings.Split(f.Fingerprint, "\n")
	if len(was) != len(urls) || slices.Contains(was, "") {
		was = make([]string, len(urls))
	}
	files := make([]fetchedFile, len(urls))
	for i, u := range urls {
		files[i] = fetchedFile{url: u, was: was[i], is: was[i], only: len(urls) == 1}
	}
	for _, conditional := range []bool{true, false} {
		unchanged, none := 0, 0
		for i := range files {
			same, err := files[i].fetch(ctx, f, conditional)
			if err != nil {
				return Fetched{}, err
			}
			if same {
				unchanged++
			}
			if files[i].absent != nil {
				none++
			}
		}
		if none == len(urls) || files[0].is == fileAbsent {
			return Fetched{}, errors.Join(missing(files)...)
		}
		if conditional && unchanged == len(urls) {
			return Fetched{Missing: missing(files)}, ErrUnchanged
		}
	}
	got := Fetched{Missing: missing(files)}
	fingerprints := make([]string, len(files))
	for i := range files {
		file := &files[i]
		if file.path != "" {
			got.Locations = append(got.Locations, file.path)
		}
		if file.is == fileLost {
			got.Increment, got.Partial, got.Date = true, true, f.Date
		}
		fingerprints[i] = file.is
	}
	if !slices.Contains(fingerprints, "") {
		got.Fingerprint = strings.Join(fingerprints, "\n")
	}
	return got, nil
}

// A fetchedFile is one of the files of GetAll.
type fetchedFile struct {
	url     string
	was, is string // fingerprints
	only    bool   // the dataset has no other file
	path    string // "" until it is fetched
	absent  error  // says that it does not exist
}

// fetch fetches the file, unless an earlier call did. It reports whether the file, or its absence, is that of the fingerprint.
func (file *fetchedFile) fetch(ctx context.Context, f *Fetcher, conditional bool) (unchanged bool, err error) {
	if file.path == "" && file.absent == nil {
		fingerprint := ""
		if conditional && file.was != fileAbsent && file.was != fileLost {
			fingerprint = file.was
		}
		one, err := f.get(ctx, Item{URL: file.url}, fingerprint)
		switch {
		case conditional && errors.Is(err, ErrUnchanged):
			return true, nil
		case errors.Is(err, fs.ErrNotExist) && !file.only:
			file.absent = err
		case err != nil:
			return false, err
		}
		file.path, file.is = one.path, one.fingerprint
	}
	if file.absent == nil {
		return false, nil
	}
	if file.is = fileLost; file.was == "" || file.was == fileAbsent {
		file.is = fileAbsent
	}
	return file.is == file.was, nil
}

// missing returns the errors of the files that do not exist.
func missing(files []fetchedFile) []error {
	var errs []error
	for i := range files {
		if files[i].absent != nil {
			errs = append(errs, files[i].absent)
		}
	}
	return errs
}

// present returns the errors that are not nil.
func present(errs []error) []error {
	return slices.DeleteFunc(slices.Clone(errs), func(err error) bool { return err == nil })
}

// Fingerprints of files that do not exist.
const (
	fileAbsent = "absent" // and the database has nothing of it
	fileLost   = "lost"   // and the database has its former data
)

// sweep removes the files of former runs that this run did not ask for, because Update must not read them.
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

// Read returns a short file such as an index. It always asks the server, and for an uncompressed body. If the URL's path ends with a slash, Read
// returns the page that lists the directory. For a directory of a mirror, it makes one.
func (f *Fetcher) Read(ctx context.Context, url string) ([]byte, error) {
	from, err := f.locate(url)
	if err != nil {
		return nil, err
	}
	var b []byte
	directory := isDirectory(url)
	if location.IsURL(from) {
		c := f.client
		c.Limit = maxIndex
		body, err := c.Open(ctx, download.Request{URL: from, Plain: true, Page: directory})
		if err != nil {
			return nil, err
		}
		defer body.Close()
		if b, err = io.ReadAll(body); err != nil {
			return nil, fmt.Errorf("%s: %w", location.Display(body.URL), err)
		}
	} else if directory {
		return list(from)
	} else if b, err = os.ReadFile(from); err != nil {
		return nil, err
	}
	if location.IsHTML(b) && !directory {
		return nil, fmt.Errorf("%s: %w", location.Display(from), download.ErrNotData)
	}
	return b, nil
}

// list returns a page that lists a directory.
func list(dir string) ([]byte, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var page []byte
	for _, e := range entries {
		name := url.PathEscape(e.Name())
		if e.IsDir() {
			name += "/"
		}
		page = fmt.Appendf(page, "<a href=\"%s\">\n", name)
	}
	return page, nil
}

// maxIndex bounds the bytes that Read returns.
const maxIndex = 64 << 20

// locate resolves a URL against the dataset's and replaces https://host/path by MIRROR/host/path.
func (f *Fetcher) locate(ref string) (string, error) {
	base := ""
	if len(f.Dataset.URLs) > 0 {
		base = f.Dataset.URLs[0]
	}
	if !location.IsURL(ref) && (!location.IsURL(base) || filepath.IsAbs(ref)) {
		return ref, nil // an Input's file
	}
	u, err := url.Parse(base)
	if err == nil {
		u, err = u.Parse(ref)
	}
	switch {
	case err != nil:
		return "", fmt.Errorf("malformed URL %.200q", location.Display(ref))
	case f.mirror == "":
		return u.String(), nil
	case location.IsURL(f.mirror):
		s := strings.TrimSuffix(f.mirror, "/") + "/" + u.Host + u.EscapedPath()
		if u.RawQuery != "" {
			s += "?" + u.RawQuery
		}
		return s, nil
	}
	return filepath.Join(f.mirror, u.Host, filepath.FromSlash(path.Clean("/"+u.Path))), nil
}

// local is get for a file of a mirror that is a directory, or of an Input.
func local(name string, it Item, fingerprint string) (file, error) {
	name, err := filepath.Abs(name)
	if err != nil {
		return file{}, err
	}
	fi, err := os.Stat(name)
	if err != nil {
		return file{}, err
	}
	f := file{name, fi.ModTime().UTC().Format(time.RFC3339Nano) + " " + strconv.FormatInt(fi.Size(), 10)}
	if fingerprint != "" && fingerprint == f.fingerprint && !fi.IsDir() {
		return file{}, ErrUnchanged
	}
	return f, it.check(name)
}
