package policy

import (
	"cmp"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/hullmark/hullmark/matcher/purl"
	"github.com/hullmark/hullmark/matcher/report"
)

// maxBytes bounds a document.
const maxBytes = 16 << 20

// A Document is a policy document that was read without errors. It may be used by several goroutines.
type Document struct {
	Version  int      // the version of the language: 1 or 2
	Name     string   // the name under which it was read
	Policies []string // names, in the order of the document
	Rules    int      // rules of all policies
	Entries  int      // entries of all lists of exceptions
	Notes    []*Error // probable mistakes that are no errors, by line, such as rules that others hide

	uses     map[string]bool // names of fields in expressions
	policies map[string]*policy
	lists    map[string]*allowList
	passed   []imageEntry // images.allow
	denied   []imageEntry
	mappings []mapping
	fallback *mapping
}

type policy struct {
	name      string
	all       bool // all rules that hold decide, not just the first
	judgeVEX  bool // what VEX statements suppress, too
	otherwise report.Action
	line      int // of otherwise
	rules     []rule
}

type rule struct {
	name    string
	line    int
	on      report.Target
	when    *expression
	action  report.Action
	message []part
	hide    bool
}

// A part of a message is text, or an expression.
type part struct {
	text string
	*expression
}

type allowList struct {
	name    string
	entries []*entry
}

// An entry is one line of an allow list.
type entry struct {
	report.Entry
	vulnerability string       // upper case; "" is any
	ids           *identifiers // vulnerability, if it is a pattern
	pattern       *purl.Pattern
	path, finding *regexp.Regexp
	policy, rule  string
}

type imageEntry struct {
	report.Entry
	where
}

// where is a pattern of images. A nil expression fits all.
type where struct {
	registry, repository, tag, digest *regexp.Regexp
}

type mapping struct {
	name string // "mapping 2, line 14"
	where
	policies []*policy
	lists    []*allowList
}

// An Error is one thing that is wrong with a document.
type Error struct {
	Name string // name of the document
	Line int    // counted from 1; 0 where it is about the document as a whole
	Text string
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return e.Name + ": " + e.Text
	}
	return fmt.Sprintf("%s:%d: %s", e.Name, e.Line, e.Text)
}

// faults are the faults of a document, by line.
type faults []*Error

func (e faults) Error() string {
	lines := make([]string, len(e))
	for i := range e {
		lines[i] = e[i].Error()
	}
	return "policy: " + strings.Join(lines, "\n")
}

func (e faults) Unwrap() []error {
	list := make([]error, len(e))
	for i := range e {
		list[i] = e[i]
	}
	return list
}

// Load reads a document. Errors and verdicts call it by the name. The error for a faulty document joins an [*Error] for each fault, by
// line; it has an Unwrap method that returns them all.
func Load(r io.Reader, name string) (*Document, error) {
	l, text, err := newLoader(r, name)
	if err != nil {
		return nil, err
	}
	if len(l.errs) == 0 {
		if err := l.load(text); err != nil {
			return nil, err
		}
	}
	if err := l.err(); err != nil {
		return nil, err
	}
	slices.SortStableFunc(l.doc.Notes, func(a, b *Error) int { return cmp.Compare(a.Line, b.Line) })
	for _, p := range l.doc.policies {
		l.doc.Rules += len(p.rules)
	}
	for _, list := range l.doc.lists {
		l.doc.Entries += len(list.entries)
	}
	return l.doc, nil
}

// newLoader reads a text.
func newLoader(r io.Reader, name string) (*loader, []byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxBytes+1))
	if err != nil {
		return nil, nil, fmt.Errorf("policy: %s: %w", name, err)
	}
	l := &loader{doc: &Document{Name: name, policies: make(map[string]*policy), lists: make(map[string]*allowList), uses: make(map[string]bool)}}
	if len(text) > maxBytes {
		l.failAt(0, "larger than %d MiB", maxBytes>>20)
		text = nil
	}
	return l, text, nil
}

// err returns the faults by line, or nil.
func (l *loader) err() error {
	if len(l.errs) == 0 {
		return nil
	}
	slices.SortStableFunc(l.errs, func(a, b *Error) int { return cmp.Compare(a.Line, b.Line) })
	return l.errs
}

// expired reports whether an entry does not hold any more.
func expired(e *report.Entry, now time.Time) bool { return !e.Expires.IsZero() && now.After(e.Expires) }
