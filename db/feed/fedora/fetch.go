package fedora

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/internal/jsonstream"
	"github.com/hullmark/hullmark/internal/lazyregexp"
)

// discover returns a dataset for each release of Fedora and each major release of EPEL that Bodhi still updates, in the form
//
//	{"page": 1, "pages": 1, "releases": [{"name": "F44", "id_prefix": "FEDORA", "version": "44", "state": "current"}]}
func discover(ctx context.Context, f *feed.Fetcher) ([]feed.Dataset, error) {
	var list []feed.Dataset
	minors := make(map[string][]string) // of EPEL, by major release
	for n, pages := 1, 1; n <= pages; n++ {
		b, err := f.Read(ctx, bodhi+"releases/?exclude_archived=true&rows_per_page=100&page="+strconv.Itoa(n))
		if err != nil {
			return nil, err
		}
		var p struct {
			Pages    int `json:"pages"`
			Releases []struct {
				Name    string `json:"name"`
				Prefix  string `json:"id_prefix"`
				Version string `json:"version"`
				State   string `json:"state"`
			} `json:"releases"`
		}
		if err := json.Unmarshal(b, &p); err != nil {
			return nil, fmt.Errorf("fedora: releases: %w", err)
		}
		if pages = p.Pages; pages > 20 {
			return nil, fmt.Errorf("fedora: releases: %d pages: %w", pages, feed.ErrTooLarge)
		}
		for _, r := range p.Releases {
			if _, err := strconv.Atoi(r.Version); err == nil && r.Prefix == "FEDORA" && r.Name == "F"+r.Version && r.State == "current" {
				list = append(list, dataset(r.Version))
			}
			if m := epelName.FindStringSubmatch(r.Name); m != nil && r.Prefix == "FEDORA-EPEL" && r.State == "current" {
				minors[m[1]] = append(minors[m[1]], r.Name)
			}
		}
	}
	for _, major := range slices.Sorted(maps.Keys(minors)) {
		slices.Sort(minors[major])
		list = append(list, epel(major, minors[major]...))
	}
	return list, nil
}

var epelName = lazyregexp.New(`^EPEL-([0-9]{1,3})(?:\.[0-9]{1,3})?$`)

const (
	maxPages = 500                   // of a list
	maxState = 30 * 24 * time.Hour   // after which fetch downloads the whole list, because updates may change after their push
	dateForm = "2006-01-02 15:04:05" // of Bodhi
)

// A state is the fingerprint of a list: when fetch last downloaded all of it, the time of the newest push, and a hash of the updates that were
// pushed then.
type state struct {
	whole, pushed time.Time
	hash          string
}

func (s *state) String() string {
	return s.whole.Format(time.RFC3339) + " " + s.pushed.Format(time.RFC3339) + " " + s.hash
}

func parseState(fingerprint string) (state, bool) {
	field := strings.Fields(fingerprint)
	if len(field) != 3 {
		return state{}, false
	}
	whole, err1 := time.Parse(time.RFC3339, field[0])
	pushed, err2 := time.Parse(time.RFC3339, field[1])
	return state{whole, pushed, field[2]}, err1 == nil && err2 == nil
}

// fetch downloads all pages of the list at the dataset's URL, or those of the updates that were pushed since the state in the database.
func fetch(ctx context.Context, f *feed.Fetcher) (feed.Fetched, error) {
	was, known := parseState(f.Fingerprint)
	known = known && f.Now.Sub(was.whole) < maxState
	is := state{whole: f.Now.UTC().Truncate(time.Second)}
	list := f.Dataset.URLs[0]
	if known {
		is = state{whole: was.whole, pushed: was.pushed}
		list += "&pushed_since=" + url.QueryEscape(was.pushed.Format(dateForm))
	}
	got := feed.Fetched{Increment: known, Additive: true}
	var newest []string // that were pushed at is.pushed
	for n, pages := 1, 1; n <= pages; n++ {
		name, err := f.Get(ctx, feed.Item{URL: list + "&page=" + strconv.Itoa(n), Name: fmt.Sprintf("page-%d.json", n), Plain: true})
		if err != nil {
			return feed.Fetched{}, err
		}
		p, err := readPage(name)
		switch {
		case err != nil:
			return feed.Fetched{}, fmt.Errorf("fedora: page %d: %w", n, err)
		case p.pages > maxPages:
			return feed.Fetched{}, fmt.Errorf("fedora: list of %d pages: %w", p.pages, feed.ErrTooLarge)
		case len(p.pushes) == 0 && !(n == 1 && known):
			return feed.Fetched{}, fmt.Errorf("fedora: page %d: no updates", n)
		}
		pages = p.pages
		for _, u := range p.pushes {
			if u.at.After(is.pushed) {
				is.pushed, newest = u.at, nil
			}
			if u.at.Equal(is.pushed) {
				newest = append(newest, u.alias)
			}
		}
		got.Locations = append(got.Locations, name)
	}
	slices.Sort(newest)
	h := fnv.New64a()
	io.WriteString(h, strings.Join(slices.Compact(newest), " "))
	is.hash = strconv.FormatUint(h.Sum64(), 16)
	if got.Fingerprint = is.String(); known && (is == was || len(newest) == 0) {
		return feed.Fetched{}, feed.ErrUnchanged
	}
	return got, nil
}

// A page has what fetch needs of a page: the number of pages, and the updates with their times.
type page struct {
	pages  int
	pushes []push
}

type push struct {
	alias string
	at    time.Time // zero if unknown
}

func readPage(name string) (p page, err error) {
	r, err := os.Open(name)
	if err != nil {
		return p, err
	}
	defer r.Close()
	j := jsonstream.NewStream(r, jsonstream.MaxValue)
	err = j.Object(func(key string) error {
		switch key {
		case "pages":
			bad, err := j.Decode(&p.pages)
			return errors.Join(bad, err)
		case "updates":
			return j.Array(func() error {
				var u struct {
					Alias  string `json:"alias"`
					Pushed string `json:"date_pushed"`
					Stable string `json:"date_stable"`
				}
				bad, err := j.Decode(&u)
				at, _ := time.Parse(dateForm, u.Pushed)
				if at.IsZero() {
					at, _ = time.Parse(dateForm, u.Stable)
				}
				p.pushes = append(p.pushes, push{u.Alias, at})
				return errors.Join(bad, err)
			})
		}
		return j.Skip()
	})
	return p, err
}
