package redhat

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/internal/lazyregexp"
)

// maxChanges bounds the number of documents that fetch downloads one by one. If more have changed, the archive is smaller.
const maxChanges = 5000

// margin is how long before an archive's date the first changes are that increment downloads after the archive. Making an archive takes hours,
// and it may lack changes of that time.
const margin = 12 * time.Hour

var (
	archiveName  = lazyregexp.New(`^[a-z][a-z_-]*(?:_([0-9]{4}-[0-9]{2}-[0-9]{2}))?\.tar\.(?:zst|gz|xz|bz2)$`)
	documentName = lazyregexp.New(`^[0-9]{4}/[a-z0-9_-]+\.json$`)
)

// fetch downloads the documents of a directory, the dataset's URL. The directory has an archive of all documents, which archive_latest.txt
// names: "vex-archive.tar.zst", or "csaf_vex_2025-02-15.tar.zst". It has lists of documents with the times of their last change, changes.csv,
// and of their deletion, deletions.csv. The first time, fetch downloads the archive, and later the changed documents. The fingerprint is the
// time of the last change, or, after "archive", the time from which on the archive may lack changes.
//
// With them, fetch downloads the list of repositories. If only that list has changed, the dataset is unchanged: documents change every day.
func fetch(ctx context.Context, f *feed.Fetcher) (feed.Fetched, error) {
	base := strings.TrimSuffix(f.Dataset.URLs[0], "/") + "/"
	if since, err := time.Parse(time.RFC3339, strings.TrimPrefix(f.Fingerprint, afterArchive)); err == nil {
		got, err := increment(ctx, f, base, since)
		switch {
		case err == nil:
			return got, addRepositories(ctx, f, base, &got)
		case !errors.Is(err, errTooMany):
			return got, err
		}
	}
	b, err := f.Read(ctx, base+"archive_latest.txt")
	if err != nil {
		return feed.Fetched{}, err
	}
	name := string(bytes.TrimSpace(b))
	m := archiveName.FindStringSubmatch(name)
	if m == nil {
		return feed.Fetched{}, fmt.Errorf("redhat: archive_latest.txt: %.80q is not the name of an archive", name)
	}
	archive, err := f.Get(ctx, feed.Item{URL: base + name})
	if err != nil {
		return feed.Fetched{}, err
	}
	date, err := time.Parse(time.DateOnly, m[1])
	if err != nil { // the date is that of the file
		fi, err := os.Stat(archive)
		if err != nil {
			return feed.Fetched{}, err
		}
		date = fi.ModTime()
	}
	got := feed.Fetched{Locations: []string{archive}, Fingerprint: afterArchive + date.Add(-margin).UTC().Format(time.RFC3339)}
	return got, addRepositories(ctx, f, base, &got)
}

// addRepositories downloads the list of repositories, which has a directory of its own beside the documents. A mirror may lack it.
func addRepositories(ctx context.Context, f *feed.Fetcher, base string, got *feed.Fetched) error {
	list, err := f.Get(ctx, feed.Item{URL: base + "../../../metrics/repository-to-cpe.json"})
	if errors.Is(err, fs.ErrNotExist) {
		got.Missing = append(got.Missing, err)
		return nil
	}
	got.Locations = append(got.Locations, list)
	return err
}

const afterArchive = "archive "

var errTooMany = errors.New("too many changes")

// increment downloads the documents that have changed since a time.
func increment(ctx context.Context, f *feed.Fetcher, base string, since time.Time) (feed.Fetched, error) {
	if strings.HasPrefix(f.Fingerprint, afterArchive) && !f.Date.IsZero() && f.Date.Before(since) {
		since = f.Date // of the newest document. A mirror may not keep the date of the archive
	}
	var lists [2][]change
	newest := since
	for i, name := range []string{"changes.csv", "deletions.csv"} {
		b, err := f.Read(ctx, base+name)
		if err != nil {
			return feed.Fetched{}, err
		}
		names, last, err := changed(b, since)
		if err == nil && name == "changes.csv" && last.IsZero() {
			err = errors.New("no changes at all")
		}
		if err != nil {
			return feed.Fetched{}, fmt.Errorf("redhat: %s: %w", name, err)
		}
		if lists[i] = names; last.After(newest) {
			newest = last
		}
	}
	changes, deletions := lists[0], lists[1]
	switch {
	case len(changes)+len(deletions) == 0:
		return feed.Fetched{}, feed.ErrUnchanged
	case len(changes) > maxChanges:
		return feed.Fetched{}, errTooMany
	}
	got := feed.Fetched{Increment: true}
	deleted := make(map[string]bool)
	for _, c := range deletions {
		deleted[c.name] = true
		got.Deleted = append(got.Deleted, idOf(c.name))
	}
	var mu sync.Mutex
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	for _, c := range changes {
		if deleted[c.name] {
			continue
		}
		g.Go(func() error {
			_, err := f.Get(gctx, feed.Item{URL: base + c.name, Name: "changes/" + c.name})
			mu.Lock()
			defer mu.Unlock()
			if errors.Is(err, fs.ErrNotExist) { // the next increment begins with this change
				if before := c.at.Add(-time.Second); before.Before(newest) {
					newest = before
				}
				got.Missing = append(got.Missing, err)
				return nil
			}
			got.Locations = []string{"changes"}
			return err
		})
	}
	err := g.Wait()
	got.Fingerprint = newest.UTC().Format(time.RFC3339)
	return got, err
}

// A change is the name of a document and the time of its change.
type change struct {
	name string
	at   time.Time
}

// changed returns the changes in a list with a time after since, one for each document, and the latest time.
func changed(list []byte, since time.Time) (changes []change, last time.Time, err error) {
	seen := make(map[string]bool)
	r := csv.NewReader(bytes.NewReader(list))
	r.FieldsPerRecord = 2
	for {
		row, err := r.Read()
		if err == io.EOF {
			return changes, last, nil
		}
		if err != nil {
			return nil, last, err
		}
		t, err := time.Parse(time.RFC3339, row[1])
		if err != nil || !documentName.MatchString(row[0]) {
			return nil, last, fmt.Errorf("%.80q, %.40q is not a document and a time", row[0], row[1])
		}
		if t.After(last) {
			last = t
		}
		if t.After(since) && !seen[row[0]] {
			seen[row[0]] = true
			changes = append(changes, change{row[0], t})
		}
	}
}

// idOf returns the ID of a document: "RHSA-2024:0010" for "2024/rhsa-2024_0010.json".
func idOf(name string) string {
	return strings.ToUpper(strings.ReplaceAll(strings.TrimSuffix(path.Base(name), ".json"), "_", ":"))
}
