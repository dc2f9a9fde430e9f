// Package photon reads what VMware publishes about Photon OS: lists of vulnerabilities as JSON, the primary source, and OVAL
// definitions.
//
// A list, cve_data_photon4.0.json, has an element for each vulnerability and package:
//
//	[{"cve_id": "CVE-2023-38545", "pkg": "curl", "cve_score": 9.8, "res_ver": "7.88.1-4.ph4", "status": "Fixed"},
//	 {"cve_id": "CVE-2023-44487", "pkg": "httpd", "cve_score": 7.5, "res_ver": "NA", "status": "Not Affected"}]
//
// A [feed.Record] is one element:
//
//	Photon                       Status               Reason
//	Fixed                        Fixed, with a range  ""
//	Fixed, with res_ver NA       Affected             "Fixed in NA": in a version that is not said
//	Not Affected                 NotAffected          ""
//
// Packages are named by their sources, and sometimes by what is built of them. A list is about one release, which versions
// name by their ends: ".ph4". Elements without a version are of the release of the others.
//
// Of OVAL definitions, a record is one, which stands for an advisory of VMware's (PHSA-3.0-0036).
package photon

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"regexp"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/jsonstream"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/distro"
)

// Name is the name of the feed.
const Name = "photon"

// Feed returns the feed.
func Feed() feed.Feed {
	return feed.Feed{
		Name:  Name,
		Wants: func(name string) bool { return path.Ext(name) == ".json" || path.Ext(name) == ".xml" },
		Parse: Parse,
	}
}

// Parse yields the records of a document, a list or OVAL by its content, in its order, but elements without a version that
// come before the first with one.
//
// The error of a record is a [feed.RecordError] named "package: id"; it comes with what was understood. Any other error, of r
// or of syntax, is the last thing yielded.
func Parse(r io.Reader) iter.Seq2[feed.Record, error] {
	return func(yield func(feed.Record, error) bool) {
		br := bufio.NewReader(r)
		var err error
		if first, _ := br.Peek(1); len(first) == 1 && first[0] == '<' {
			err = definitions(br, yield)
		} else {
			l := list{yield: yield}
			err = l.read(jsonstream.New(br))
		}
		if err != nil && !errors.Is(err, errStopped) {
			yield(feed.Record{}, fmt.Errorf("photon: %w", err))
		}
	}
}

var errStopped = errors.New("stopped")

// An element is one of a list.
type element struct {
	ID      string  `json:"cve_id"`
	Package string  `json:"pkg"`
	Score   float64 `json:"cve_score"`
	Fixed   string  `json:"res_ver"`
	Status  string  `json:"status"`
}

// maxHeld bounds how many elements are held until a release is known.
const maxHeld = 1 << 17

type list struct {
	yield   func(feed.Record, error) bool
	release string
	held    []element // without a version, from before the release was known
}

func (l *list) read(r *jsonstream.Reader) error {
	err := r.List(func() error {
		raw, err := r.Raw()
		if err != nil {
			return err
		}
		var e element
		if err := json.Unmarshal(raw, &e); err != nil {
			return l.send(feed.Record{ID: e.ID}, &feed.RecordError{ID: e.name(), Err: err})
		}
		release := releaseOf(e.Fixed)
		if release != "" && l.release == "" {
			l.release = release
			if err := l.flush(); err != nil {
				return err
			}
		}
		if release == "" {
			if release = l.release; release == "" {
				if len(l.held) == maxHeld {
					return fmt.Errorf("%w: more than %d elements before one with a version", feed.ErrTooLarge, maxHeld)
				}
				l.held = append(l.held, e)
				return nil
			}
		}
		return l.send(e.record(release))
	})
	if err != nil {
		return err
	}
	if err := r.End(); err != nil {
		return err
	}
	return l.flush()
}

// flush yields what was held, once the release is known, or will not be any more.
func (l *list) flush() error {
	for _, e := range l.held {
		rec, err := e.record(l.release)
		if l.release == "" {
			rec, err = feed.Record{ID: e.ID}, feed.Errorf(e.name(), "of a release that nothing in the list names")
		}
		if err := l.send(rec, err); err != nil {
			return err
		}
	}
	l.held = nil
	return nil
}

func (l *list) send(rec feed.Record, err error) error {
	if !l.yield(rec, err) {
		return errStopped
	}
	return nil
}

var distTag = regexp.MustCompile(`\.ph([0-9]+)$`)

// releaseOf returns the release that a version names.
func releaseOf(version string) string {
	m := distTag.FindStringSubmatch(version)
	if m == nil {
		return ""
	}
	return m[1] + ".0"
}

func (e *element) name() string { return e.Package + ": " + e.ID }

func (e *element) record(release string) (feed.Record, error) {
	rec := feed.Record{ID: e.ID}
	if e.ID == "" || e.Package == "" {
		return rec, feed.Errorf(e.name(), "no cve_id or pkg")
	}
	a := matcher.Advisory{ID: e.ID, Feed: Name, Key: key(release, e.Package)}
	var err error
	switch {
	case e.Score < 0 || e.Score > 10:
		err = feed.Errorf(e.name(), "score %v", e.Score)
	case e.Score > 0:
		a.Severities = []matcher.Severity{{Source: Name, Score: e.Score}}
	}
	known := e.Fixed != "" && e.Fixed != "NA"
	switch {
	case e.Status == "Not Affected":
		a.Status = matcher.NotAffected
	case e.Status == "Fixed" && known:
		a.Status, a.Ranges = matcher.Fixed, []matcher.Range{{Fixed: e.Fixed}}
	case e.Status == "Fixed":
		a.Reason = "Fixed in " + e.Fixed
	default:
		err = feed.Errorf(e.name(), "unknown status %.40q", e.Status)
		a.Reason = e.Status
		if known {
			a.Ranges = []matcher.Range{{Fixed: e.Fixed}}
		}
	}
	rec.Advisories = []matcher.Advisory{a}
	return rec, err
}

func key(release, name string) matcher.Key {
	return matcher.Key{Type: "rpm", Namespace: "photon", Release: distro.ReleaseOf("photon", release, ""), Name: name}
}
