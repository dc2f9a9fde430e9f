// Package nvd reads the National Vulnerability Database, https://nvd.nist.gov/vuln/data-feeds. It reads the answers of the API 2.0 and the
// yearly files of the same model, and the files of the former model 1.1:
//
//	{"vulnerabilities": [{"cve": {"id": "CVE-2023-4863", "vulnStatus": "Analyzed", "metrics": {"cvssMetricV31": [...]}, ...}}]}
//	{"CVE_Items": [{"cve": {"CVE_data_meta": {"ID": "CVE-2003-0001"}, ...}, "configurations": ..., "impact": ...}]}
//
// A [feed.Record] is one CVE. A rejected CVE is withdrawn.
//
// Its enrichment has the CVSS severities, of NVD ("nvd") and of other sources with the identifiers that NVD gives them
// ("security@example.org"), the weaknesses ("CWE-79"), and the identifiers in the former list BugTraq as aliases ("BID-8732").
//
// Its advisories have the weaknesses and the references, 100 at most. They are about products with CPE names,
// https://csrc.nist.gov/projects/security-content-automation-protocol/specifications/cpe.
// A key has the type "cpe", the vendor as the Namespace and the product as the Name, for all parts (application, operating system, hardware).
// Only vulnerable products have an advisory. If a product is vulnerable only together with another, such as an operating system, or only if
// built for some software, the Reason tells so: "with microsoft windows", "for wordpress". No order of versions holds for all products, so a
// range includes its lower bound even if NVD excludes it: too wide rather than too narrow. An update is part of a version: "9.8-p7".
package nvd

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"path"
	"time"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/instant"
	"github.com/hullmark/hullmark/internal/jsonstream"
	"github.com/hullmark/hullmark/matcher"
)

const feedName = "nvd"

// Feed returns the feed of the National Vulnerability Database.
func Feed() feed.Feed {
	return feed.Feed{
		Name:  feedName,
		Wants: func(name string) bool { return path.Ext(name) == ".json" },
		Parse: parse,
		Datasets: []feed.Dataset{{
			URLs:   []string{"https://nvd.nist.gov/feeds/json/cve/2.0/", "https://services.nvd.nist.gov/rest/json/cves/2.0"},
			Covers: []matcher.Key{{Type: "cpe"}},
			Fetch:  fetch,
		}},
	}
}

// parse reads a list of either model, or a single CVE.
func parse(r io.Reader) iter.Seq2[feed.Record, error] {
	return feed.Records(func(yield func(feed.Record) error) error {
		j := jsonstream.NewStream(r, jsonstream.MaxValue)
		list := func(parse func([]byte) (*item, error)) error {
			return j.Array(func() error {
				raw, err := j.Raw()
				if err != nil {
					return err
				}
				return yield(record(parse(raw)))
			})
		}
		single := make(map[string]json.RawMessage)
		known := false
		err := j.Object(func(key string) error {
			switch key {
			case "vulnerabilities":
				known = true
				return list(parse2)
			case "CVE_Items":
				known = true
				return list(parse1)
			case "resultsPerPage", "totalResults": // an answer without results has no list
				known = true
			case "cve", "configurations", "impact", "publishedDate", "lastModifiedDate":
				raw, err := j.Raw()
				single[key] = bytes.Clone(raw)
				return err
			}
			return j.Skip()
		})
		switch {
		case err != nil:
			return err
		case single["cve"] != nil:
			raw, err := json.Marshal(single)
			if err != nil {
				return err
			}
			if isModel1(single["cve"]) {
				return yield(record(parse1(raw)))
			}
			return yield(record(parse2(raw)))
		case !known:
			return errors.New(`neither "vulnerabilities" nor "CVE_Items"`)
		}
		return nil
	})
}

func isModel1(cve json.RawMessage) bool {
	var c struct {
		Meta *struct{} `json:"CVE_data_meta"`
	}
	return json.Unmarshal(cve, &c) == nil && c.Meta != nil
}

// parseTime parses the forms of both models, which are in UTC: "2023-10-12T19:15:11.747", "2018-05-25T10:15Z".
func parseTime(s string) (time.Time, error) {
	return instant.Parse(s, "2006-01-02T15:04:05", "2006-01-02T15:04Z", time.RFC3339)
}
