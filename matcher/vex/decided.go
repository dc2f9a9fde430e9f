package vex

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/hullmark/hullmark/internal/english"
	"github.com/hullmark/hullmark/internal/imageref"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
)

// Decided returns a document with the decisions about the vulnerabilities of an image, and their authors:
//
//   - the statement of a VEX document that decides, with its author, time and expiry
//   - affected, with the policy's decision as the action to take: an accepted risk, an update
//
// Each statement is about a package within the image. A policy that hides or allows a vulnerability accepts it: the image stays
// affected. Undecided vulnerabilities get no statement. Neither does a package URL whose components were decided differently, since
// a statement would be about all of them; those are returned with the reason. The author is that of the document.
func Decided(x *report.Assessment, author string) (*Document, []string) {
	d := NewDocument(author, x.Time)
	if x.Result == nil {
		return d, nil
	}
	type subject struct{ id, purl string }
	of := make(map[subject]*decided)
	var order []subject
	image, ok := imageProduct(x)
	by := decisions(x.Verdict)
	var omitted []string
	unnamed := 0
	for i := range x.Result.Matches {
		m := &x.Result.Matches[i]
		c := x.Component(m.Component)
		if c == nil {
			continue
		}
		now := decide(m, by[i], x.Time)
		if c.PURL == "" || !ok {
			switch {
			case now == nil:
			case ok:
				omitted = append(omitted, fmt.Sprintf("%s in %s: it has no package URL", m.ID, c.Label()))
			default:
				unnamed++
			}
			continue
		}
		key := subject{m.ID, c.PURL}
		was, known := of[key]
		switch {
		case !known:
			of[key] = &decided{now, m, false}
			order = append(order, key)
		case !same(was.Statement, now):
			was.split = true
		}
	}
	if unnamed > 0 {
		omitted = append(omitted, fmt.Sprintf("%s: the image has neither a digest nor a reference", english.Count(unnamed, "decision")))
	}
	for _, key := range order {
		s := of[key]
		switch {
		case s.split:
			omitted = append(omitted, fmt.Sprintf("%s in %s: components of this name were decided differently", key.id, key.purl))
			continue
		case s.Statement == nil:
			continue
		}
		s.Vulnerability, s.Aliases = s.match.ID, s.match.Aliases
		s.Products = []Product{{Name: image, Parts: []string{key.purl}}}
		if err := d.Add(*s.Statement); err != nil {
			omitted = append(omitted, fmt.Sprintf("%s in %s: %s", key.id, key.purl, strings.TrimPrefix(err.Error(), "vex: ")))
		}
	}
	return d, omitted
}

type decided struct {
	*Statement
	match *matcher.Match
	split bool
}

func same(a, b *Statement) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Status == b.Status && a.Justification == b.Justification && a.Detail == b.Detail && a.Author == b.Author && a.Time.Equal(b.Time) && a.Expires.Equal(b.Expires)
}

// imageProduct returns the name of the image: a package URL with its digest if that is known, else with its tag.
func imageProduct(x *report.Assessment) (string, bool) {
	ref, _, _ := strings.Cut(x.Name, " (") // without the platform of an image of an index
	r := imageref.Parse(ref)
	if strings.Contains(ref, ":/") || strings.HasPrefix(ref, "/") || strings.HasPrefix(ref, ".") {
		r = imageref.Reference{} // a file
	}
	digest := cmp.Or(x.Report.Image.Digest, x.Report.Image.ID) // digest of the manifest, or of the configuration
	switch {
	case r.Repository == "" && digest == "":
		return "", false
	case r.Repository == "":
		return digest, true
	case isDigest(digest):
		r.Digest = digest
	}
	return imagePURL(r), true
}

// decisions returns the decisions of a policy about each match.
func decisions(v *report.Verdict) map[int][]*report.Decision {
	by := make(map[int][]*report.Decision)
	if v != nil {
		for i := range v.Decisions {
			if d := &v.Decisions[i]; d.Target == report.TargetMatch {
				by[d.Match] = append(by[d.Match], d)
			}
		}
	}
	return by
}

// decide returns the statement about a match, without the match, or nil.
func decide(m *matcher.Match, by []*report.Decision, now time.Time) *Statement {
	if a := m.Analysis; a != nil {
		s := &Statement{Status: a.Status, Detail: a.Detail, Author: strings.Join(strings.Fields(a.Author), " "), Time: a.Time, Expires: a.Expires}
		if a.Status == matcher.NotAffected {
			word, known := openWord(a.Justification)
			if known {
				s.Justification = word
			} else {
				s.Detail = strings.TrimSuffix(strings.TrimPrefix(a.Justification+": "+a.Detail, ": "), ": ")
			}
		}
		if a.Status == matcher.Affected {
			s.Detail = cmp.Or(a.Detail, "no action is given")
		}
		if s.Time.IsZero() {
			s.Time = now
		}
		return s
	}
	s := &Statement{Status: matcher.Affected, Time: now}
	var texts []string
	for _, d := range by {
		who := fmt.Sprintf("policy %s, %s", d.Policy, d.Rule)
		switch {
		case d.Allowed != nil:
			texts = append(texts, because("accepted by the allow list "+d.Allowed.List, d.Allowed.Reason))
			s.Author = cmp.Or(s.Author, strings.Join(strings.Fields(d.Allowed.By), " "))
			if e := d.Allowed.Expires; !e.IsZero() && (s.Expires.IsZero() || e.Before(s.Expires)) {
				s.Expires = e
			}
		case d.Hide:
			texts = append(texts, because("accepted by "+who, d.Message))
		case d.Action > report.Go:
			texts = append(texts, because(who+": "+d.Action.String(), d.Message))
		}
	}
	if len(texts) == 0 {
		return nil
	}
	if m.Fixed != "" {
		texts = append(texts, "update to "+m.Fixed)
	}
	s.Detail = strings.Join(distinct(texts), "; ")
	return s
}

// because returns a text and its reason.
func because(text, reason string) string {
	if reason = strings.Join(strings.Fields(reason), " "); reason == "" {
		return text
	}
	return text + ": " + reason
}
