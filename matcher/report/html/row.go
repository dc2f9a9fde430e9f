package html

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
)

// A row is a finding in the form of the page.
type row struct {
	*report.Finding
	Anchor    string // anchor of the row: "f:CVE-2023-5678:openssl"
	Level     string
	Why       string // the reason if it is hidden, else ""
	Numbers   []int  // of Components in the list of packages
	Ecosystem string
	Exploited string
	Policy    bool // the page has a column for the policy's action
}

// A builder makes rows.
type builder struct {
	v        *report.Assessment
	packages map[string]int // numbers of components, by ID
	anchors  map[string]int // uses
}

func (b *builder) row(f *report.Finding) row {
	r := row{Finding: f, Policy: b.v.Verdict != nil, Anchor: b.anchor(f), Level: f.Severity.Level.String(), Ecosystem: f.Subject.Ecosystem.Type}
	for _, c := range f.Components {
		r.Numbers = append(r.Numbers, b.packages[c.ID])
	}
	if f.Hidden != nil {
		r.Why = f.Hidden.Text
	}
	switch t := &f.Enrichment; {
	case t.Ransomware:
		r.Exploited = "ransomware"
	case !t.Exploited.IsZero():
		r.Exploited = "exploited"
	case len(t.Exploits) > 0:
		r.Exploited = "exploit known"
	}
	return r
}

// anchor returns a fragment that stays the same as long as an image has the finding. The prefix keeps text from an image apart from
// the page's own identifiers.
func (b *builder) anchor(f *report.Finding) string {
	const most = 80
	safe := func(r rune) rune {
		if r < 0x80 && (r == '.' || r == '-' || r == '_' || '0' <= r && r <= '9' || 'a' <= r|0x20 && r|0x20 <= 'z') {
			return r
		}
		return '_'
	}
	s := "f:" + strings.Map(safe, f.ID) + ":" + strings.Map(safe, f.Subject.Name)
	s = s[:min(len(s), most)]
	b.anchors[s]++
	if n := b.anchors[s]; n > 1 {
		s += ":" + strconv.Itoa(n)
	}
	return s
}

// Packages are the numbers of Components: "3,14".
func (r row) Packages() string {
	var words []string
	for _, n := range r.Numbers {
		words = append(words, strconv.Itoa(n))
	}
	return strings.Join(words, ",")
}

// Others reports whether the finding is about more than one package.
func (r row) Others() bool { return len(r.Numbers) > 1 }

// More reports whether there is more to read than the row has. Most findings of a distribution have nothing more, and a page of
// thousands is much smaller without empty lists.
func (r row) More() bool {
	e := &r.Enrichment
	return r.Others() || len(r.Aliases) > 0 || r.Uncertain != "" || len(r.Ratings()) > 0 || len(e.Weaknesses) > 0 || !e.Exploited.IsZero() ||
		len(e.Exploits) > 0 || r.Analysis != nil || r.Message() != "" || r.Allowed() != nil || r.Why != "" || len(r.Updates()) > 0 || len(r.Pages()) > 0
}

// Link is the address of the identifier's page, or else the first that an advisory names.
func (r row) Link() string {
	if l := link(r.ID); l != "" {
		return l
	}
	for _, u := range r.Pages() {
		return u
	}
	return ""
}

// Pages are the addresses in the advisories that a reader may follow, without those of the identifiers, which are links themselves.
func (r row) Pages() []string {
	known := []string{link(r.ID)}
	for _, id := range r.Aliases {
		known = append(known, link(id))
	}
	return slices.DeleteFunc(r.URLs(), func(u string) bool { return !isWebURL(u) || slices.Contains(known, u) })
}

// Title is the first line to read about the finding.
func (r row) Title() string { return cmp.Or(r.Summary(), r.Enrichment.Title, "Details") }

// Score is the CVSS base score, "" if it is unknown.
func (r row) Score() string { return score(r.Severity.Score) }

func score(s float64) string {
	if s == 0 {
		return ""
	}
	return strconv.FormatFloat(s, 'f', 1, 64)
}

// A rating is a severity by one source.
type rating struct{ Text, Source, Vector string }

// Ratings are the severities that sources give, first the one that counts. The list is empty if it is the only one and the row has all
// of it.
func (r row) Ratings() []rating {
	var list []rating
	add := func(s matcher.Severity) {
		s = s.Rate()
		text := strings.TrimSpace(s.Level.String() + " " + score(s.Score))
		if s.Word != "" && !strings.EqualFold(s.Word, s.Level.String()) {
			text += " (" + s.Word + ")"
		}
		x := rating{text, s.Source, s.Vector}
		if s.Level != matcher.Unknown && !slices.Contains(list, x) {
			list = append(list, x)
		}
	}
	add(r.Severity)
	for i := range r.Advisories {
		for _, s := range r.Advisories[i].Severities {
			add(s)
		}
	}
	for _, s := range r.Enrichment.Severities {
		add(s)
	}
	if len(list) == 1 && list[0].Vector == "" && strings.TrimRight(r.Severity.Word, "*") == r.Level {
		return nil
	}
	return list
}

// Percent is a probability in percent.
func (r row) Percent() string {
	switch e := r.Enrichment.EPSS; {
	case e == 0:
		return ""
	case e < 0.01:
		return "<1%"
	default:
		return fmt.Sprintf("%.0f%%", 100*e)
	}
}

// Message is a policy's message about the finding.
func (r row) Message() string {
	for _, d := range r.Decisions {
		if d.Action == r.Action {
			return cmp.Or(d.Message, d.Rule)
		}
	}
	return ""
}

// Allowed is the entry of a list that lets the finding pass, or nil.
func (r row) Allowed() *report.Entry {
	for _, d := range r.Decisions {
		if d.Allowed != nil {
			return d.Allowed
		}
	}
	return nil
}
