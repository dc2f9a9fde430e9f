package debian

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/levels"
	"github.com/hullmark/hullmark/db/feed/internal/recordlimit"
	"github.com/hullmark/hullmark/internal/jsonstream"
	"github.com/hullmark/hullmark/matcher"
)

// A release is the status of an entry in one release. For no-dsa, an absent field and an empty one differ.
type release struct {
	Status       string            `json:"status"`
	Urgency      string            `json:"urgency"`
	FixedVersion string            `json:"fixed_version"`
	NoDSA        *string           `json:"nodsa"`
	NoDSAReason  *string           `json:"nodsa_reason"`
	Repositories map[string]string `json:"repositories"` // versions in suites: neither installed nor fixed versions
}

// parseEntry reads the entry of a vulnerability in a source package. The error of the record joins those of its releases.
func parseEntry(source, id string, raw []byte) feed.Record {
	rec := feed.Record{ID: id}
	var description string
	type named struct {
		codename string
		release
	}
	var releases []named
	var errs recordlimit.Errors
	err := members(raw, func(name string, r *jsonstream.Reader) (bad, err error) {
		switch name {
		case "description":
			return r.Decode(&description)
		case "releases":
			raw, err := r.Raw()
			if err != nil {
				return nil, err
			}
			return members(raw, func(codename string, r *jsonstream.Reader) (bad, err error) {
				n := named{codename: codename}
				bad, err = r.Decode(&n.release)
				if bad == nil && err == nil {
					releases = append(releases, n)
				}
				return bad, err
			}), nil
		}
		return nil, r.Skip()
	})
	errs.Add(err)
	if len(releases) == 0 && err == nil {
		errs.Add(errors.New("no releases"))
	}
	for _, r := range releases {
		a := matcher.Advisory{
			ID:      id,
			Key:     key(source, r.codename),
			Summary: strings.TrimSpace(description),
			Feed:    feedName,
		}
		if err := r.fill(&a); err != nil {
			errs.Add(fmt.Errorf("%.80s: %w", r.codename, err))
			continue
		}
		rec.Advisories = append(rec.Advisories, a)
	}
	rec.Err = errs.Err()
	return rec
}

// members calls f for every member of the JSON object raw. It returns the errors of members, and of names that are given twice.
func members(raw []byte, f func(name string, r *jsonstream.Reader) (bad, err error)) error {
	if raw[0] != '{' {
		return errors.New("not an object")
	}
	var errs recordlimit.Errors
	seen := make(map[string]bool)
	r := jsonstream.New(raw)
	err := r.Object(func(name string) error {
		if seen[name] {
			errs.Add(fmt.Errorf("%.80q given twice", name))
			return r.Skip()
		}
		seen[name] = true
		bad, err := f(name, r)
		if bad != nil {
			errs.Add(fmt.Errorf("%.80s: %w", name, bad))
		}
		return err
	})
	errs.Add(err)
	return errs.Err()
}

// fill sets the status, the reason, the range and the severity of an advisory.
func (r *release) fill(a *matcher.Advisory) error {
	word := strings.TrimRight(r.Urgency, "*")
	var reasons []string
	switch word {
	case "", "not yet assigned":
	case "end-of-life":
		reasons = append(reasons, word)
	default:
		level, err := levels.Parse(word)
		if err != nil {
			return fmt.Errorf("unknown urgency %.40q", r.Urgency)
		}
		a.Severities = []matcher.Severity{{Source: feedName, Level: level, Word: r.Urgency}}
		if word == "unimportant" {
			reasons = append(reasons, word)
		}
	}
	switch r.Status {
	case "resolved":
		switch r.FixedVersion {
		case "":
			return errors.New("resolved without a fixed version")
		case "0":
			a.Status = matcher.NotAffected
		default:
			a.Status = matcher.Fixed
			a.Ranges = []matcher.Range{{Fixed: r.FixedVersion}}
			a.Reason = strings.Join(reasons, "; ")
		}
		return nil
	case "undetermined":
		a.Status = matcher.UnderInvestigation
	case "open":
		a.Status = matcher.Affected
	default:
		return fmt.Errorf("unknown status %.40q", r.Status)
	}
	if r.FixedVersion != "" {
		return fmt.Errorf("%s, but with fixed version %.80q", r.Status, r.FixedVersion)
	}
	if r.NoDSA != nil || r.NoDSAReason != nil {
		status, reason, err := r.noDSA()
		if err != nil {
			return err
		}
		if r.Status == "open" {
			a.Status = status
		}
		reasons = append(reasons, reason)
	}
	if r.Status == "open" && word == "end-of-life" {
		a.Status = matcher.EndOfLife
	}
	a.Reason = strings.Join(reasons, "; ")
	return nil
}

// noDSA reads the decision against a security advisory: Debian fixes the issue in a point release, or not at all.
func (r *release) noDSA() (matcher.Status, string, error) {
	word, status := "no-dsa", matcher.Deferred
	if r.NoDSAReason != nil {
		switch *r.NoDSAReason {
		case "":
		case "postponed":
			word = "no-dsa (postponed)"
		case "ignored":
			word, status = "no-dsa (ignored)", matcher.WillNotFix
		default:
			return 0, "", fmt.Errorf("unknown nodsa_reason %.40q", *r.NoDSAReason)
		}
	}
	if r.NoDSA != nil && *r.NoDSA != "" {
		word += ": " + *r.NoDSA
	}
	return status, word, nil
}
