package matcher

import (
	"fmt"
	"strings"
)

var statusNames = [...]string{"affected", "fixed", "not-affected", "will-not-fix", "deferred", "under-investigation", "end-of-life"}

// String returns the code of s: "will-not-fix".
func (s Status) String() string {
	if int(s) < len(statusNames) {
		return statusNames[s]
	}
	return fmt.Sprintf("status(%d)", uint8(s))
}

// Text returns the status in English, as every form for people writes it: "fix available". It is about the advisory of a match; the
// installed version of a match with the status Fixed lacks the fix.
func (s Status) Text() string {
	switch s {
	case Fixed:
		return "fix available"
	case Deferred:
		return "fix deferred"
	}
	return english(s.String())
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

var kindNames = [...]string{"vulnerability", "malware", "unmaintained", "unsound", "notice"}

// String returns the code of k: "malware".
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// MarshalText implements encoding.TextMarshaler.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (k *Kind) UnmarshalText(b []byte) error {
	for i, n := range kindNames {
		if n == string(b) {
			*k = Kind(i)
			return nil
		}
	}
	return fmt.Errorf("matcher: unknown kind %q", b)
}

var levelNames = [...]string{"unknown", "negligible", "low", "medium", "high", "critical"}

// String returns the code of l: "high".
func (l Level) String() string {
	if int(l) < len(levelNames) {
		return levelNames[l]
	}
	return fmt.Sprintf("level(%d)", uint8(l))
}

// MarshalText implements encoding.TextMarshaler.
func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText reads a level's code, or any publisher's word for a severity. Letter case doesn't matter. Words of several
// publishers are one level: "moderate" and "medium", "important" and "high", "none", "unimportant" and "negligible".
func (l *Level) UnmarshalText(b []byte) error {
	switch strings.ToLower(strings.TrimSpace(string(b))) {
	case "unknown", "", "untriaged", "not yet assigned":
		*l = Unknown
	case "negligible", "none", "unimportant", "info":
		*l = Negligible
	case "low", "minor":
		*l = Low
	case "medium", "moderate":
		*l = Medium
	case "high", "important", "major":
		*l = High
	case "critical", "urgent":
		*l = Critical
	default:
		return fmt.Errorf("matcher: unknown severity %q", b)
	}
	return nil
}

// Text returns the reason in English, to be read after the component's name: "owned by a package of the distribution".
func (r SkipReason) Text() string {
	switch r {
	case OwnedByDistro:
		return "owned by a package of the distribution"
	case OnlyDeclared:
		return "declared, not installed"
	case OnlyCached:
		return "in a cache of a package manager"
	case OnlyTestData:
		return "test data of a package"
	}
	return english(string(r))
}

// english returns the words of a code.
func english(code string) string { return strings.ReplaceAll(code, "-", " ") }
