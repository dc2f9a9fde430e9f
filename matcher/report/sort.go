package report

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/hullmark/hullmark/internal/indirectsort"
	"github.com/hullmark/hullmark/matcher"
)

// An Order is an order of findings.
type Order string

const (
	ByPackage  Order = ""         // by ecosystem, the package with the most severe finding first
	BySeverity Order = "severity" // the most severe first
	ByRisk     Order = "risk"     // the most urgent first, as matcher.CompareRisk has it
	ByEPSS     Order = "epss"     // the most likely to be exploited first
	ByID       Order = "id"       // by identifier
	ByName     Order = "name"     // by name of the package
)

// UnmarshalText implements [encoding.TextUnmarshaler]. It accepts "package" for ByPackage.
func (o *Order) UnmarshalText(text []byte) error {
	switch name := Order(text); name {
	case BySeverity, ByRisk, ByEPSS, ByID, ByName:
		*o = name
	case "package", ByPackage:
		*o = ByPackage
	default:
		return fmt.Errorf("report: unknown order %q; known are package, severity, risk, epss, id and name", text)
	}
	return nil
}

// sort sorts findings. Findings that are equal in an order are in that of ByPackage.
func (o Order) sort(list []Finding) {
	worst := make(map[Subject]matcher.Level)
	for i := range list {
		f := &list[i]
		if f.Hidden == nil {
			worst[f.Subject] = max(worst[f.Subject], f.Severity.Level)
		}
	}
	indirectsort.Sort(list, func(a, b *Finding) int {
		return cmp.Or(
			o.compare(a, b),
			matcher.CompareKeys(a.Subject.Ecosystem, b.Subject.Ecosystem),
			cmp.Compare(worst[b.Subject], worst[a.Subject]),
			strings.Compare(a.Subject.Name, b.Subject.Name), strings.Compare(a.Subject.Version, b.Subject.Version),
			cmp.Compare(b.Severity.Level, a.Severity.Level), strings.Compare(a.ID, b.ID))
	})
}

func (o Order) compare(a, b *Finding) int {
	switch o {
	case BySeverity:
		return cmp.Or(cmp.Compare(b.Severity.Level, a.Severity.Level), cmp.Compare(b.Severity.Score, a.Severity.Score))
	case ByRisk:
		return matcher.CompareRisk(a.Match, b.Match)
	case ByEPSS:
		return cmp.Compare(b.Enrichment.EPSS, a.Enrichment.EPSS)
	case ByID:
		return compareIDs(a.ID, b.ID)
	case ByName:
		return strings.Compare(a.Subject.Name, b.Subject.Name)
	}
	return 0
}

// compareIDs compares the numbers of identifiers as numbers: CVE-2024-999 comes before CVE-2024-1000. Numbers precede words.
func compareIDs(a, b string) int {
	x, y := strings.Split(a, "-"), strings.Split(b, "-")
	for i := range min(len(x), len(y)) {
		c := strings.Compare(x[i], y[i])
		switch p, q := isNumber(x[i]), isNumber(y[i]); {
		case p && q:
			m, n := strings.TrimLeft(x[i], "0"), strings.TrimLeft(y[i], "0")
			c = cmp.Or(cmp.Compare(len(m), len(n)), strings.Compare(m, n))
		case p:
			c = -1
		case q:
			c = 1
		}
		if c != 0 {
			return c
		}
	}
	return cmp.Or(cmp.Compare(len(x), len(y)), strings.Compare(a, b))
}

func isNumber(s string) bool { return strings.Trim(s, "0123456789") == "" }
