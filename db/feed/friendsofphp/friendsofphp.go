// Package friendsofphp reads the PHP Security Advisories Database, https://github.com/FriendsOfPHP/security-advisories, which has one YAML
// file for each vulnerability of a Composer package:
//
//	title:     ...
//	link:      https://...
//	cve:       CVE-2016-4855
//	branches:
//	    2.7.x:
//	        time:     2018-05-25 10:15:34
//	        versions: ['>=2.7.0', '<2.7.48']
//	reference: composer://vendor/name
//
// A [feed.Record] is one file. Every branch is a range: all comparisons hold for an affected version. A branch without a time has no fix,
// and its versions are only the known affected ones. The database has no identifiers of its own: the ID of a file without a CVE is the GHSA
// in its link, or else a name made of its reference and link, "FOP-vendor/name-1a2b3c4d".
package friendsofphp

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/instant"
	"github.com/hullmark/hullmark/db/feed/internal/interval"
	"github.com/hullmark/hullmark/db/feed/internal/recordlimit"
	"github.com/hullmark/hullmark/db/feed/internal/yamldoc"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/version"
)

const feedName = "friendsofphp"

// Feed returns the feed of the PHP Security Advisories Database.
func Feed() feed.Feed {
	return feed.Feed{
		Name: feedName,
		Wants: func(name string) bool {
			return path.Ext(name) == ".yaml" && strings.Count(name, "/") >= 2 && !strings.Contains("/"+name, "/.")
		},
		Parse: parse,
		Datasets: []feed.Dataset{{
			URLs:   []string{"https://codeload.github.com/FriendsOfPHP/security-advisories/tar.gz/refs/heads/master"},
			Covers: []matcher.Key{{Type: "composer"}},
		}},
	}
}

// An advisory has the used fields of a file.
type advisory struct {
	Title, Link, CVE, Reference string
	Branches                    map[string]branch
}

type branch struct {
	Time     string
	Versions []string
}

func parse(r io.Reader) iter.Seq2[feed.Record, error] {
	return feed.Records(func(yield func(feed.Record) error) error {
		var a advisory
		if err := yamldoc.Decode(r, &a); err != nil {
			return err
		}
		return yield(a.record())
	})
}

func (a *advisory) record() feed.Record {
	reference, ok := strings.CutPrefix(a.Reference, "composer://")
	vendor, name, _ := strings.Cut(reference, "/")
	rec := feed.Record{ID: a.id(reference)}
	if !ok || vendor == "" || name == "" || rec.ID == "" {
		rec.Err = fmt.Errorf("reference %.80q is not composer://vendor/name", a.Reference)
		return rec
	}
	adv := matcher.Advisory{ID: rec.ID, Key: matcher.PackageKey("composer", vendor, name), Summary: strings.TrimSpace(a.Title), Feed: feedName}
	if a.Link != "" {
		adv.URLs = []string{a.Link}
	}
	var errs recordlimit.Errors
	fixed := true
	for _, name := range slices.Sorted(maps.Keys(a.Branches)) {
		b := a.Branches[name]
		i, err := b.interval()
		if err != nil {
			errs.Add(fmt.Errorf("branch %.40s: %w", name, err))
			continue
		}
		adv.Ranges = append(adv.Ranges, set().Ranges([]interval.Interval{i})...)
		if b.Time == "" {
			fixed = false
			continue
		}
		t, err := parseTime(b.Time)
		if err != nil {
			errs.Add(fmt.Errorf("branch %.40s: %w", name, err))
		} else if t.After(rec.Modified) {
			rec.Modified = t
		}
	}
	if adv.Modified = rec.Modified; !fixed {
		adv.Reason = "not fixed in every branch"
	}
	if len(adv.Ranges) > 0 { // an advisory without ranges would affect all versions
		rec.Advisories = []matcher.Advisory{adv}
	} else if errs.Err() == nil {
		errs.Add(errors.New("no branches"))
	}
	rec.Err = errs.Err()
	return rec
}

// id returns the identifier of the vulnerability.
func (a *advisory) id(reference string) string {
	if cve := strings.ToUpper(strings.TrimSpace(a.CVE)); strings.HasPrefix(cve, "CVE-") {
		return cve
	}
	for part := range strings.SplitSeq(a.Link, "/") {
		if id := strings.ToUpper(part); strings.HasPrefix(id, "GHSA-") {
			return "GHSA-" + strings.ToLower(id[len("GHSA-"):])
		}
	}
	if reference == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(cmp.Or(a.Link, a.Title)))
	return "FOP-" + reference + "-" + hex.EncodeToString(sum[:4])
}

func set() *interval.Set {
	scheme, _ := version.For("composer")
	return &interval.Set{Scheme: scheme, Next: next}
}

// next returns a version shortly after v. Composer reads at most four numbers.
func next(v string) string {
	v = strings.TrimPrefix(v, "v")
	if strings.ContainsFunc(v, func(r rune) bool { return r != '.' && (r < '0' || r > '9') }) {
		return v // a prerelease, which has no simple successor; the range includes v rather than too little
	}
	for strings.Count(v, ".") < 3 {
		v += ".0"
	}
	return v + "-p1"
}

func (b *branch) interval() (interval.Interval, error) {
	if len(b.Versions) == 0 {
		return interval.Interval{}, errors.New("no versions")
	}
	var all []interval.Interval
	for _, c := range b.Versions {
		n := len(c) - len(strings.TrimLeft(c, "<>=!"))
		i, err := interval.Compare(c[:n], strings.TrimSpace(c[n:]))
		if err != nil {
			return interval.Interval{}, err
		}
		all = append(all, i)
	}
	return set().Intersect(all...)
}

func parseTime(s string) (time.Time, error) {
	return instant.Parse(s, "2006-1-2 15:04:05", "2006-1-2 15:04:05 -0700", "2006-1-2 15:04", "2006-1-2", time.RFC3339)
}
