// Package arch reads the issues of Arch Linux, https://security.archlinux.org/all.json:
//
//	[{"name": "AVG-1324", "packages": ["glibc", "lib32-glibc"], "status": "Fixed", "severity": "High", "type": "arbitrary code execution",
//	  "affected": "2.38-1", "fixed": "2.38-2", "issues": ["CVE-2023-4911"], "advisories": ["ASA-202310-01"]}]
//
// A [feed.Record] is one element, a group of vulnerabilities that one version fixes. It has an advisory for each vulnerability in each
// package. The affected version is the one that Arch Linux had when the group was made, so earlier versions are affected, too:
//
//	Arch Linux         Status              Reason
//	Fixed              Fixed, with a range  ""
//	Testing            Affected            "Testing", with a range
//	Vulnerable         Affected            ""
//	Not affected       NotAffected         ""
//	Unknown            UnderInvestigation  ""
//
// The group and its advisories are the updates of a fixed vulnerability.
package arch

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"slices"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/levels"
	"github.com/hullmark/hullmark/db/feed/internal/recordlimit"
	"github.com/hullmark/hullmark/db/feed/internal/updateid"
	"github.com/hullmark/hullmark/internal/jsonstream"
	"github.com/hullmark/hullmark/matcher"
)

const (
	feedName = "arch"
	site     = "https://security.archlinux.org/"
)

// Feed returns the feed of Arch Linux.
func Feed() feed.Feed {
	return feed.Feed{
		Name:  feedName,
		Wants: func(name string) bool { return path.Ext(name) == ".json" },
		Parse: parse,
		Datasets: []feed.Dataset{{
			URLs:   []string{site + "all.json"},
			Covers: []matcher.Key{{Type: "alpm", Namespace: "arch"}},
		}},
	}
}

// parse reads a list or a single group. It holds one group in memory at a time.
func parse(r io.Reader) iter.Seq2[feed.Record, error] {
	return feed.Records(func(yield func(feed.Record) error) error {
		j := jsonstream.NewStream(r, jsonstream.MaxValue)
		one := func() error {
			var g group
			bad, err := j.Decode(&g)
			if err != nil {
				return err
			}
			return yield(g.record(bad))
		}
		c, err := j.Peek()
		if err != nil {
			return unexpected(err)
		}
		if c == '{' {
			err = one()
		} else {
			err = j.Array(one)
		}
		if err != nil {
			return err
		}
		return j.End()
	})
}

// unexpected returns the error of a document without content.
func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// A group has the used fields of an element.
type group struct {
	Name       string   `json:"name"`
	Packages   []string `json:"packages"`
	Status     string   `json:"status"`
	Severity   string   `json:"severity"`
	Type       string   `json:"type"`
	Fixed      string   `json:"fixed"`
	Issues     []string `json:"issues"`
	Advisories []string `json:"advisories"`
}

// record returns the record of a group that was decoded with an error.
func (g *group) record(bad error) feed.Record {
	if g.Name == "" {
		return feed.Record{Err: errors.Join(bad, errors.New("group without a name"))}
	}
	rec := feed.Record{ID: g.Name}
	var errs recordlimit.Errors
	errs.Add(bad)
	level, err := levels.Parse(g.Severity)
	errs.Add(err)
	base := matcher.Advisory{Feed: feedName, Summary: g.Type, URLs: []string{site + g.Name}}
	if g.Severity != "" {
		base.Severities = []matcher.Severity{{Source: feedName, Level: level, Word: g.Severity}}
	}
	errs.Add(g.fill(&base))
	ids := g.Issues
	if len(ids) == 0 {
		ids = []string{g.Name}
	}
	if err := recordlimit.Advisories(0, len(ids), len(g.Packages)); err != nil {
		rec.Err = err
		return rec
	}
	if len(g.Packages) == 0 && bad == nil {
		errs.Add(errors.New("no packages"))
	}
	for _, id := range ids {
		for _, name := range g.Packages {
			if id == "" || name == "" {
				errs.Add(errors.New("an empty name"))
				continue
			}
			a := base
			a.ID, a.Key = id, matcher.Key{Type: "alpm", Namespace: "arch", Name: name}
			rec.Advisories = append(rec.Advisories, a)
		}
	}
	rec.Err = errs.Err()
	return rec
}

// fill sets the status, the range and the updates of the group's advisories.
func (g *group) fill(a *matcher.Advisory) error {
	if g.Fixed != "" && g.Status != "Not affected" {
		a.Ranges = []matcher.Range{{Fixed: g.Fixed}}
		a.Updates = updateid.Among(append(slices.Clone(g.Advisories), g.Name))
	}
	switch g.Status {
	case "Fixed":
		if g.Fixed == "" {
			a.Reason = g.Status
			return errors.New("fixed without a version")
		}
		a.Status = matcher.Fixed
	case "Testing":
		a.Status, a.Reason = matcher.Affected, g.Status
	case "Vulnerable":
		a.Status = matcher.Affected
	case "Not affected":
		a.Status = matcher.NotAffected
	case "Unknown":
		a.Status = matcher.UnderInvestigation
	default:
		a.Reason = g.Status
		return fmt.Errorf("unknown status %.40q", g.Status)
	}
	return nil
}
