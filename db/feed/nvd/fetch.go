package nvd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/hullmark/hullmark/db/feed"
)

const (
	firstYear = 2002               // whose file holds the years before, too
	recent    = 7 * 24 * time.Hour // what the file of changes covers, and one day more
	maxRange  = 120 * 24 * time.Hour
	free      = 5               // requests to the API without a pause
	pause     = 6 * time.Second // NVD asks for it
)

// fetch gets the file of changes if the state that is there is not older than what it covers, and the files of all years
// else. Where there are no files, the API has the same. The fingerprint is the time of the last change.
func fetch(ctx context.Context, f *feed.Fetcher) (feed.Fetched, error) {
	base := f.Dataset.URLs[0]
	newest, err := readMeta(ctx, f, base+"nvdcve-2.0-modified.meta")
	if errors.Is(err, fs.ErrNotExist) && len(f.Dataset.URLs) > 1 {
		return fetchPages(ctx, f, f.Dataset.URLs[1])
	}
	if err != nil {
		return feed.Fetched{}, err
	}
	if newest.date == f.Fingerprint {
		return feed.Fetched{}, feed.ErrUnchanged
	}
	got := feed.Fetched{Fingerprint: newest.date}
	get := func(name string, m meta) error {
		file, err := f.Get(ctx, feed.Item{URL: base + name + ".json.gz", Name: name + ".json.gz", Sum: "sha256:" + m.sum, Unpacked: true})
		got.Locations = append(got.Locations, file.Path)
		return err
	}
	if was, err := time.Parse(time.RFC3339, f.Fingerprint); err == nil && f.Now.Sub(was) < recent {
		got.Increment = true
		return got, get("nvdcve-2.0-modified", newest)
	}
	for year := firstYear; year <= f.Now.Year(); year++ {
		name := "nvdcve-2.0-" + strconv.Itoa(year)
		m, err := readMeta(ctx, f, base+name+".meta")
		if errors.Is(err, fs.ErrNotExist) && year == f.Now.Year() && year > firstYear {
			break // a new year has begun, but nothing has happened yet
		}
		if err == nil {
			err = get(name, m)
		}
		if err != nil {
			return feed.Fetched{}, err
		}
	}
	return got, nil
}

// meta is what is read of the file beside another: when that was changed, and the checksum of what it holds uncompressed.
type meta struct{ date, sum string }

func readMeta(ctx context.Context, f *feed.Fetcher, location string) (meta, error) {
	b, err := f.Read(ctx, feed.Item{URL: location})
	if err != nil {
		return meta{}, err
	}
	var m meta
	for line := range strings.Lines(string(b)) {
		switch key, value, _ := strings.Cut(strings.TrimSpace(line), ":"); key {
		case "lastModifiedDate":
			m.date = value
		case "sha256":
			m.sum = value
		}
	}
	if _, err := time.Parse(time.RFC3339, m.date); err != nil || len(m.sum) != 64 {
		return m, fmt.Errorf("%s: no lastModifiedDate or sha256", location)
	}
	return m, nil
}

// fetchPages asks the API for all CVEs, or for those that were changed since the state that is there.
func fetchPages(ctx context.Context, f *feed.Fetcher, api string) (feed.Fetched, error) {
	now := f.Now.UTC().Truncate(time.Second)
	got := feed.Fetched{Fingerprint: now.Format(time.RFC3339)}
	query := make(url.Values)
	if was, err := time.Parse(time.RFC3339, f.Fingerprint); err == nil && now.Sub(was) < maxRange {
		const form = "2006-01-02T15:04:05.000Z"
		query.Set("lastModStartDate", was.UTC().Format(form))
		query.Set("lastModEndDate", now.Format(form))
		got.Increment = true
	}
	for start, page := 0, 0; ; page++ {
		if page >= free {
			select {
			case <-time.After(pause):
			case <-ctx.Done():
				return feed.Fetched{}, ctx.Err()
			}
		}
		query.Set("startIndex", strconv.Itoa(start))
		b, err := f.Read(ctx, feed.Item{URL: api + "?" + query.Encode()})
		if err != nil {
			return feed.Fetched{}, err
		}
		var answer struct {
			PerPage int               `json:"resultsPerPage"`
			Start   int               `json:"startIndex"`
			Total   int               `json:"totalResults"`
			List    []json.RawMessage `json:"vulnerabilities"`
		}
		if err := json.Unmarshal(b, &answer); err != nil {
			return feed.Fetched{}, fmt.Errorf("%s: at %d: %w", api, start, err)
		}
		if answer.Start != start || len(answer.List) == 0 && start < answer.Total {
			return feed.Fetched{}, fmt.Errorf("%s: %d results from %d of %d, where those from %d were asked for", api, len(answer.List), answer.Start, answer.Total, start)
		}
		name, err := f.Save(fmt.Sprintf("page-%06d.json", start), b)
		if err != nil {
			return feed.Fetched{}, err
		}
		got.Locations = append(got.Locations, name)
		if start += len(answer.List); start >= answer.Total {
			return got, nil
		}
	}
}
