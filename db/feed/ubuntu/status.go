package ubuntu

import (
	"fmt"
	"strings"

	"github.com/hullmark/hullmark/matcher"
)

// fill says in a what the tracker says of a package: its word, and what stands behind it in parentheses.
func fill(a *matcher.Advisory, word, note string) error {
	said := word
	if note != "" {
		said += " (" + note + ")"
	}
	version := ""
	if note != "" && note[0] >= '0' && note[0] <= '9' && !strings.ContainsAny(note, " ,") {
		version = note
	}
	switch word {
	case "released":
		if version == "" { // which some old files do not say
			a.Status, a.Reason = matcher.Affected, said
			return nil
		}
		a.Status, a.Ranges = matcher.Fixed, []matcher.Range{{Fixed: version}}
	case "pending":
		a.Status, a.Reason = matcher.Affected, said
		if version != "" {
			a.Ranges = []matcher.Range{{Fixed: version}}
		}
	case "needed", "active", "in-progress":
		a.Status, a.Reason = matcher.Affected, said
	case "needs-triage":
		a.Status, a.Reason = matcher.UnderInvestigation, said
	case "deferred":
		a.Status, a.Reason = matcher.Deferred, said
	case "ignored":
		a.Status, a.Reason = matcher.WillNotFix, said
		for _, s := range []string{"end of life", "end-of-life", "end of standard support", "out of standard support", "reached end", "EOL"} {
			if strings.Contains(note, s) {
				a.Status = matcher.EndOfLife
			}
		}
	case "not-affected":
		a.Status, a.Reason = matcher.NotAffected, said
	default:
		return fmt.Errorf("unknown status %.40q", word)
	}
	return nil
}
