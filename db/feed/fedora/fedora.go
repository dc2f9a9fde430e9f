// Package fedora reads the updates of Fedora and EPEL in the form of its update system Bodhi, https://bodhi.fedoraproject.org/docs/:
//
//	{"page": 1, "pages": 3, "updates": [
//	  {"alias": "FEDORA-2022-8bd3bf5b40", "type": "security", "severity": "medium", "status": "stable", "content_type": "rpm",
//	   "release": {"id_prefix": "FEDORA", "version": "36"}, "date_stable": "2022-06-30 01:17:00",
//	   "builds": [{"nvr": "curl-7.82.0-6.fc36", "epoch": 0}], "bugs": [{"title": "CVE-2022-32205 curl: ..."}]}]}
//
// A [feed.Record] is one update. Its builds are source packages. It has an advisory for every CVE in its title, its notes or its bugs, and
// otherwise one for itself. The reason is the update. If the update is not stable yet, the reason includes its status, the package is
// affected, and the range ends with the version that will have the fix. Updates of modules and containers have no advisories.
//
// Packages of EPEL have the namespace "epel" and the major release. The minor releases of EPEL 10 have updates of their own, whose versions end
// with ".el10_1": the matcher compares a package with those of its own minor release, and others are uncertain.
package fedora

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/errata"
	"github.com/hullmark/hullmark/db/feed/internal/levels"
	"github.com/hullmark/hullmark/db/feed/internal/recordlimit"
	"github.com/hullmark/hullmark/internal/jsonstream"
	"github.com/hullmark/hullmark/internal/lazyregexp"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/distro"
)

const feedName = "fedora"

// Feed returns the feed of Fedora and EPEL.
func Feed() feed.Feed {
	f := feed.Feed{
		Name:  feedName,
		Wants: func(name string) bool { return path.Ext(name) == ".json" },
		Parse: parse, Discover: discover,
	}
	for _, release := range []string{"42", "43", "44"} {
		f.Datasets = append(f.Datasets, dataset(release))
	}
	f.Datasets = append(f.Datasets, epel("8", "EPEL-8"), epel("9", "EPEL-9"), epel("10", "EPEL-10.0", "EPEL-10.1"))
	return f
}

const bodhi = "https://bodhi.fedoraproject.org/"

func dataset(release string) feed.Dataset {
	return feed.Dataset{
		Name: release, Fetch: fetch, URLs: []string{updates + "F" + release},
		Covers: []matcher.Key{{Type: "rpm", Namespace: "fedora", Release: release}},
	}
}

const updates = bodhi + "updates/?type=security&status=stable&rows_per_page=100&releases="

// epel returns the dataset of a major release of EPEL, with Bodhi's names of its minor releases.
func epel(major string, releases ...string) feed.Dataset {
	return feed.Dataset{
		Name: "epel-" + major, Fetch: fetch, URLs: []string{updates + strings.Join(releases, ",")},
		Covers: []matcher.Key{{Type: "rpm", Namespace: "epel", Release: major}},
	}
}

// parse holds one update in memory at a time.
func parse(r io.Reader) iter.Seq2[feed.Record, error] {
	return feed.Records(func(yield func(feed.Record) error) error {
		j := jsonstream.NewStream(r, jsonstream.MaxValue)
		found := false
		err := j.Object(func(key string) error {
			if key != "updates" {
				return j.Skip()
			}
			found = true
			return j.Array(func() error {
				var u update
				bad, err := j.Decode(&u)
				if err != nil {
					return err
				}
				return yield(u.record(bad))
			})
		})
		if err == nil && !found {
			err = errors.New("no list of updates")
		}
		return err
	})
}

var cve = lazyregexp.New(`CVE-[0-9]{4}-[0-9]{4,}`)

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

// record returns the record of an update that was decoded with an error.
func (u *update) record(bad error) feed.Record {
	if u.Alias == "" {
		return feed.Record{Err: errors.Join(bad, errors.New("update without an alias"))}
	}
	e := errata.Erratum{Feed: feedName, ID: u.Alias, Bugfix: u.Type != "security", Summary: u.Title}
	if u.URL != "" {
		e.URLs = []string{u.URL}
	}
	var errs recordlimit.Errors
	errs.Add(bad)
	var err error
	e.Published, err = errata.Time(u.Stable)
	errs.Add(err)
	e.Modified, err = errata.Time(u.Modified)
	errs.Add(err)
	word := u.Severity
	if word == "unspecified" {
		word = ""
	}
	level, err := levels.Parse(word)
	errs.Add(err)
	if word != "" {
		e.Severity = matcher.Severity{Source: feedName, Level: level, Word: word}
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
		return feed.Record{ID: u.Alias, Modified: e.Modified, Err: errs.Err()}
	}
	id, release := "fedora", distro.ReleaseOf("fedora", u.Release.Version, "")
	if u.Release.Prefix == "FEDORA-EPEL" {
		id = "epel"
		release, _, _ = strings.Cut(u.Release.Version, ".")
	}
	if u.Release.Version == "" {
		errs.Add(errors.New("no release"))
		u.Builds = nil
	}
	for _, b := range u.Builds {
		name, evr, _ := errata.NEVRA(b.NVR)
		if evr == "" {
			errs.Add(fmt.Errorf("build %.80q is not a package", b.NVR))
			continue
		}
		if b.Epoch != nil {
			evr = strconv.Itoa(*b.Epoch) + ":" + evr
		}
		key := matcher.Key{Type: "rpm", Namespace: id, Release: release, Name: name}
		e.Packages = append(e.Packages, errata.Package{Key: key, Range: matcher.Range{Fixed: evr}})
	}
	rec := e.Record()
	errs.Add(rec.Err)
	if rec.Modified.Before(e.Published) { // Bodhi has no date_modified of most updates
		rec.Modified = e.Published
	}
	if u.Status != "stable" && u.Status != "" {
		for i := range rec.Advisories {
			a := &rec.Advisories[i]
			a.Status, a.Reason = matcher.Affected, u.Status
		}
	}
	rec.Err = errs.Err()
	return rec
}
