// Package pypa reads the Python Packaging Advisory Database, https://github.com/pypa/advisory-database, whose files are
// records of the OSV format in YAML: "vulns/<project>/PYSEC-<year>-<number>.yaml". Package osv says what becomes of them.
//
// What osv.dev exports for PyPI holds them too, so that Update gets this feed only if it is named.
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

// Name is the name of the feed.
const Name = "pypa"

// Feed returns the feed.
func Feed() feed.Feed {
	return feed.Feed{
		Name: Name,
		Wants: func(name string) bool {
			return strings.HasPrefix(path.Base(name), "PYSEC-") && path.Ext(name) == ".yaml"
		},
		Parse: Parse,
		Datasets: []feed.Dataset{{
			URLs:     []string{"https://codeload.github.com/pypa/advisory-database/tar.gz/refs/heads/main"},
			Covers:   []matcher.Key{{Type: "pypi"}},
			Optional: true,
		}},
	}
}

// Parse yields the records of one document, as osv.Parse does, under this feed's name.
func Parse(r io.Reader) iter.Seq2[feed.Record, error] {
	return func(yield func(feed.Record, error) bool) {
		for rec, err := range osv.Parse(r) {
			for i := range rec.Advisories {
				rec.Advisories[i].Feed = Name
			}
			if !yield(rec, err) {
				return
			}
		}
	}
}
