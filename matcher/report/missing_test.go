package report_test

import (
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
)

// A feed whose advisories are missing leaves its ecosystem unchecked, even if another feed covers it: a gate does not pass, and a note tells.
func TestMissing(t *testing.T) {
	npm := func(feed string, missing bool) matcher.Coverage {
		return matcher.Coverage{Type: "npm", Feed: feed, Missing: missing}
	}
	for _, tt := range []struct {
		name string
		rows []matcher.Coverage
		code report.NoteCode // "" if it is covered
		text string
	}{
		{"all there", []matcher.Coverage{npm("osv", false), npm("retirejs", false)}, "", ""},
		{"one of two", []matcher.Coverage{npm("osv", false), npm("retirejs", true)}, report.NoteSampled, "of retirejs for npm could not be fetched: 1 package "},
		{"the only one", []matcher.Coverage{npm("osv", true)}, report.NoteUncovered, "of osv for npm could not be fetched: 1 package "},
		{"all", []matcher.Coverage{npm("osv", true), npm("retirejs", true)}, report.NoteUncovered, "of osv, retirejs for npm could not"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			found := &analyzer.Report{Components: []analyzer.Component{{Package: analyzer.Package{Type: "npm", Name: "a", Version: "1"}, ID: "a"}}}
			a := report.New(found, &matcher.Result{Coverage: tt.rows}, report.Options{Gate: report.Gate{FailOn: matcher.Critical}})
			if covered := tt.code == ""; a.Passes() != covered || a.Ecosystems[0].Covered != covered || (a.Uncovered == 0) != covered {
				t.Errorf("passes %v: %+v", a.Passes(), a.Ecosystems)
			}
			var text string
			for _, n := range a.Notes {
				if n.Code == tt.code {
					text += n.Text
				}
			}
			if !strings.Contains(text, tt.text) {
				t.Errorf("notes %v, want %q", a.Notes, tt.text)
			}
		})
	}
}
