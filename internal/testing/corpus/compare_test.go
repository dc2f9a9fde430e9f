package corpus_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/hullmark/hullmark/internal/testing/corpus"
)

// A recorder keeps the errors of a test instead of failing it.
type recorder struct {
	testing.TB
	errors []string
}

func (r *recorder) Helper() {}
func (r *recorder) Errorf(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}

func TestCompare(t *testing.T) {
	want := &corpus.Expectation{
		Packages: []corpus.Package{{Name: "a", Version: "1"}, {Name: "b", Version: "1", Location: "place"}},
		May:      []corpus.Package{{Name: "c", Version: "1"}, {Name: "e", Version: "1"}},
		Best:     []corpus.Package{{Name: "d", Version: "1"}},
		MustNot:  []corpus.Package{{Name: "e", Version: "1"}},
	}
	for _, tt := range []struct {
		found, want []string
	}{
		{[]string{"a 1", "b 1"}, nil},
		{[]string{"a 1", "b 1", "c 1", "d 1"}, nil},
		{[]string{"a 1"}, []string{"missing: b 1 place"}},
		{[]string{"a 1", "b 1", "b 2"}, []string{"extra: b 2"}},
		{[]string{"a 1", "b 1", "e 1"}, []string{"must not be found: e 1"}},
		{[]string{"a 1", "b 1 wrong"}, []string{"missing: b 1 place", "extra: b 1 wrong"}},
	} {
		found := make(map[string]string)
		for _, k := range tt.found {
			found[k] = k
		}
		r := &recorder{TB: t}
		matched := 0
		corpus.Compare(r, want, found, corpus.Package.Key, func(got string, w corpus.Package) {
			if matched++; got != w.Key() {
				t.Errorf("%s is given for %s", got, w.Key())
			}
		})
		if !slices.Equal(r.errors, tt.want) || matched == 0 {
			t.Errorf("%q: %q after %d matches, want %q", tt.found, r.errors, matched, tt.want)
		}
	}
}

func TestCheckErrors(t *testing.T) {
	bad := errors.New("bad")
	for _, tt := range []struct {
		expected string
		errs     []error
		fails    bool
	}{
		{"none", nil, false}, {"none", []error{bad}, true}, {"expected", nil, true},
		{"expected", []error{bad}, false}, {"optional", nil, false}, {"optional", []error{bad}, false},
	} {
		r := &recorder{TB: t}
		(&corpus.Expectation{Error: tt.expected}).CheckErrors(r, tt.errs...)
		if fails := len(r.errors) > 0; fails != tt.fails {
			t.Errorf("%s with %v: fails is %t", tt.expected, tt.errs, fails)
		}
	}
}
