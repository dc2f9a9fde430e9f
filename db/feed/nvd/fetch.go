package nvd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/internal/download"
	"github.com/hullmark/hullmark/internal/jsonstream"
)

const (
	firstYear = 2002                 // its file includes earlier years
	recent    = 7 * 24 * time.Hour   // the file of changes covers one day more
	maxRange  = 120 * 24 * time.Hour // of a query for changes
	free      = 5                    // requests to the API without a pause
	pause     = 6 * time.Second      // between further ones, as NVD demands
	keyPause  = pause / 10           // with a key
	patience  = 5 * time.Minute      // a page of 2000 CVEs takes the API up to two minutes
)

// fetch downloads the file of changes if it covers all changes since the state in the database, or else the files of all years. If there are
// no files, fetch uses the API. The fingerprint is the time of the last change.
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
		path, err := f.Get(ctx, feed.Item{URL: base + name + ".json.gz", Name: name + ".json.gz", Sum: "sha256:" + m.sum, Unpacked: true})
		got.Locations = append(got.Locations, path)
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
			break // the new year has no CVEs yet
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

// A meta has the used fields of a .meta file: the time of the last change of a file, and the checksum of its decompressed content.
type meta struct{ date, sum string }

func readMeta(ctx context.Context, f *feed.Fetcher, location string) (meta, error) {
	b, err := f.Read(ctx, location)
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

// fetchPages asks the API for all CVEs, or for those that have changed since the state in the database.
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
	for start, number := 0, 0; ; number++ {
		if number >= free {
			wait := pause
			if f.Authorized(api) {
				wait = keyPause
			}
			select {
			case <-time.After(wait):
			case <-ctx.Done():
				return feed.Fetched{}, ctx.Err()
			}
		}
		query.Set("startIndex", strconv.Itoa(start))
		name, err := getPage(ctx, f, feed.Item{URL: api + "?" + query.Encode(), Name: fmt.Sprintf("page-%06d.json", start), Plain: true, Patience: patience})
		if err != nil {
			return feed.Fetched{}, err
		}
		p, err := readPage(name)
		if err != nil {
			return feed.Fetched{}, fmt.Errorf("%s: at %d: %w", api, start, err)
		}
		if p.start != start || p.results == 0 && start < p.total {
			return feed.Fetched{}, fmt.Errorf("%s: %d results from %d of %d, instead of those from %d", api, p.results, p.start, p.total, start)
		}
		got.Locations = append(got.Locations, name)
		if start += p.results; start >= p.total {
			return got, nil
		}
	}
}

// window is how long NVD counts requests. It refuses too many with 403, as it refuses a wrong key.
var window = 30 * time.Second

// getPage downloads a page. It repeats a request that NVD forbids once, after the window.
func getPage(ctx context.Context, f *feed.Fetcher, it feed.Item) (string, error) {
	name, err := f.Get(ctx, it)
	var status *download.StatusError
	if !errors.As(err, &status) || status.Code != http.StatusForbidden {
		return name, err
	}
	select {
	case <-time.After(window):
		return f.Get(ctx, it)
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// A page is the position of an answer of the API in all results.
type page struct{ start, results, total int }

func readPage(name string) (p page, err error) {
	r, err := os.Open(name)
	if err != nil {
		return p, err
	}
	defer r.Close()
	j := jsonstream.NewStream(r, jsonstream.MaxValue)
	err = j.Object(func(key string) error {
		var bad, err error
		switch key {
		case "startIndex":
			bad, err = j.Decode(&p.start)
		case "totalResults":
			bad, err = j.Decode(&p.total)
		case "vulnerabilities":
			err = j.Array(func() error {
				p.results++
				return j.Skip()
			})
		default:
			err = j.Skip()
		}
		return errors.Join(bad, err)
	})
	return p, err
}
