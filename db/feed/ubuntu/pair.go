package ubuntu

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/recordlimit"
	"github.com/hullmark/hullmark/internal/jsonstream"
	"github.com/hullmark/hullmark/matcher"
)

// A pair is what Update makes of the two archives: an OSV record and the OpenVEX document about the same vulnerability. Either may be
// missing. Bad tells why a document of an archive could not be read.
type pair struct {
	OSV json.RawMessage `json:"osv,omitempty"`
	VEX json.RawMessage `json:"vex,omitempty"`
	Bad string          `json:"bad,omitempty"`
}

// pairMark begins the text of every pair.
const pairMark = `{"pair":`

// parsePairs reads {"pair": {...}} objects in a row.
func parsePairs(j *jsonstream.Reader, yield func(feed.Record) error) error {
	for {
		if ended, err := atEnd(j); ended || err != nil {
			return err
		}
		var p struct {
			Pair pair `json:"pair"`
		}
		bad, err := j.Decode(&p)
		if err != nil {
			return err
		}
		if p.Pair.Bad != "" {
			bad = errors.Join(bad, errors.New(p.Pair.Bad))
		}
		rec, err := p.Pair.record()
		if err != nil {
			bad = errors.Join(bad, err)
		}
		if bad != nil {
			rec.Err = errors.Join(bad, rec.Err)
		}
		if err := yield(rec); err != nil {
			return err
		}
	}
}

// record returns the record of the vulnerability. OSV alone has the fixed versions: a statement "fixed" of OpenVEX has the newest version
// of the package. OpenVEX alone tells unfixed vulnerabilities apart, and has ended releases and packages that are not affected.
func (p *pair) record() (feed.Record, error) {
	var rec, vex feed.Record
	var errs recordlimit.Errors
	if len(p.OSV) > 0 {
		err := parseOSV(strings.NewReader(string(p.OSV)), func(r feed.Record) error {
			rec = r
			return nil
		})
		errs.Add(err, rec.Err)
	}
	if len(p.VEX) > 0 {
		var err error
		vex, err = readVEX(strings.NewReader(string(p.VEX)))
		errs.Add(err, vex.Err)
	}
	if rec.ID == "" {
		rec.ID = vex.ID
	}
	if vex.Modified.After(rec.Modified) {
		rec.Modified = vex.Modified
	}
	if !rec.Withdrawn {
		rec.Advisories = withoutPro(join(rec.Advisories, vex.Advisories))
	}
	rec.Err = errs.Err()
	return rec, nil
}

// join adds the statements of OpenVEX to the advisories of OSV.
func join(list, statements []matcher.Advisory) []matcher.Advisory {
	at := make(map[matcher.Key]int, len(list))
	var facts matcher.Advisory // about the vulnerability
	for i := range list {
		at[list[i].Key] = i
		facts = list[0]
	}
	for _, s := range statements {
		i, ok := at[s.Key]
		switch {
		case !ok:
			if facts.ID == s.ID {
				s.Aliases, s.Severities, s.Summary, s.URLs = facts.Aliases, facts.Severities, facts.Summary, facts.URLs
				s.Published, s.Weaknesses = facts.Published, facts.Weaknesses
			}
			at[s.Key] = len(list)
			list = append(list, s)
		case list[i].Status == matcher.Affected && s.Status != matcher.Fixed && s.Status != matcher.NotAffected:
			list[i].Status, list[i].Reason = s.Status, s.Reason
		}
	}
	return list
}

// An action is a beginning of the text that says what to do about an affected package, and the tracker's word for it.
var actions = []struct{ part, word string }{
	{"decided to not fix", "ignored"},
	{"decided not to fix", "ignored"},
	{"has been ignored", "ignored"},
	{"no longer supported", "ignored (end of standard support)"},
	{"end of life", "ignored (end of life)"},
	{"defer", "deferred"},
	{"pending", "pending"},
	{"awaiting", "pending"},
	{"needs fixing", "needed"},
}

// maxNote bounds the bytes of a note in a reason.
const maxNote = 200

// action sets the status and the reason of an advisory from an action statement, "This package ... is vulnerable ... CVE Notes /
// justification: ...". The notes are free text, and may contain any word. An unknown text is the reason.
func action(a *matcher.Advisory, text string) error {
	said, note, _ := strings.Cut(text, "CVE Notes")
	_, note, _ = strings.Cut(note, ": ")
	i := slices.IndexFunc(actions, func(x struct{ part, word string }) bool { return strings.Contains(said, x.part) })
	if i < 0 {
		a.Status, a.Reason = matcher.Affected, shorten(text)
		return nil
	}
	word, end, _ := strings.Cut(actions[i].word, " (")
	if end != "" {
		note = strings.TrimSuffix(end, ")")
	}
	return fill(a, word, shorten(note))
}

func shorten(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) <= maxNote {
		return s
	}
	return strings.ToValidUTF8(s[:maxNote], "") + " ..."
}
