// Package debian reads the data of the Debian security tracker: its JSON, and the text lists that the JSON is made from, see [Lists].
//
// The JSON states the status of each source package and vulnerability in each supported release:
//
//	{"glibc": {"CVE-2019-9169": {"description": "...", "scope": "remote", "releases": {
//	  "jessie": {"status": "open", "urgency": "high**", "nodsa": "Minor issue", "nodsa_reason": "", "repositories": {...}},
//	  "buster": {"status": "resolved", "urgency": "high**", "fixed_version": "2.28-9", "repositories": {...}}}}}}
//
// A [feed.Record] is one such entry, with an advisory for each release:
//
//	tracker                 Status               Reason
//	open                    Affected             ""
//	open, unimportant       Affected             "unimportant"
//	open, no-dsa            Deferred             "no-dsa: <text>"
//	open, no-dsa postponed  Deferred             "no-dsa (postponed): <text>"
//	open, no-dsa ignored    WillNotFix           "no-dsa (ignored): <text>"
//	open, end-of-life       EndOfLife            "end-of-life"
//	undetermined            UnderInvestigation   ""
//	resolved                Fixed, with a range  "" or "unimportant"
//	resolved in "0"         NotAffected          ""
//
// An entry that is both unimportant or end-of-life and no-dsa has both reasons, the urgency first: "unimportant; no-dsa: Minor issue". The
// no-dsa decides its Status, except that end-of-life gives EndOfLife. An undetermined entry stays UnderInvestigation with any reasons.
//
// The urgency becomes a severity with Debian's own word. Two stars mean that Debian took it from NVD.
package debian

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/internal/jsonstream"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/distro"
)

const feedName = "debian"

// Feed returns the feed of the tracker's JSON.
func Feed() feed.Feed {
	return feed.Feed{
		Name:  feedName,
		Wants: func(name string) bool { return strings.HasSuffix(name, ".json") },
		Parse: parse,
		Datasets: []feed.Dataset{{
			URLs:   []string{"https://security-tracker.debian.org/tracker/data/json"},
			Covers: []matcher.Key{{Type: "deb", Namespace: "debian"}},
		}},
	}
}

// parse holds one entry in memory at a time, and the names of all source packages, to find those that are given twice.
func parse(r io.Reader) iter.Seq2[feed.Record, error] {
	return feed.Records(func(yield func(feed.Record) error) error {
		j := jsonstream.NewStream(r, jsonstream.MaxValue)
		seen := make(map[string]bool)
		return j.Object(func(source string) error {
			var bad error
			switch c, err := j.Peek(); {
			case err != nil:
				return err
			case c != '{':
				bad = fmt.Errorf("%s: not an object", source)
			case source == "":
				bad = errors.New("source package without a name")
			case seen[source]:
				bad = fmt.Errorf("%s: source package given twice", source)
			default:
				seen[source] = true
				return parseSource(j, source, yield)
			}
			if err := j.Skip(); err != nil {
				return err
			}
			return yield(feed.Record{Err: bad})
		})
	})
}

// parseSource reads the entries of one source package.
func parseSource(j *jsonstream.Reader, source string, yield func(feed.Record) error) error {
	seen := make(map[string]bool)
	return j.Object(func(id string) error {
		raw, err := j.Raw()
		if err != nil {
			return err
		}
		rec := feed.Record{ID: id}
		switch {
		case id == "":
			rec.Err = errors.New("entry without an ID")
		case seen[id]:
			rec.Err = errors.New("entry given twice")
		default:
			seen[id] = true
			rec = parseEntry(source, id, raw)
		}
		if rec.Err != nil {
			rec.Err = fmt.Errorf("%s: %w", source, rec.Err)
		}
		return yield(rec)
	})
}

// key returns the key of a source package in a release.
func key(source, codename string) matcher.Key {
	return matcher.Key{Type: "deb", Namespace: "debian", Release: distro.ReleaseOf("debian", "", codename), Name: source}
}
