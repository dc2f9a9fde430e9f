package csvtable

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/internal/limit"
)

func TestTable(t *testing.T) {
	const text = "\ufeffid,name\n1,\"a\nb\"\n2\n3,say \"x\"\n"
	table, err := New(strings.NewReader(text), "id", "name")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	err = table.Each(func(bad error) error {
		got = append(got, fmt.Sprintf("line %d: %q %q %q %v", table.Line(), table.Get("id"), table.Get("name"), table.Get("other"), bad != nil))
		return nil
	})
	want := []string{`line 2: "1" "a\nb" "" false`, `line 4: "2" "" "" true`, `line 5: "3" "say \"x\"" "" false`}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := New(strings.NewReader(text), "id", "other"); err == nil || err.Error() != `no column "other" in the first line` {
		t.Error(err)
	}
	if _, err := New(strings.NewReader("")); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
}

// TestEndless reads a row that never ends. Rows before it do not count.
func TestEndless(t *testing.T) {
	rows := strings.Repeat(strings.Repeat("x", 1<<20)+"\n", 6)
	table, err := New(strings.NewReader("id\n" + rows + `"` + strings.Repeat("x", 6<<20)))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	err = table.Each(func(error) error { n++; return nil })
	if n != 6 || !errors.Is(err, limit.ErrExceeded) {
		t.Errorf("%d rows, %v", n, err)
	}
}
