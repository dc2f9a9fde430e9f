package ubuntu

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/errata"
	"github.com/hullmark/hullmark/db/feed/internal/recordlimit"
	"github.com/hullmark/hullmark/internal/jsonstream"
	"github.com/hullmark/hullmark/internal/limit"
	"github.com/hullmark/hullmark/matcher"
)

// A statement of an OpenVEX document, https://github.com/openvex/spec.
type statement struct {
	Vulnerability struct {
		Name        string `json:"name"`
		Description string `json:"description"`
	} `json:"vulnerability"`
	Products []struct {
		ID string `json:"@id"`
	} `json:"products"`
	Status        string `json:"status"`
	Justification string `json:"justification"`
	Impact        string `json:"impact_statement"`
	Action        string `json:"action_statement"`
}

// orBefore is the reason of a fixed package. A statement has the newest version of the package, which has the fix, but may not be the first.
const orBefore = "fixed in this version or an earlier one"

// maxVEX bounds the bytes of an OpenVEX document.
const maxVEX = 64 << 20

// readVEX reads an OpenVEX document, which is about one vulnerability. It uses only source packages, because the document lists their binary
// packages, too.
func readVEX(r io.Reader) (feed.Record, error) {
	j := jsonstream.NewStream(limit.Reader(r, maxVEX, "document"), jsonstream.MaxValue)
	var rec feed.Record
	var errs recordlimit.Errors
	stamp := func() error {
		s, err := j.String()
		if err == nil {
			var bad error
			rec.Modified, bad = errata.Time(s)
			errs.Add(bad)
		}
		return err
	}
	err := j.Object(func(key string) error {
		switch key {
		case "timestamp":
			return stamp()
		case "metadata": // of Canonical's documents of 2025
			return j.Object(func(key string) error {
				if key == "timestamp" {
					return stamp()
				}
				return j.Skip()
			})
		case "statements":
			return j.Array(func() error {
				var s statement
				bad, err := j.Decode(&s)
				if err != nil {
					return err
				}
				list, wrong := s.advisories()
				errs.Add(bad, wrong)
				rec.ID = s.Vulnerability.Name
				if err := recordlimit.Advisories(len(rec.Advisories), 1, len(list)); err != nil {
					return fmt.Errorf("byte %d: %w", j.Offset(), err)
				}
				rec.Advisories = append(rec.Advisories, list...)
				return nil
			})
		}
		return j.Skip()
	})
	for i := range rec.Advisories {
		rec.Advisories[i].Modified = rec.Modified
	}
	rec.Err = errs.Err()
	return rec, err
}

func (s *statement) advisories() (list []matcher.Advisory, err error) {
	if s.Vulnerability.Name == "" {
		return nil, errors.New("statement without a vulnerability")
	}
	seen := make(map[matcher.Key]bool)
	var errs recordlimit.Errors
	for _, p := range s.Products {
		rest, ok := strings.CutPrefix(p.ID, "pkg:deb/ubuntu/")
		rest, query, _ := strings.Cut(rest, "?")
		q, err := url.ParseQuery(query)
		if !ok || err != nil {
			errs.Add(fmt.Errorf("%.80q is not the PURL of a package", p.ID))
			continue
		}
		if q.Get("arch") != "source" {
			continue
		}
		name, version, _ := strings.Cut(rest, "@")
		name, err = url.PathUnescape(name)
		version, err2 := url.PathUnescape(version)
		a := matcher.Advisory{ID: s.Vulnerability.Name, Feed: feedName, Summary: s.Vulnerability.Description}
		if a.Key, ok = key(q.Get("distro"), name); !ok || err != nil || err2 != nil || name == "" {
			errs.Add(fmt.Errorf("%.80q is not a package of a release", p.ID))
			continue
		}
		if seen[a.Key] {
			continue
		}
		seen[a.Key] = true
		switch s.Status {
		case "fixed":
			if version == "" {
				errs.Add(fmt.Errorf("%.80q: fixed without a version", p.ID))
				continue
			}
			a.Status, a.Ranges, a.Reason = matcher.Fixed, []matcher.Range{{Fixed: version}}, orBefore
		case "not_affected":
			if strings.Contains(s.Impact, "does not exist in the archive") {
				continue
			}
			a.Status, a.Reason = matcher.NotAffected, s.Justification
		case "under_investigation":
			a.Status = matcher.UnderInvestigation
		case "affected":
			errs.Add(action(&a, s.Action))
		default:
			errs.Add(fmt.Errorf("unknown status %.40q", s.Status))
			continue
		}
		list = append(list, a)
	}
	slices.SortFunc(list, func(a, b matcher.Advisory) int { return matcher.CompareKeys(a.Key, b.Key) })
	return list, errs.Err()
}
