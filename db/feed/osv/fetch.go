package osv

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/internal/lazyregexp"
	"github.com/hullmark/hullmark/internal/limit"
)

const (
	maxChanges = 3000                // records that fetchChanges downloads one by one. For more, the archive is smaller
	minChanges = 50                  // that it downloads so if they are more than a quarter of all records, too
	maxState   = 30 * 24 * time.Hour // after which fetchChanges downloads the archive, because the list does not have deleted records
)

var recordID = lazyregexp.New(`^[A-Za-z0-9][A-Za-z0-9._:-]*$`)

const maxRecordID = 200 // bytes

// fetchChanges downloads the archive of an ecosystem, the dataset's URL, or the records that have changed since the state in the database. They
// are in modified_id.csv, which has a line for each record, newest first:
//
//	2026-11-28T10:02:11.123456Z,MAL-2026-1234
//
// Without the list, fetchChanges downloads the archive if it has changed. The fingerprint is the time of the last archive, that of the last
// change, and the fingerprint of the list.
func fetchChanges(ctx context.Context, f *feed.Fetcher) (feed.Fetched, error) {
	state := f.Fingerprint
	defer func() { f.Fingerprint = state }()
	archive := f.Dataset.URLs[0]
	base := strings.TrimSuffix(archive, "all.zip")
	whole, since, tag, known := parseState(state)
	f.Fingerprint = tag
	list, err := f.GetAll(ctx, []string{base + "modified_id.csv"})
	if errors.Is(err, fs.ErrNotExist) {
		f.Fingerprint = state
		return f.GetAll(ctx, f.Dataset.URLs)
	}
	if err != nil {
		return feed.Fetched{}, err
	}
	changes, newest, records, err := readChanges(list.Locations[0], since)
	if err != nil {
		return feed.Fetched{}, fmt.Errorf("osv: %smodified_id.csv: %w", base, err)
	}
	if most := min(maxChanges, max(minChanges, records/4)); !known || len(changes) > most || f.Now.Sub(whole) > maxState {
		path, err := f.Get(ctx, feed.Item{URL: archive})
		// The archive may be older than the list, so the next update asks for the list again.
		return feed.Fetched{Locations: []string{path}, Fingerprint: formatState(f.Now, newest.Add(-margin), "")}, err
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
	if err = g.Wait(); err == nil && len(got.Locations) == 0 {
		return feed.Fetched{Missing: got.Missing}, feed.ErrUnchanged
	}
	if tag = list.Fingerprint; len(got.Missing) > 0 {
		tag = ""
	}
	got.Fingerprint = formatState(whole, newest, tag)
	return got, err
}

// margin is how much older an archive may be than the list of changes.
const margin = 6 * time.Hour

// readChanges is changed for a list in a file.
func readChanges(name string, since time.Time) (changes map[string]time.Time, newest time.Time, records int, err error) {
	r, err := os.Open(name)
	if err != nil {
		return nil, newest, 0, err
	}
	defer r.Close()
	return changed(r, since)
}

// changed returns the records in a list with a time after since, the latest time, and the number of all records.
func changed(r io.Reader, since time.Time) (changes map[string]time.Time, newest time.Time, records int, err error) {
	changes = make(map[string]time.Time)
	lines := bufio.NewScanner(limit.Reader(r, maxList, "list"))
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if line == "" {
			continue
		}
		stamp, id, _ := strings.Cut(line, ",")
		at, err := time.Parse(time.RFC3339, stamp)
		if err != nil || len(id) > maxRecordID || !recordID.MatchString(id) {
			return nil, newest, 0, fmt.Errorf("%.80q is not a time and a record", line)
		}
		records++
		if at.After(newest) {
			newest = at
		}
		if at.After(since) && len(changes) <= maxChanges {
			changes[id] = at
		}
	}
	if err := lines.Err(); err != nil {
		return nil, newest, 0, err
	}
	if newest.IsZero() {
		return nil, newest, 0, errors.New("no records")
	}
	return changes, newest, records, nil
}

// maxList bounds the bytes of a list. The longest has 1.4 million lines of 45 bytes.
const maxList = 512 << 20

func formatState(whole, newest time.Time, tag string) string {
	return strings.TrimSpace(whole.UTC().Format(time.RFC3339) + " " + newest.UTC().Format(time.RFC3339Nano) + " " + tag)
}

func parseState(fingerprint string) (whole, newest time.Time, tag string, ok bool) {
	first, rest, _ := strings.Cut(fingerprint, " ")
	second, tag, _ := strings.Cut(rest, " ")
	whole, err1 := time.Parse(time.RFC3339, first)
	newest, err2 := time.Parse(time.RFC3339, second)
	if err1 != nil || err2 != nil {
		return time.Time{}, time.Time{}, "", false
	}
	return whole, newest, tag, true
}
