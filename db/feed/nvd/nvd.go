// Package nvd reads the National Vulnerability Database, https://nvd.nist.gov/vuln/data-feeds, in either of its forms: what the
// API 2.0 answers and the yearly files of the same model, and the files of the former model 1.1.
//
//	{"vulnerabilities": [{"cve": {"id": "CVE-2023-4863", "vulnStatus": "Analyzed", "metrics": {"cvssMetricV31": [...]}, ...}}]}
//	{"CVE_Items": [{"cve": {"CVE_data_meta": {"ID": "CVE-2003-0001"}, ...}, "configurations": ..., "impact": ...}]}
//
// A [feed.Record] is one CVE. It says two things:
//
// Of the vulnerability itself, its CVSS severities, by NVD ("nvd") and by others that NVD passes on, named by their
// identifiers ("security@example.org"), and its weaknesses ("CWE-79").
//
// Of products, advisories by their CPE names, https://csrc.nist.gov/projects/security-content-automation-protocol/specifications/cpe:
// the key has the type "cpe", the vendor as Namespace and the product as Name, whatever the part (application, operating
// system, hardware). Only what is vulnerable itself has one; if it is only together with something else, such as an
// operating system, or only as built for some software, the Reason says so: "with microsoft windows", "for wordpress".
// There is no order of versions that holds for all products, so that a range begins with its bound where NVD leaves the
// bound out: rather too wide than too narrow. An update is part of a version, "9.8-p7".
//
// A rejected CVE is withdrawn.
package nvd

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"time"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/jsonstream"
	"github.com/hullmark/hullmark/matcher"
)

// Name is the name of the feed.
const Name = "nvd"

// Feed returns the feed.
func Feed() feed.Feed {
	return feed.Feed{
		Name:  Name,
		Wants: func(name string) bool { return path.Ext(name) == ".json" },
		Parse: Parse,
		Datasets: []feed.Dataset{{
			URLs:   []string{"https://nvd.nist.gov/feeds/json/cve/2.0/", "https://services.nvd.nist.gov/rest/json/cves/2.0"},
			Covers: []matcher.Key{{Type: "cpe"}},
			Fetch:  fetch,
		}},
	}
}

var errStopped = errors.New("stopped")

// Parse yields the CVEs of one document: a list of either model, or a single one. The error of a CVE is a
// [feed.RecordError] and comes with what was understood; any other is the last thing yielded.
func Parse(r io.Reader) iter.Seq2[feed.Record, error] {
	return func(yield func(feed.Record, error) bool) {
		p := parser{js: jsonstream.New(r), yield: yield}
		if err := p.document(); err != nil && !errors.Is(err, errStopped) {
			yield(feed.Record{}, fmt.Errorf("nvd: %w", err))
		}
	}
}

type parser struct {
	js    *jsonstream.Reader
	yield func(feed.Record, error) bool
}

func (p *parser) document() error {
	single := make(map[string]json.RawMessage)
	known := false
	err := p.js.Object(func(key string) error {
		switch key {
		case "vulnerabilities":
			known = true
			return p.list(parse2)
		case "CVE_Items":
			known = true
			return p.list(parse1)
		case "resultsPerPage", "totalResults": // an answer without results has no list
			known = true
		case "cve", "configurations", "impact", "publishedDate", "lastModifiedDate":
			raw, err := p.js.Raw()
			single[key] = raw
			return err
		}
		return p.js.Skip()
	})
	if err == nil {
		err = p.js.End()
	}
	switch {
	case err != nil:
		return err
	case single["cve"] != nil:
		raw, err := json.Marshal(single)
		if err != nil {
			return err
		}
		if isModel1(single["cve"]) {
			return p.record(raw, parse1)
		}
		return p.record(raw, parse2)
	case !known:
		return errors.New(`neither "vulnerabilities" nor "CVE_Items"`)
	}
	return nil
}

func isModel1(cve json.RawMessage) bool {
	var c struct {
		Meta *struct{} `json:"CVE_data_meta"`
	}
	return json.Unmarshal(cve, &c) == nil && c.Meta != nil
}

func (p *parser) list(parse func(json.RawMessage) (*item, error)) error {
	return p.js.List(func() error {
		raw, err := p.js.Raw()
		if err != nil {
			return err
		}
		return p.record(raw, parse)
	})
}

func (p *parser) record(raw json.RawMessage, parse func(json.RawMessage) (*item, error)) error {
	it, err := parse(raw)
	rec := feed.Record{ID: it.id}
	if it.id == "" {
		err = errors.Join(errors.New("no id"), err)
	} else {
		var e error
		rec, e = it.record()
		err = errors.Join(err, e)
	}
	if err != nil {
		err = &feed.RecordError{ID: it.id, Err: err}
	}
	if !p.yield(rec, err) {
		return errStopped
	}
	return nil
}

// parseTime reads the forms of both models, which are UTC: "2023-10-12T19:15:11.747", "2018-05-25T10:15Z".
func parseTime(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02T15:04Z", time.RFC3339} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%.40q is not a time", s)
}
