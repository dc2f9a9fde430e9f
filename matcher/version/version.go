// Package version orders the versions of packages as the package managers of their ecosystems do.
//
// A [Scheme], one for each PURL type, parses text into a [Version]; versions of one scheme compare. Parsing checks the
// text once and allocates at most once; comparing allocates nothing, takes time linear in the shorter text and is safe
// on hostile input. Numbers have no upper bound unless the ecosystem has one.
//
// Text that the ecosystem's own tool refuses is an error that wraps [ErrInvalid], never a guess: a guessed order is a
// wrong verdict on a vulnerability. The few texts which tools refuse but whose place is beyond doubt, and which
// advisories hold ("1.2" as the bound of an npm range), are accepted; the source of each scheme says which.
//
// Every order is total: antisymmetric, transitive, and defined for any two versions. The one exception is Maven's,
// which is not transitive in itself; see maven.go.
package version

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// ErrInvalid is wrapped by the errors of texts that are not versions of their scheme.
var ErrInvalid = errors.New("invalid version")

// A Scheme orders the versions of one ecosystem. It is obtained from [For]; the zero Scheme knows no version.
type Scheme struct{ rules *rules }

// rules are what one ecosystem brings. Comparing works on a form of the text which parse returns: a substring, where the
// text can be compared as it stands, or a key that was built so that its order is the order of versions.
type rules struct {
	name    string
	parse   func(text string) (form string, err error) // text is not empty, without surrounding blanks
	compare func(a, b string) int                      // on forms
}

// A Version is a parsed version of one [Scheme].
type Version struct {
	rules      *rules
	text, form string
}

// Name returns the PURL type of the scheme's packages: "deb".
func (s Scheme) Name() string {
	if s.rules == nil {
		return ""
	}
	return s.rules.name
}

// Parse reads a version. Blanks around it do not matter. The error of an unparsable version wraps [ErrInvalid]; it names
// the scheme, the version (shortened, if it is long) and the reason.
func (s Scheme) Parse(text string) (Version, error) {
	if s.rules == nil {
		return Version{}, fmt.Errorf("version: %q: %w: no scheme", shorten(text), ErrInvalid)
	}
	trimmed := text
	if text == "" || text[0] <= ' ' || text[len(text)-1] <= ' ' { // few have blanks
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

// Compare returns -1 if v comes before w, 1 if it comes after w, and 0 if both have the same place, which does not mean
// that they are spelled alike. Versions of different schemes have no order: comparing them is a mistake of the program,
// and panics.
func (v Version) Compare(w Version) int {
	if v.rules != w.rules {
		panic("version: compared " + v.Scheme().Name() + " with " + w.Scheme().Name())
	}
	if v.rules == nil {
		return 0
	}
	return v.rules.compare(v.form, w.form)
}

// Scheme returns the scheme that parsed v.
func (v Version) Scheme() Scheme { return Scheme{v.rules} }

// String returns the version as it was given to [Scheme.Parse].
func (v Version) String() string { return v.text }

// Compare parses and compares two versions of a PURL type. The error of a type without a scheme, too, wraps
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

// shorten cuts a long text for an error message.
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
