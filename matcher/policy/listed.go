package policy

import (
	"github.com/hullmark/hullmark/internal/imageref"
	"github.com/hullmark/hullmark/matcher/report"
)

// image looks the image up in the lists of images.
func (j *judge) image(ref imageref.Reference) {
	find := func(list []imageEntry) *report.Entry {
		for i := range list {
			e := &list[i]
			if !e.fits(ref) {
				continue
			}
			if expired(&e.Entry, j.in.Now) {
				j.verdict.Expired = append(j.verdict.Expired, e.Entry)
				continue
			}
			j.untilExpiry(&e.Entry)
			return &e.Entry
		}
		return nil
	}
	j.verdict.Denied, j.verdict.Passed = find(j.doc.denied), find(j.doc.passed)
	if e := j.verdict.Denied; e != nil {
		j.verdict.Passed = nil
		j.verdict.Decisions = append(j.verdict.Decisions, report.Decision{
			Rule: e.List, Line: e.Line, Target: report.TargetImage, Action: report.Stop, Ruled: report.Stop, Message: e.Reason, Match: -1, Finding: -1,
		})
	}
}
