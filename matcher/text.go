package matcher

import (
	"fmt"
	"strings"
)

var statusNames = [...]string{"affected", "fixed", "not-affected", "will-not-fix", "deferred", "under-investigation", "end-of-life"}

// String returns the name of s as the JSON form spells it: "will-not-fix".
func (s Status) String() string {
	if int(s) < len(statusNames) {
		return statusNames[s]
	}
	return fmt.Sprintf("status(%d)", uint8(s))
}

// MarshalText implements encoding.TextMarshaler.
func (s Status) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *Status) UnmarshalText(b []byte) error {
	for i, n := range statusNames {
		if n == string(b) {
			*s = Status(i)
			return nil
		}
	}
	return fmt.Errorf("matcher: unknown status %q", b)
}

var levelNames = [...]string{"unknown", "negligible", "low", "medium", "high", "critical"}

// String returns the name of l as the JSON form spells it: "high".
func (l Level) String() string {
	if int(l) < len(levelNames) {
		return levelNames[l]
	}
	return fmt.Sprintf("level(%d)", uint8(l))
}

// MarshalText implements encoding.TextMarshaler.
func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler; see [ParseLevel].
func (l *Level) UnmarshalText(b []byte) error {
	v, ok := ParseLevel(string(b))
	if !ok {
		return fmt.Errorf("matcher: unknown severity %q", b)
	}
	*l = v
	return nil
}

// ParseLevel reads a publisher's word for a severity, whatever its case. Words that several publishers use for the same
// step are one: "moderate" and "medium", "important" and "high", "none", "unimportant" and "negligible".
func ParseLevel(word string) (Level, bool) {
	switch strings.ToLower(strings.TrimSpace(word)) {
	case "unknown", "", "untriaged", "not yet assigned":
		return Unknown, true
	case "negligible", "none", "unimportant", "info":
		return Negligible, true
	case "low", "minor":
		return Low, true
	case "medium", "moderate":
		return Medium, true
	case "high", "important", "major":
		return High, true
	case "critical", "urgent":
		return Critical, true
	}
	return Unknown, false
}
