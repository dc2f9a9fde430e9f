// Package kev reads CISA's catalogue of known exploited vulnerabilities, https://www.cisa.gov/known-exploited-vulnerabilities-catalog.
//
// CISA publishes it as JSON and as CSV with the same fields. The feed recognizes both by content:
//
//	{"catalogVersion": "2025.08.25", "dateReleased": "2025-08-25T17:04:19.9796Z", "count": 1404, "vulnerabilities": [
//	  {"cveID": "CVE-2025-48384", "dateAdded": "2025-08-25", "knownRansomwareCampaignUse": "Unknown", "cwes": ["CWE-59"], ...}]}
//
// A [feed.Record] is one entry. It tells since when its CVE is known to be exploited, whether ransomware exploits it, and its weaknesses. It
// has no advisories, because the catalogue names products, not packages.
package kev

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"strings"
	"time"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/csvtable"
	"github.com/hullmark/hullmark/internal/jsonstream"
	"github.com/hullmark/hullmark/internal/lazyregexp"
	"github.com/hullmark/hullmark/matcher"
)

// Feed returns the feed of CISA's catalogue.
func Feed() feed.Feed {
	return feed.Feed{
		Name:  "kev",
		Wants: func(name string) bool { return path.Ext(name) == ".json" || path.Ext(name) == ".csv" },
		Parse: parse,
		Datasets: []feed.Dataset{{
			URLs: []string{"https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json"},
		}},
	}
}

// An entry has the used fields of an entry.
type entry struct {
	ID         string   `json:"cveID"`
	Added      string   `json:"dateAdded"`
	Ransomware string   `json:"knownRansomwareCampaignUse"`
	CWEs       []string `json:"cwes"`
}

func parse(r io.Reader) iter.Seq2[feed.Record, error] {
	return feed.Records(func(yield func(feed.Record) error) error {
		br := bufio.NewReader(r)
		first, err := br.Peek(1)
		switch {
		case err == io.EOF:
			return io.ErrUnexpectedEOF
		case err != nil:
			return err
		case first[0] == 'c' || first[0] == '"':
			return parseCSV(br, yield)
		}
		return parseJSON(br, yield)
	})
}

// parseJSON fails if the catalogue does not have as many entries as it states.
func parseJSON(r io.Reader, yield func(feed.Record) error) error {
	j := jsonstream.NewStream(r, jsonstream.MaxValue)
	n, count, listed := 0, -1, false
	err := j.Object(func(key string) error {
		switch key {
		case "count":
			bad, err := j.Decode(&count)
			return errors.Join(bad, err)
		case "vulnerabilities":
			listed = true
			return j.Array(func() error {
				n++
				var e entry
				bad, err := j.Decode(&e)
				if err != nil {
					return err
				}
				return yield(e.record(bad))
			})
		}
		return j.Skip()
	})
	switch {
	case err != nil:
		return err
	case !listed:
		return errors.New(`no "vulnerabilities"`)
	case count >= 0 && count != n:
		return fmt.Errorf("%d entries in a catalogue that states %d", n, count)
	}
	return nil
}

func parseCSV(r io.Reader, yield func(feed.Record) error) error {
	t, err := csvtable.New(r, "cveID", "dateAdded")
	if err != nil {
		return err
	}
	return t.Each(func(bad error) error {
		e := entry{ID: t.Get("cveID"), Added: t.Get("dateAdded"), Ransomware: t.Get("knownRansomwareCampaignUse")}
		for cwe := range strings.SplitSeq(t.Get("cwes"), ",") {
			if cwe = strings.TrimSpace(cwe); cwe != "" {
				e.CWEs = append(e.CWEs, cwe)
			}
		}
		return yield(e.record(bad))
	})
}

// record returns the record of an entry that was decoded with an error.
func (e *entry) record(bad error) feed.Record {
	rec := feed.Record{ID: e.ID}
	errs := []error{bad}
	t := matcher.Enrichment{Weaknesses: e.CWEs}
	switch e.Ransomware {
	case "Known":
		t.Ransomware = true
	case "Unknown", "":
	default:
		errs = append(errs, fmt.Errorf("unknown knownRansomwareCampaignUse %.40q", e.Ransomware))
	}
	var err error
	if t.Exploited, err = time.Parse(time.DateOnly, e.Added); err != nil {
		errs = append(errs, fmt.Errorf("dateAdded %.40q is not a date", e.Added))
	}
	rec.Modified = t.Exploited
	if !cve.MatchString(e.ID) {
		errs = append(errs, fmt.Errorf("%.40q is not a CVE identifier", e.ID))
	} else if err == nil {
		rec.Enrichments = map[string]matcher.Enrichment{e.ID: t}
	}
	rec.Err = errors.Join(errs...)
	return rec
}

var cve = lazyregexp.New(`^CVE-[0-9]{4}-[0-9]{4,19}$`)
