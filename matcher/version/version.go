// Package version orders the versions of packages as the package managers of their ecosystems do.
//
// Each PURL type has a [Scheme], which parses text into a [Version]. Versions of one scheme compare. Parse validates the text
// and allocates at most once. Compare allocates nothing, takes time linear in the shorter text, and is safe for hostile input.
// Numbers are unbounded unless the ecosystem has a limit.
//
// Text that the ecosystem's own tool rejects is an error that wraps [ErrInvalid], because a guessed order would yield wrong
// results. The exceptions are a few forms in advisories with an undisputed order, such as "1.2" as a bound of an npm range. The
// source of each scheme lists them.
//
// Every order is total: antisymmetric, transitive, and defined for any two versions. Only Maven's own order is not transitive;
// see maven.go.
package version

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// ErrInvalid reports text that is not a version of its scheme. Errors of this package wrap it.
var ErrInvalid = errors.New("invalid version")

// A Scheme orders the versions of one ecosystem. [For] returns it. Parse of the zero Scheme always fails.
type Scheme struct{ rules *rules }

// rules implement the scheme of one ecosystem. parse converts the text to the form that compare takes: a substring of the text,
// or a key whose order of bytes is that of versions.
type rules struct {
	name    string
	parse   func(text string) (form string, err error) // text is trimmed and not empty
	compare func(a, b string) int                      // on forms
}

// A Version is a parsed version of one [Scheme].
type Version struct {
	rules      *rules
	text, form string
}

// name returns the PURL type of the scheme's packages: "deb".
func (s Scheme) name() string {
	if s.rules == nil {
		return ""
	}
	return s.rules.name
}

// Parse reads a version. It ignores blanks around the text. The error for an invalid version wraps [ErrInvalid] and contains
// the scheme, the version (shortened if long) and the reason.
func (s Scheme) Parse(text string) (Version, error) {
	if s.rules == nil {
		return Version{}, fmt.Errorf("version: %q: %w: no scheme", shorten(text), ErrInvalid)
	}
	trimmed := text
	if text == "" || text[0] <= ' ' || text[len(text)-1] <= ' ' { // most versions have no blanks
		trimmed = strings.Trim(text, " \t\r\n\v\f")
	}
	if trimmed == "" {
		return Version{}, fmt.Errorf("version: %s %q: %w: empty", s.rules.name, shorten(text), ErrInvalid)
	}
	form, err := s.rules.parse(trimmed)
	if err != nil {
		return Version{}, fmt.Errorf("version: %s %q: %w: %w", s.rules.name, shorten(text), ErrInvalid, err)
	}
	return Version{s.rules, text, form}, nil
}

// Compare returns -1 if v precedes w, 1 if v follows w, and 0 if they are equal. Texts of equal versions may differ. Compare
// panics if the versions have different schemes.
func (v Version) Compare(w Version) int {
	if v.rules != w.rules {
		panic("version: compared " + v.Scheme().name() + " with " + w.Scheme().name())
	}
	if v.rules == nil {
		return 0
	}
	return v.rules.compare(v.form, w.form)
}

// Scheme returns the scheme that parsed v.
func (v Version) Scheme() Scheme { return Scheme{v.rules} }

// String returns the text that [Scheme.Parse] parsed.
func (v Version) String() string { return v.text }

// Compare parses and compares two versions of a PURL type. The error for an invalid version or a type without a scheme wraps
// [ErrInvalid].
func Compare(purlType, a, b string) (int, error) {
	s, ok := For(purlType)
	if !ok {
		return 0, fmt.Errorf("version: type %q: %w: no scheme", shorten(purlType), ErrInvalid)
	}
	v, err := s.Parse(a)
	if err != nil {
		return 0, err
	}
	w, err := s.Parse(b)
	if err != nil {
		return 0, err
	}
	return v.Compare(w), nil
}

// shorten truncates long text for an error message.
func shorten(s string) string {
	const most = 64
	if len(s) <= most {
		return s
	}
	n := most
	for n > most-utf8.UTFMax && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "..."
}
