// Package fedora reads the updates of Fedora, as its update system Bodhi lists them, https://bodhi.fedoraproject.org/docs/:
//
//	{"page": 1, "pages": 3, "updates": [
//	  {"alias": "FEDORA-2022-8bd3bf5b40", "type": "security", "severity": "medium", "status": "stable", "content_type": "rpm",
//	   "release": {"id_prefix": "FEDORA", "version": "36"}, "date_stable": "2022-06-30 01:17:00",
//	   "builds": [{"nvr": "curl-7.82.0-6.fc36", "epoch": 0}], "bugs": [{"title": "CVE-2022-32205 curl: ..."}]}]}
//
// A [feed.Record] is one update. Its builds are source packages. It has an advisory for every CVE that its title, its notes
// or its bugs name, and otherwise one of its own. The reason is the update, with its status if it is not stable yet: then the
// package is affected, and the range says which version will have the fix. Updates of modules and containers have no packages here.
package fedora

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/errata"
	"github.com/hullmark/hullmark/db/feed/internal/jsonstream"
	"github.com/hullmark/hullmark/db/feed/internal/levels"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/distro"
)

// Name is the name of the feed.
const Name = "fedora"

// Feed returns the feed.
func Feed() feed.Feed {
	f := feed.Feed{
		Name:  Name,
		Wants: func(name string) bool { return path.Ext(name) == ".json" },
		Parse: Parse,
	}
	for _, release := range []string{"42", "43", "44"} {
		f.Datasets = append(f.Datasets, feed.Dataset{
			Name: release, Fetch: Fetch,
			URLs:   []string{"https://bodhi.fedoraproject.org/updates/?type=security&status=stable&rows_per_page=100&releases=F" + release},
			Covers: []matcher.Key{{Type: "rpm", Namespace: "fedora", Release: release}},
		})
	}
	return f
}

// maxPages bounds how many pages are got.
const maxPages = 500

// Fetch gets all pages of the list that the source's URL is.
func Fetch(ctx context.Context, f *feed.Fetcher) (feed.Fetched, error) {
	page := func(n int) string { return f.Dataset.URLs[0] + "&page=" + strconv.Itoa(n) }
	b, err := f.Read(ctx, feed.Item{URL: page(1)})
	if err != nil {
		return feed.Fetched{}, err
	}
	var head struct {
		Pages   int `json:"pages"`
		Total   int `json:"total"`
		Updates []struct {
			Alias string `json:"alias"`
		} `json:"updates"`
	}
	if err := json.Unmarshal(b, &head); err != nil {
		return feed.Fetched{}, fmt.Errorf("fedora: page 1: %w", err)
	}
	if len(head.Updates) == 0 || head.Pages > maxPages {
		return feed.Fetched{}, fmt.Errorf("fedora: page 1: %d updates, of %d pages", len(head.Updates), head.Pages)
	}
	got := feed.Fetched{Fingerprint: fmt.Sprintf("%d %s", head.Total, head.Updates[0].Alias)}
	if got.Fingerprint == f.Fingerprint {
		return feed.Fetched{}, feed.ErrUnchanged
	}
	for n := 1; n <= head.Pages; n++ {
		file, err := f.Get(ctx, feed.Item{URL: page(n), Name: fmt.Sprintf("page-%d.json", n)})
		if err != nil {
			return feed.Fetched{}, err
		}
		got.Locations = append(got.Locations, file.Path)
	}
	return got, nil
}

// Parse yields the updates of a page, in its order. It holds one update in memory at a time.
//
// The error of an update is a [feed.RecordError] with its alias; it comes with what was understood. Any other error, of r or of
// JSON syntax, is the last thing yielded.
func Parse(r io.Reader) iter.Seq2[feed.Record, error] {
	return func(yield func(feed.Record, error) bool) {
		j := jsonstream.New(r)
		found := false
		err := j.Object(func(key string) error {
			if key != "updates" {
				return j.Skip()
			}
			found = true
			return j.List(func() error {
				raw, err := j.Raw()
				if err != nil {
					return err
				}
				var u update
				bad := json.Unmarshal(raw, &u)
				rec, err := u.record()
				if err = errors.Join(bad, err); err != nil {
					err = &feed.RecordError{ID: u.Alias, Err: err}
				}
				if !yield(rec, err) {
					return errStopped
				}
				return nil
			})
		})
		if err == nil {
			err = j.End()
		}
		if err == nil && !found {
			err = errors.New("no list of updates")
		}
		if err != nil && !errors.Is(err, errStopped) {
			yield(feed.Record{}, fmt.Errorf("fedora: %w", err))
		}
	}
}

var (
	errStopped = errors.New("stopped")
	cve        = regexp.MustCompile(`CVE-[0-9]{4}-[0-9]{4,}`)
)

type update struct {
	Alias    string `json:"alias"`
	Title    string `json:"title"`
	Notes    string `json:"notes"`
	Type     string `json:"type"`
	Severity string `json:"severity"`
	Status   string `json:"status"`
	Content  string `json:"content_type"`
	URL      string `json:"url"`
	Stable   string `json:"date_stable"`
	Modified string `json:"date_modified"`
	Release  struct {
		Prefix  string `json:"id_prefix"`
		Version string `json:"version"`
	} `json:"release"`
	Builds []struct {
		NVR   string `json:"nvr"`
		Epoch *int   `json:"epoch"`
	} `json:"builds"`
	Bugs []struct {
		Title string `json:"title"`
	} `json:"bugs"`
}

func (u *update) record() (feed.Record, error) {
	if u.Alias == "" {
		return feed.Record{}, errors.New("an update without alias")
	}
	e := errata.Erratum{Feed: Name, ID: u.Alias, Bugfix: u.Type != "security", Summary: u.Title}
	if u.URL != "" {
		e.URLs = []string{u.URL}
	}
	var errs []error
	var err error
	if e.Published, err = errata.Time(u.Stable); err != nil {
		errs = append(errs, err)
	}
	if e.Modified, err = errata.Time(u.Modified); err != nil {
		errs = append(errs, err)
	}
	word := u.Severity
	if word == "unspecified" {
		word = ""
	}
	level, ok := levels.Parse(word)
	if !ok {
		errs = append(errs, fmt.Errorf("unknown severity %.40q", word))
	}
	if word != "" {
		e.Severity = matcher.Severity{Source: Name, Level: level, Word: word}
	}
	texts := []string{u.Title, u.Notes}
	for _, b := range u.Bugs {
		texts = append(texts, b.Title)
	}
	ids := cve.FindAllString(strings.Join(texts, "\n"), -1)
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		e.Flaws = append(e.Flaws, errata.Flaw{ID: id})
	}
	if u.Content != "" && u.Content != "rpm" {
		return feed.Record{ID: u.Alias, Modified: e.Modified}, errors.Join(errs...)
	}
	id := "fedora"
	if u.Release.Prefix == "FEDORA-EPEL" {
		id = "epel"
	}
	if u.Release.Version == "" {
		errs = append(errs, errors.New("of no release"))
		u.Builds = nil
	}
	for _, b := range u.Builds {
		name, evr, _ := errata.NEVRA(b.NVR)
		if evr == "" {
			errs = append(errs, fmt.Errorf("%.80q: no package", b.NVR))
			continue
		}
		if b.Epoch != nil {
			evr = strconv.Itoa(*b.Epoch) + ":" + evr
		}
		key := matcher.Key{Type: "rpm", Namespace: id, Release: distro.ReleaseOf(id, u.Release.Version, ""), Name: name}
		e.Packages = append(e.Packages, errata.Package{Key: key, Range: matcher.Range{Fixed: evr}})
	}
	rec := e.Record()
	if u.Status != "stable" && u.Status != "" {
		for i := range rec.Advisories {
			a := &rec.Advisories[i]
			a.Status, a.Reason = matcher.Affected, u.Alias+" ("+u.Status+")"
		}
	}
	return rec, errors.Join(errs...)
}
