package anchore

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/hullmark/hullmark/matcher/report"
)

// Options change how a bundle is read and evaluated. The zero value is strict.
type Options struct {
	// Lenient accepts rules with errors: an unknown gate, trigger or parameter, or an invalid value. Such a rule makes a decision to stop
	// whose message is the error. A rule of a gate that reached its end of life makes a decision to warn.
	Lenient bool

	// Compat repeats the defects of Anchore Engine that the package documentation lists.
	Compat bool

	// AllowUnmapped lets an image pass that no mapping fits. Without it, Evaluate returns ErrNoMapping.
	AllowUnmapped bool

	// Registry answers for the gates npms and ruby_gems; nil without a registry.
	Registry Registry
}

// A Bundle is a policy bundle. It may be used by several goroutines.
type Bundle struct {
	Name     string   // the name under which it was read
	ID       string   // its own identifier
	Policies []string // identifiers, in the order of the bundle
	Rules    int      // rules of all policies
	Entries  int      // entries of all whitelists
	Notes    []string // keys that have no meaning in a bundle, with their lines

	options    Options
	policies   map[string]*bundlePolicy
	whitelists map[string]*whitelist
	mappings   []mapping
	passed     []mapping // whitelisted_images
	denied     []mapping // blacklisted_images
}

type bundlePolicy struct {
	id, name string
	rules    []*rule
}

// A rule is a rule of a policy, checked.
type rule struct {
	id      string
	line    int
	policy  *bundlePolicy
	gate    *Gate
	trigger *Trigger
	action  report.Action
	values  map[string]value // by the parameters' names
	problem string           // why it cannot be evaluated; see Options.Lenient
	ended   bool             // the gate reached its end of life

	compat bool
	given  []given   // parameters as the bundle has them
	words  [2]string // gate and trigger as the bundle has them
}

type given struct{ name, value string }

type whitelist struct {
	id, name string
	items    []*item
}

// An item is an entry of a whitelist.
type item struct {
	report.Entry
	gate    string
	trigger *pattern
}

// A mapping chooses policies for images. Lists of images have the same form.
type mapping struct {
	report.Entry
	id, name             string
	registry, repository *pattern
	kind                 string // "tag", "digest" or "id"
	value                *pattern
	policies             []*bundlePolicy
	lists                []*whitelist
	index                *index // index of the lists
}

// ErrNoMapping reports that no mapping of a bundle fits an image.
var ErrNoMapping = errors.New("no mapping fits the image")

// An Error is one fault of a bundle.
type Error struct {
	Name string // name of the bundle
	Line int    // counted from 1; 0 for the bundle as a whole
	Text string
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return e.Name + ": " + e.Text
	}
	return fmt.Sprintf("%s:%d: %s", e.Name, e.Line, e.Text)
}

// faults are the faults of a bundle, by line.
type faults []*Error

func (e faults) Error() string {
	lines := make([]string, len(e))
	for i := range e {
		lines[i] = e[i].Error()
	}
	return "anchore: " + strings.Join(lines, "\n")
}

func (e faults) Unwrap() []error {
	list := make([]error, len(e))
	for i := range e {
		list[i] = e[i]
	}
	return list
}

// maxErrors is the most errors for a bundle.
const maxErrors = 200

// A loader reads a bundle and collects its errors.
type loader struct {
	bundle *Bundle
	errs   faults
}

func (l *loader) fail(line int, format string, args ...any) {
	if len(l.errs) < maxErrors {
		l.errs = append(l.errs, &Error{l.bundle.Name, line, fmt.Sprintf(format, args...)})
	}
}

// Read reads a bundle. Errors and verdicts call it by the name. The error for a faulty bundle joins an [*Error] for each fault, by line; it
// has an Unwrap method that returns them all.
func Read(r io.Reader, name string, o Options) (*Bundle, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("anchore: %s: %w", name, err)
	}
	l := &loader{bundle: &Bundle{Name: name, options: o, policies: make(map[string]*bundlePolicy), whitelists: make(map[string]*whitelist)}}
	if len(b) > maxBytes {
		l.fail(0, "larger than %d MiB", maxBytes>>20)
		return nil, l.errs
	}
	root, err := parse(b)
	if err != nil {
		var at *lineError
		if errors.As(err, &at) {
			l.fail(at.line, "%s", at.text)
			return nil, l.errs
		}
		return nil, fmt.Errorf("anchore: %s: %w", name, err)
	}
	l.load(root)
	if len(l.errs) > 0 {
		slices.SortStableFunc(l.errs, func(a, b *Error) int { return cmp.Compare(a.Line, b.Line) })
		return nil, l.errs
	}
	return l.bundle, nil
}

// Recognizes reports whether a text looks like a bundle, and not like a document of package policy. Such a document may be JSON, too.
func Recognizes(b []byte) bool {
	if b = bytes.TrimLeft(bytes.TrimPrefix(b, []byte("\ufeff")), " \t\r\n"); !bytes.HasPrefix(b, []byte("{")) || len(b) > maxBytes {
		return false
	}
	n, err := parse(b)
	if err != nil {
		return bytes.Contains(b, []byte(`"1_0"`))
	}
	if v := n.get("version"); v != nil && strings.Contains(v.text, "_") {
		return true
	}
	return slices.ContainsFunc([]string{"whitelists", "whitelisted_images", "blacklisted_images", "rule_sets", "allowlists"}, func(key string) bool { return n.get(key) != nil })
}

// expired reports whether an entry does not hold any more. Other than in package policy, the moment itself is too late, as in Anchore.
func expired(e *report.Entry, now time.Time) bool {
	return !e.Expires.IsZero() && !now.Before(e.Expires)
}
