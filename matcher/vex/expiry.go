package vex

import (
	"time"

	"github.com/hullmark/hullmark/matcher/report"
)

// At returns the documents with the statements that hold at an instant: those without an expiry, and those that have not expired.
// Without At, a statement that has an expiry has no effect. An assess.Pipeline calls it with its Now.
func (docs Documents) At(now time.Time) report.VEX {
	out := make(Documents, len(docs))
	for i, d := range docs {
		c := *d
		c.at = now
		out[i] = &c
	}
	return out
}

// Next returns the first instant after now at which a statement expires, or the zero time if none does.
func (docs Documents) Next(now time.Time) (next time.Time) {
	for _, d := range docs {
		for i := range d.statements {
			e := d.statements[i].Expires
			if e.IsZero() {
				continue
			}
			if e = e.Add(1); e.After(now) && (next.IsZero() || e.Before(next)) { // it holds at its last moment
				next = e
			}
		}
	}
	return next
}

// expired reports whether a statement has no effect any more.
func (d *Document) expired(s *statement) bool {
	return !s.Expires.IsZero() && (d.at.IsZero() || d.at.After(s.Expires))
}
