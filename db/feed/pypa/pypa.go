// Package pypa reads the Python Packaging Advisory Database, https://github.com/pypa/advisory-database. Its files are records in the OSV
// format, in YAML: "vulns/<project>/PYSEC-<year>-<number>.yaml". Package osv describes the resulting records.
//
// The export of osv.dev for PyPI includes all of them. So Update fetches this feed only by name.
package pypa

import (
	"io"
	"iter"
	"path"
	"strings"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/osv"
	"github.com/hullmark/hullmark/matcher"
)

const feedName = "pypa"

// Feed returns the feed of the Python Packaging Advisory Database.
func Feed() feed.Feed {
	return feed.Feed{
		Name: feedName,
		Wants: func(name string) bool {
			return strings.HasPrefix(path.Base(name), "PYSEC-") && path.Ext(name) == ".yaml"
		},
		Parse: parse,
		Datasets: []feed.Dataset{{
			URLs:     []string{"https://codeload.github.com/pypa/advisory-database/tar.gz/refs/heads/main"},
			Covers:   []matcher.Key{{Type: "pypi"}},
			Optional: true,
		}},
	}
}

// parse returns the records of package osv with this feed's name.
func parse(r io.Reader) iter.Seq2[feed.Record, error] {
	records := osv.Feed().Parse
	return func(yield func(feed.Record, error) bool) {
		for rec, err := range records(r) {
			for i := range rec.Advisories {
				rec.Advisories[i].Feed = feedName
			}
			if !yield(rec, err) {
				return
			}
		}
	}
}
