package csvtable_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/csvtable"
)

func TestTable(t *testing.T) {
	table, err := csvtable.New(strings.NewReader("\ufeffid,name\n1,\"a\nb\"\n2\n3,say \"x\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	if err := table.Has("id", "name"); err != nil {
		t.Error(err)
	}
	if err := table.Has("id", "other"); err == nil || err.Error() != `no column "other" in the first line` {
		t.Error(err)
	}
	for _, want := range []struct {
		id, name string
		bad      bool
		line     int
	}{{"1", "a\nb", false, 2}, {"2", "", true, 4}, {"3", `say "x"`, false, 5}} {
		err := table.Next()
		if (err != nil) != want.bad || err != nil && !csvtable.Bad(err) {
			t.Fatal(err)
		}
		if table.Get("id") != want.id || table.Get("name") != want.name || table.Get("other") != "" || table.Line() != want.line {
			t.Errorf("%q, %q on line %d, want %+v", table.Get("id"), table.Get("name"), table.Line(), want)
		}
	}
	if err := table.Next(); err != io.EOF {
		t.Error(err)
	}
}

func TestEmpty(t *testing.T) {
	if _, err := csvtable.New(strings.NewReader("")); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
}

// A row that never ends is an error. Rows before it do not count.
func TestEndless(t *testing.T) {
	rows := strings.Repeat(strings.Repeat("x", 1<<20)+"\n", 6)
	table, err := csvtable.New(strings.NewReader("id\n" + rows + `"` + strings.Repeat("x", 6<<20)))
	if err != nil {
		t.Fatal(err)
	}
	for range 6 {
		if err := table.Next(); err != nil {
			t.Fatal(err)
		}
	}
	if err := table.Next(); !errors.Is(err, feed.ErrTooLarge) {
		t.Error(err)
	}
}
