package osv

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/hullmark/hullmark/db/feed"
)

const (
	maxChanges = 3000                // records that fetchChanges downloads one by one. For more, the archive is smaller
	maxState   = 30 * 24 * time.Hour // after which fetchChanges downloads the archive, because the list does not have deleted records
)

var recordID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:-]*$`)

const maxRecordID = 200 // bytes

// fetchChanges downloads the archive of an ecosystem, the dataset's URL, or the records that have changed since the state in the database. They
// are in modified_id.csv, which has a line for each record, newest first:
//
//	2026-11-28T10:02:11.123456Z,MAL-2026-1234
//
// Without the list, fetchChanges downloads the archive if it has changed. The fingerprint is the time of the last archive and that of the last
// change.
func fetchChanges(ctx context.Context, f *feed.Fetcher) (feed.Fetched, error) {
	archive := f.Dataset.URLs[0]
	base := strings.TrimSuffix(archive, "all.zip")
	list, err := f.Read(ctx, base+"modified_id.csv")
	if errors.Is(err, fs.ErrNotExist) {
		return f.GetAll(ctx, f.Dataset.URLs)
	}
	if err != nil {
		return feed.Fetched{}, err
	}
	whole, since, known := parseState(f.Fingerprint)
	changes, newest, err := changed(string(list), since)
	if err != nil {
		return feed.Fetched{}, fmt.Errorf("osv: %smodified_id.csv: %w", base, err)
	}
	if !known || len(changes) > maxChanges || f.Now.Sub(whole) > maxState {
		path, err := f.Get(ctx, feed.Item{URL: archive})
		// The archive may be older than the list.
		return feed.Fetched{Locations: []string{path}, Fingerprint: formatState(f.Now, newest.Add(-margin))}, err
	}
	if len(changes) == 0 {
		return feed.Fetched{}, feed.ErrUnchanged
	}
	got := feed.Fetched{Increment: true}
	var mu sync.Mutex
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	for id, at := range changes {
		g.Go(func() error {
			_, err := f.Get(gctx, feed.Item{URL: base + url.PathEscape(id) + ".json", Name: "changes/" + id + ".json"})
			mu.Lock()
			defer mu.Unlock()
			if errors.Is(err, fs.ErrNotExist) { // the next increment begins with this change
				if before := at.Add(-time.Second); before.Before(newest) {
					newest = before
				}
				got.Missing = append(got.Missing, err)
				return nil
			}
			got.Locations = []string{"changes"}
			return err
		})
	}
	err = g.Wait()
	got.Fingerprint = formatState(whole, newest)
	return got, err
}

// margin is how much older an archive may be than the list of changes.
const margin = 6 * time.Hour

// changed returns the records in a list with a time after since, and the latest time.
func changed(list string, since time.Time) (changes map[string]time.Time, newest time.Time, err error) {
	changes = make(map[string]time.Time)
	for line := range strings.Lines(list) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		stamp, id, _ := strings.Cut(line, ",")
		at, err := time.Parse(time.RFC3339, stamp)
		if err != nil || len(id) > maxRecordID || !recordID.MatchString(id) {
			return nil, newest, fmt.Errorf("%.80q is not a time and a record", line)
		}
		if at.After(newest) {
			newest = at
		}
		if at.After(since) && len(changes) <= maxChanges {
			changes[id] = at
		}
	}
	if newest.IsZero() {
		return nil, newest, errors.New("no records")
	}
	return changes, newest, nil
}

func formatState(whole, newest time.Time) string {
	return whole.UTC().Format(time.RFC3339) + " " + newest.UTC().Format(time.RFC3339Nano)
}

func parseState(fingerprint string) (whole, newest time.Time, ok bool) {
	first, second, _ := strings.Cut(fingerprint, " ")
	whole, err1 := time.Parse(time.RFC3339, first)
	newest, err2 := time.Parse(time.RFC3339, second)
	return whole, newest, err1 == nil && err2 == nil
}
