package ubuntu

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/errata"
	"github.com/hullmark/hullmark/db/feed/internal/levels"
	"github.com/hullmark/hullmark/db/feed/internal/oval"
	"github.com/hullmark/hullmark/db/feed/internal/recordlimit"
	"github.com/hullmark/hullmark/db/feed/internal/updateid"
	"github.com/hullmark/hullmark/internal/lazyregexp"
	"github.com/hullmark/hullmark/matcher"
)

var (
	release = lazyregexp.New(`^oval:com\.ubuntu\.([a-z./-]+):def:`)
	leaf    = lazyregexp.New(`^(\S+?):? (?:package in \S+?,? |while )(.*?)(?: \(note: '(.*)'\))?\.?$`)
)

// words maps parts of the comments of criteria to the tracker's words.
var words = []struct{ part, word string }{
	{"has been fixed", "released"},
	{"pending publication", "pending"},
	{"may need fixing", "needs-triage"},
	{"needs fixing", "needed"},
	{"to defer", "deferred"},
	{"to ignore", "ignored"},
	{"not affected", "not-affected"},
	{"not vulnerable", "not-affected"},
}

// definition returns the record of a definition. A definition of class inventory tests whether the release is installed, and has no
// advisories.
func definition(d *oval.Definition) feed.Record {
	if d.Class == "inventory" {
		return feed.Record{ID: d.ID}
	}
	rec := feed.Record{ID: cveID.FindString(d.Title)}
	m := release.FindStringSubmatch(d.ID)
	if rec.ID == "" || m == nil {
		return feed.Record{ID: d.ID, Err: errors.New("no CVE or no release")}
	}
	level, err := levels.Parse(d.Severity)
	var errs recordlimit.Errors
	errs.Add(err)
	base := matcher.Advisory{ID: rec.ID, Feed: feedName, Summary: d.Description}
	if d.Severity != "" {
		base.Severities = []matcher.Severity{{Source: feedName, Level: level, Word: d.Severity}}
	}
	for _, r := range d.References {
		base.URLs = append(base.URLs, r.URL)
	}
	base.Updates = updateid.InURLs(slices.Concat(d.Refs, base.URLs))
	base.Published, err = errata.Time(d.Fields["public_date"])
	errs.Add(err)
	cases, err := d.Criteria.Cases(func(c *oval.Criterion) bool { return strings.HasSuffix(c.Comment, " is installed.") })
	errs.Add(err)
	for _, leaves := range cases {
		for _, l := range leaves {
			a := base
			if err := comment(&a, m[1], l.Comment); err != nil {
				errs.Add(err)
				continue
			}
			rec.Advisories = append(rec.Advisories, a)
		}
	}
	for i := range rec.Advisories {
		if len(rec.Advisories[i].Ranges) == 0 {
			rec.Advisories[i].Updates = nil // they fix it in other releases
		}
	}
	if err := errs.Err(); err != nil {
		rec.Err = fmt.Errorf("%s: %w", d.ID, err)
	}
	return rec
}

// comment sets the fields of an advisory from the comment of a criterion about a package in a release.
func comment(a *matcher.Advisory, codename, text string) error {
	m := leaf.FindStringSubmatch(text)
	if m == nil {
		return fmt.Errorf("unknown comment %.120q", text)
	}
	var ok bool
	if a.Key, ok = key(codename, m[1]); !ok {
		return fmt.Errorf("unknown release %.40q", codename)
	}
	for _, w := range words {
		if strings.Contains(m[2], w.part) {
			return fill(a, w.word, m[3])
		}
	}
	return fmt.Errorf("unknown comment %.120q", text)
}
