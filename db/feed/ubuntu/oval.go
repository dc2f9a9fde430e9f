package ubuntu

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/errata"
	"github.com/hullmark/hullmark/db/feed/internal/levels"
	"github.com/hullmark/hullmark/db/feed/internal/oval"
	"github.com/hullmark/hullmark/matcher"
)

var (
	release = regexp.MustCompile(`^oval:com\.ubuntu\.([a-z./-]+):def:`)
	leaf    = regexp.MustCompile(`^(\S+?):? (?:package in \S+?,? |while )(.*?)(?: \(note: '(.*)'\))?\.?$`)
)

// words are what comments of criteria say, in the tracker's words.
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

func definitions(r io.Reader, yield func(feed.Record, error) bool) error {
	for d, err := range oval.Comments(r) {
		if err != nil {
			return err
		}
		rec, err := definition(d)
		if err != nil {
			err = &feed.RecordError{ID: d.ID, Err: err}
		}
		if !yield(rec, err) {
			return errStopped
		}
	}
	return nil
}

// definition turns a definition into a record. That of class inventory, which asks whether the release is installed, is one
// without advisories.
func definition(d *oval.Definition) (feed.Record, error) {
	if d.Class == "inventory" {
		return feed.Record{ID: d.ID}, nil
	}
	rec := feed.Record{ID: cveID.FindString(d.Title)}
	m := release.FindStringSubmatch(d.ID)
	if rec.ID == "" || m == nil {
		return feed.Record{ID: d.ID}, errors.New("no CVE, or no release")
	}
	level, ok := levels.Parse(d.Severity)
	var errs []error
	if !ok {
		errs = append(errs, fmt.Errorf("unknown severity %.40q", d.Severity))
	}
	base := matcher.Advisory{ID: rec.ID, Feed: Name, Summary: d.Description}
	if d.Severity != "" {
		base.Severities = []matcher.Severity{{Source: Name, Level: level, Word: d.Severity}}
	}
	for _, r := range d.References {
		base.URLs = append(base.URLs, r.URL)
	}
	var err error
	if base.Published, err = errata.Time(d.Fields["public_date"]); err != nil {
		errs = append(errs, err)
	}
	cases, err := d.Criteria.Cases(func(c *oval.Criterion) bool { return strings.HasSuffix(c.Comment, " is installed.") })
	errs = append(errs, err)
	for _, leaves := range cases {
		for _, l := range leaves {
			a := base
			if err := comment(&a, m[1], l.Comment); err != nil {
				errs = append(errs, err)
				continue
			}
			rec.Advisories = append(rec.Advisories, a)
		}
	}
	return rec, errors.Join(errs...)
}

// comment says in a what the comment of a criterion says of a package in a release.
func comment(a *matcher.Advisory, codename, text string) error {
	m := leaf.FindStringSubmatch(text)
	if m == nil {
		return fmt.Errorf("%.120q: not understood", text)
	}
	var ok bool
	if a.Key, ok = key(codename, m[1]); !ok {
		return fmt.Errorf("%.40q: no release is known by that name", codename)
	}
	for _, w := range words {
		if strings.Contains(m[2], w.part) {
			return fill(a, w.word, m[3])
		}
	}
	return fmt.Errorf("%.120q: not understood", text)
}
