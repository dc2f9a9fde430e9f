package secdb

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/yamldoc"
	"github.com/hullmark/hullmark/matcher"
)

// rejectionFiles are the lists of the vulnerabilities that Alpine rejects in all branches.
var rejectionFiles = []string{
	"https://gitlab.alpinelinux.org/alpine/security/security-rejections/-/raw/master/main.yaml",
	"https://gitlab.alpinelinux.org/alpine/security/security-rejections/-/raw/master/community.yaml",
}

// rejections are the content of the lists, as JSON objects: package names and identifiers.
type rejections struct {
	text [][]byte
	sum  string // distinguishes it from others
	err  error  // why a list is missing
	told bool   // another dataset reports err
}

// readRejections reads the lists. A list that it cannot read is missing.
func readRejections(ctx context.Context, f *feed.Fetcher) *rejections {
	r := new(rejections)
	sum := sha256.New()
	var errs []error
	for _, u := range rejectionFiles {
		b, err := f.Read(ctx, u)
		var list map[string]any
		if err == nil {
			err = yamldoc.Decode(bytes.NewReader(b), &list)
		}
		var text []byte
		if err == nil {
			text, err = json.Marshal(list)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", u, err))
			continue
		}
		r.text = append(r.text, text)
		sum.Write(text)
		sum.Write([]byte{'\n'})
	}
	r.sum, r.err = hex.EncodeToString(sum.Sum(nil)[:8]), errors.Join(errs...)
	return r
}

// fetch downloads the files of a branch, and adds the rejections. It reads them if r is nil, but only if the files have changed. The
// fingerprint is that of the rejections and those of the files. If a list is missing, the database keeps its former rejections.
func (r *rejections) fetch(ctx context.Context, f *feed.Fetcher, branch string) (feed.Fetched, error) {
	state := f.Fingerprint
	defer func() { f.Fingerprint = state }()
	was, files, known := strings.Cut(state, "\n")
	if f.Fingerprint = files; r != nil && was != r.sum && r.err == nil {
		f.Fingerprint = ""
	}
	got, err := f.GetAll(ctx, f.Dataset.URLs)
	if r == nil && err != nil {
		return got, err
	}
	if r == nil {
		r = readRejections(ctx, f)
	}
	sum := r.sum
	if r.err != nil {
		if !r.told {
			got.Missing = append(got.Missing, r.err)
		}
		got.Increment, got.Partial = got.Increment || known, got.Partial || known
		sum = "lost"
	}
	if err != nil {
		return got, err
	}
	if got.Fingerprint != "" {
		got.Fingerprint = sum + "\n" + got.Fingerprint
	}
	for i, text := range r.text {
		name, err := writeRejections(f, branch, i, text)
		if err != nil {
			return got, err
		}
		got.Locations = append(got.Locations, name)
	}
	return got, nil
}

// writeRejections writes a list as a document of a branch.
func writeRejections(f *feed.Fetcher, branch string, i int, text []byte) (string, error) {
	w, err := f.Create(fmt.Sprintf("rejections-%d.json", i))
	if err != nil {
		return "", err
	}
	_, err = fmt.Fprintf(w, `{"distroversion":%q,"rejections":%s}`, branch, text)
	return w.Name(), errors.Join(err, w.Close())
}

// rejected yields the records of the vulnerabilities that do not affect a package, which were decoded with an error.
func (d *document) rejected(name string, ids []string, bad error) error {
	if name == "" {
		bad, ids = errors.Join(bad, errors.New("package without a name")), nil
	}
	if bad != nil {
		if err := d.yield(feed.Record{Err: fmt.Errorf("rejections: %s: %w", name, bad)}); err != nil {
			return err
		}
	}
	for _, item := range ids {
		named, _ := identifiers(item)
		for _, id := range named {
			a := matcher.Advisory{ID: id, Key: d.key(d.release, name), Feed: d.id, Status: matcher.NotAffected, Reason: "rejected"}
			if err := d.yield(feed.Record{ID: id, Advisories: []matcher.Advisory{a}}); err != nil {
				return err
			}
		}
	}
	return nil
}
