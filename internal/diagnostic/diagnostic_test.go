package diagnostic

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
)

func TestList(t *testing.T) {
	var l List
	if got := l.Diagnostics(); got != nil {
		t.Errorf("empty list: %v", got)
	}
	l.Line(12, "no colon in %q", "x")
	l.At("package 3", "cut short: %w", analyzer.ErrTooLarge)
	l.Add(nil)
	l.Add(fmt.Errorf("a form: %w", errors.ErrUnsupported))
	want := []analyzer.Diagnostic{
		{Code: analyzer.Malformed, Line: 12, Message: `no colon in "x"`},
		{Code: analyzer.TooLarge, Message: "package 3: cut short: too large"},
		{Code: analyzer.Unsupported, Message: "a form: unsupported operation"},
	}
	if got := l.Diagnostics(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestIsCode(t *testing.T) {
	for code, want := range map[string]bool{
		"too-large": true, "a": true, "cve-2024-1": true, strings.Repeat("a", 64): true,
		"": false, "-": false, "a-": false, "-a": false, "a--b": false, "Too-large": false, "a b": false, "é": false, strings.Repeat("a", 65): false,
	} {
		if IsCode(code) != want {
			t.Errorf("%q: %t", code, !want)
		}
	}
}

// TestCap asks that a List and Cap agree, and that capping a list twice changes nothing.
func TestCap(t *testing.T) {
	for _, n := range []int{0, 1, Max, Max + 1, Max + 2, 1000} {
		var l List
		var list []analyzer.Diagnostic
		for i := range n {
			l.Line(i+1, "bad")
			list = append(list, analyzer.Diagnostic{Code: analyzer.Malformed, Line: i + 1, Message: "bad"})
		}
		capped := Cap(list)
		if got := l.Diagnostics(); !reflect.DeepEqual(got, capped) || !reflect.DeepEqual(l.Diagnostics(), capped) {
			t.Errorf("%d problems: the list has %v, want %v", n, got, capped)
		}
		if again := Cap(capped); !reflect.DeepEqual(again, capped) {
			t.Errorf("%d problems: %v, capped again %v", n, capped, again)
		}
		if want := fmt.Sprintf("%d more problems", n-Max); n > Max+1 && (len(capped) != Max+1 || capped[Max].Message != want) {
			t.Errorf("%d problems: %d, the last %v", n, len(capped), capped[len(capped)-1])
		}
	}
}
