// Package kev reads CISA's catalogue of known exploited vulnerabilities, https://www.cisa.gov/known-exploited-vulnerabilities-catalog.
//
// It is published as JSON and as CSV with the same fields; either is known by its content:
//
//	{"catalogVersion": "2025.08.25", "dateReleased": "2025-08-25T17:04:19.9796Z", "count": 1404, "vulnerabilities": [
//	  {"cveID": "CVE-2025-48384", "dateAdded": "2025-08-25", "knownRansomwareCampaignUse": "Unknown", "cwes": ["CWE-59"], ...}]}
//
// A [feed.Record] is one entry. It says of its CVE since when it is known to be exploited, whether for ransomware, and what
// weakness it is. It has no advisories: the catalogue names products, not packages.
package kev

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"regexp"
	"strings"
	"time"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/csvtable"
	"github.com/hullmark/hullmark/db/feed/internal/jsonstream"
	"github.com/hullmark/hullmark/matcher"
)

// Name is the name of the feed.
const Name = "kev"

// Feed returns the feed.
func Feed() feed.Feed {
	return feed.Feed{
		Name:  Name,
		Wants: func(name string) bool { return path.Ext(name) == ".json" || path.Ext(name) == ".csv" },
		Parse: Parse,
		Datasets: []feed.Dataset{{
			URLs: []string{"https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json"},
		}},
	}
}

// An entry is what is read of an entry.
type entry struct {
	ID         string   `json:"cveID"`
	Added      string   `json:"dateAdded"`
	Ransomware string   `json:"knownRansomwareCampaignUse"`
	CWEs       []string `json:"cwes"`
}

var errStopped = errors.New("stopped")

// Parse yields the entries of the catalogue. The error of an entry is a [feed.RecordError]; any other is the last thing
// yielded: one of r or of syntax, or that there are not as many entries as the catalogue says.
func Parse(r io.Reader) iter.Seq2[feed.Record, error] {
	return func(yield func(feed.Record, error) bool) {
		br := bufio.NewReader(r)
		first, err := br.Peek(1)
		switch {
		case err == io.EOF:
			err = io.ErrUnexpectedEOF
		case err != nil:
		case first[0] == 'c' || first[0] == '"':
			err = readCSV(br, yield)
		default:
			err = readJSON(br, yield)
		}
		if err != nil && !errors.Is(err, errStopped) {
			yield(feed.Record{}, fmt.Errorf("kev: %w", err))
		}
	}
}

func readJSON(r io.Reader, yield func(feed.Record, error) bool) error {
	js := jsonstream.New(r)
	n, count, listed := 0, -1, false
	err := js.Object(func(key string) error {
		switch key {
		case "count":
			raw, err := js.Raw()
			if err == nil {
				err = json.Unmarshal(raw, &count)
			}
			return err
		case "vulnerabilities":
			listed = true
			return js.List(func() error {
				raw, err := js.Raw()
				if err != nil {
					return err
				}
				n++
				var e entry
				err = json.Unmarshal(raw, &e)
				if !yield(e.record(err)) {
					return errStopped
				}
				return nil
			})
		}
		return js.Skip()
	})
	if err == nil {
		err = js.End()
	}
	switch {
	case err != nil:
		return err
	case !listed:
		return errors.New(`no "vulnerabilities"`)
	case count >= 0 && count != n:
		return fmt.Errorf("%d entries, where the catalogue says %d", n, count)
	}
	return nil
}

func readCSV(r io.Reader, yield func(feed.Record, error) bool) error {
	t, err := csvtable.New(r)
	if err == nil {
		err = t.Has("cveID", "dateAdded")
	}
	if err != nil {
		return err
	}
	for {
		err := t.Next()
		switch {
		case err == io.EOF:
			return nil
		case err != nil && !csvtable.Bad(err):
			return err
		}
		e := entry{ID: t.Get("cveID"), Added: t.Get("dateAdded"), Ransomware: t.Get("knownRansomwareCampaignUse")}
		for cwe := range strings.SplitSeq(t.Get("cwes"), ",") {
			if cwe = strings.TrimSpace(cwe); cwe != "" {
				e.CWEs = append(e.CWEs, cwe)
			}
		}
		if !yield(e.record(err)) {
			return nil
		}
	}
}

// record turns an entry that was read with err into a record.
func (e *entry) record(err error) (feed.Record, error) {
	rec := feed.Record{ID: e.ID}
	errs := []error{err}
	t := matcher.Enrichment{Weaknesses: e.CWEs}
	switch e.Ransomware {
	case "Known":
		t.Ransomware = true
	case "Unknown", "":
	default:
		errs = append(errs, fmt.Errorf("unknown knownRansomwareCampaignUse %.40q", e.Ransomware))
	}
	if t.Exploited, err = time.Parse(time.DateOnly, e.Added); err != nil {
		errs = append(errs, fmt.Errorf("dateAdded %.40q", e.Added))
	}
	rec.Modified = t.Exploited
	if !isCVE(e.ID) {
		errs = append(errs, fmt.Errorf("%.40q is not a CVE identifier", e.ID))
	} else if err == nil {
		rec.Enrichments = map[string]matcher.Enrichment{e.ID: t}
	}
	if err := errors.Join(errs...); err != nil {
		return rec, &feed.RecordError{ID: e.ID, Err: err}
	}
	return rec, nil
}

var cve = regexp.MustCompile(`^CVE-[0-9]{4}-[0-9]{4,19}$`)

func isCVE(s string) bool { return cve.MatchString(s) }
