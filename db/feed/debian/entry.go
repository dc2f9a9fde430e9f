package debian

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/levels"
	"github.com/hullmark/hullmark/matcher"
)

// A release is what an entry says of one release. Absent fields and empty ones mean different things for no-dsa.
type release struct {
	Status       string            `json:"status"`
	Urgency      string            `json:"urgency"`
	FixedVersion string            `json:"fixed_version"`
	NoDSA        *string           `json:"nodsa"`
	NoDSAReason  *string           `json:"nodsa_reason"`
	Repositories map[string]string `json:"repositories"` // what suites hold: neither installed nor fixed versions
}

// parseEntry reads what is said of vulnerability id in a source package. The error joins those of single releases.
func parseEntry(source, id string, raw []byte) (feed.Record, error) {
	rec := feed.Record{ID: id}
	var description string
	type named struct {
		codename string
		release
	}
	var releases []named
	var errs []error
	err := eachField(raw, func(name string, dec *json.Decoder) error {
		switch name {
		case "description":
			return dec.Decode(&description)
		case "releases":
			var raw json.RawMessage
			if err := dec.Decode(&raw); err != nil {
				return err
			}
			return eachField(raw, func(codename string, dec *json.Decoder) error {
				n := named{codename: codename}
				err := dec.Decode(&n.release)
				if err == nil {
					releases = append(releases, n)
				}
				return err
			})
		}
		var skipped json.RawMessage
		return dec.Decode(&skipped)
	})
	if err != nil {
		errs = append(errs, err)
	}
	if len(releases) == 0 && err == nil {
		errs = append(errs, errors.New("no releases"))
	}
	for _, r := range releases {
		a := matcher.Advisory{
			ID:      id,
			Key:     key(source, r.codename),
			Summary: strings.TrimSpace(description),
			Feed:    Name,
		}
		if err := r.fill(&a); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", r.codename, err))
			continue
		}
		rec.Advisories = append(rec.Advisories, a)
	}
	return rec, errors.Join(errs...)
}

// fill turns the tracker's words into those of package matcher.
func (r *release) fill(a *matcher.Advisory) error {
	word := strings.TrimRight(r.Urgency, "*")
	var reasons []string
	switch word {
	case "", "not yet assigned":
	case "end-of-life":
		reasons = append(reasons, word)
	default:
		level, ok := levels.Parse(word)
		if !ok {
			return fmt.Errorf("unknown urgency %q", r.Urgency)
		}
		a.Severities = []matcher.Severity{{Source: Name, Level: level, Word: r.Urgency}}
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
		return fmt.Errorf("unknown status %q", r.Status)
	}
	if r.FixedVersion != "" {
		return fmt.Errorf("%s, but with fixed version %q", r.Status, r.FixedVersion)
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

// noDSA reads the decision against an advisory of its own: the security team fixes the issue in a point release, or not.
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
			return 0, "", fmt.Errorf("unknown nodsa_reason %q", *r.NoDSAReason)
		}
	}
	if r.NoDSA != nil && *r.NoDSA != "" {
		word += ": " + *r.NoDSA
	}
	return status, word, nil
}

// eachField calls f for every field of the JSON object raw, which is known to be valid JSON; f decodes the value. A name
// that comes twice is an error, as is a value that is no object.
func eachField(raw []byte, f func(name string, dec *json.Decoder) error) error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	t, err := dec.Token()
	if err != nil {
		return err
	}
	if t != json.Delim('{') {
		return errors.New("not an object")
	}
	var errs []error
	seen := make(map[string]bool)
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return err
		}
		name := t.(string)
		if seen[name] {
			errs = append(errs, fmt.Errorf("%q given twice", name))
			var skipped json.RawMessage
			if err := dec.Decode(&skipped); err != nil {
				return err
			}
			continue
		}
		seen[name] = true
		if err := f(name, dec); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
		}
	}
	return errors.Join(errs...)
}
