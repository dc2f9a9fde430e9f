// Package csvtable reads CSV by the names of its columns, in bounded memory.
package csvtable

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/hullmark/hullmark/db/feed"
)

// maxRow bounds the bytes of a row: more than anybody writes.
const maxRow = 4 << 20

// A Table is read row by row. Publishers add columns, leave them out and move them.
type Table struct {
	guard   *guard
	csv     *csv.Reader
	columns map[string]int
	row     []string
}

// New reads the first line, which names the columns.
func New(r io.Reader) (*Table, error) {
	g := &guard{r, maxRow}
	t := &Table{guard: g, csv: csv.NewReader(g), columns: make(map[string]int)}
	t.csv.ReuseRecord, t.csv.LazyQuotes = true, true
	header, err := t.csv.Read()
	if err == io.EOF {
		return nil, io.ErrUnexpectedEOF
	} else if err != nil {
		return nil, err
	}
	header[0] = strings.TrimPrefix(header[0], "\ufeff")
	for i, name := range header {
		t.columns[name] = i
	}
	return t, nil
}

// Has returns an error that names the columns that are missing.
func (t *Table) Has(names ...string) error {
	for _, name := range names {
		if _, ok := t.columns[name]; !ok {
			return fmt.Errorf("no column %q in the first line", name)
		}
	}
	return nil
}

// Next reads a row. The end is io.EOF. A row with another number of fields is an error that leaves those after it to be read,
// which Bad tells from others.
func (t *Table) Next() error {
	var err error
	t.row, err = t.csv.Read()
	t.guard.left = maxRow
	return err
}

// Bad reports whether an error of Next is about one row only.
func Bad(err error) bool { return errors.Is(err, csv.ErrFieldCount) }

// Line returns the line on which the row began.
func (t *Table) Line() int {
	line, _ := t.csv.FieldPos(0)
	return line
}

// Get returns the field of a column, "" if there is no such column.
func (t *Table) Get(name string) string {
	if i, ok := t.columns[name]; ok && i < len(t.row) {
		return t.row[i]
	}
	return ""
}

// guard ends reading when a row is too long.
type guard struct {
	r    io.Reader
	left int
}

func (g *guard) Read(p []byte) (int, error) {
	n, err := g.r.Read(p)
	if g.left -= n; g.left < 0 {
		return 0, fmt.Errorf("%w: a row of more than %d bytes", feed.ErrTooLarge, maxRow)
	}
	return n, err
}
