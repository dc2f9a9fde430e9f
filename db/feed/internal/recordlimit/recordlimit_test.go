package recordlimit

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/internal/limit"
)

func TestAdvisories(t *testing.T) {
	for _, tt := range []struct {
		n, vulnerabilities, packages int
		ok                           bool
	}{
		{0, 0, 0, true},
		{0, 500, 500, true},
		{1, 500, 500, false},
		{MaxAdvisories, 1, 0, true},
		{0, 1 << 30, 1 << 30, false},
	} {
		if err := Advisories(tt.n, tt.vulnerabilities, tt.packages); (err == nil) != tt.ok || err != nil && !errors.Is(err, limit.ErrExceeded) {
			t.Errorf("%+v: %v", tt, err)
		}
	}
}

func TestErrors(t *testing.T) {
	var e Errors
	if e.Add(nil); e.Err() != nil {
		t.Error(e.Err())
	}
	first := errors.New("first")
	e.Add(nil, first, errors.New("first"))
	if err := e.Err(); !errors.Is(err, first) || err.Error() != "first" {
		t.Errorf("%q", err)
	}
	for i := range 1_000_000 {
		e.Add(fmt.Errorf("error %d", i))
	}
	for range 2 {
		e.Add(fmt.Errorf("too long: %w", limit.ErrExceeded))
	}
	lines := strings.Split(e.Err().Error(), "\n")
	if len(lines) != maxErrors+2 || lines[maxErrors-1] != "error 18" || lines[maxErrors] != "too long: exceeds the limit" || lines[maxErrors+1] != "999982 more errors" {
		t.Errorf("%q", lines)
	}
	if !errors.Is(e.Err(), limit.ErrExceeded) || !errors.Is(e.Err(), first) {
		t.Errorf("%q", lines)
	}
}
