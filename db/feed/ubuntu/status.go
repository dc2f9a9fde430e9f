package ubuntu

import (
	"fmt"
	"strings"

	"github.com/hullmark/hullmark/matcher"
)

// fill sets the status, the reason and the range of an advisory from the tracker's word and the note in parentheses behind it.
func fill(a *matcher.Advisory, word, note string) error {
	reason := word
	if note != "" {
		reason += " (" + note + ")"
	}
	version := ""
	if note != "" && note[0] >= '0' && note[0] <= '9' && !strings.ContainsAny(note, " ,") {
		version = note
	}
	switch word {
	case "released":
		if version == "" { // in some old files
			a.Status, a.Reason = matcher.Affected, reason
			return nil
		}
		a.Status, a.Ranges = matcher.Fixed, []matcher.Range{{Fixed: version}}
	case "pending":
		a.Status, a.Reason = matcher.Affected, reason
		if version != "" {
			a.Ranges = []matcher.Range{{Fixed: version}}
		}
	case "needed", "active", "in-progress":
		a.Status, a.Reason = matcher.Affected, reason
	case "needs-triage":
		a.Status, a.Reason = matcher.UnderInvestigation, reason
	case "deferred":
		a.Status, a.Reason = matcher.Deferred, reason
	case "ignored":
		a.Status, a.Reason = matcher.WillNotFix, reason
		for _, s := range []string{"end of life", "end-of-life", "end of standard support", "out of standard support", "reached end", "EOL"} {
			if strings.Contains(note, s) {
				a.Status = matcher.EndOfLife
			}
		}
	case "not-affected":
		a.Status, a.Reason = matcher.NotAffected, reason
	default:
		return fmt.Errorf("unknown status %.40q", word)
	}
	return nil
}
