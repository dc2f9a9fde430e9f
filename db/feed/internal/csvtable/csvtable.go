// Package csvtable reads CSV by the names of its columns, in bounded memory.
package csvtable

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/hullmark/hullmark/internal/limit"
)

// maxRow bounds the bytes of a row.
const maxRow = 4 << 20

// A Table is read row by row. The order of columns does not matter, and publishers may add columns.
type Table struct {
	guard   *guard
	csv     *csv.Reader
	columns map[string]int
	row     []string
}

// New reads the first line, which names the columns. It fails if one of the required columns is missing.
func New(r io.Reader, required ...string) (*Table, error) {
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
	for _, name := range required {
		if _, ok := t.columns[name]; !ok {
			return nil, fmt.Errorf("no column %q in the first line", name)
		}
	}
	return t, nil
}

// Each calls f for each row. The error that f gets reports a row with another number of fields than the first line.
func (t *Table) Each(f func(bad error) error) error {
	for {
		t.guard.left = maxRow
		row, err := t.csv.Read()
		if err == io.EOF {
			return nil
		}
		if err != nil && !errors.Is(err, csv.ErrFieldCount) {
			return err
		}
		t.row = row
		if err := f(err); err != nil {
			return err
		}
	}
}

// Line returns the number of the line that the row begins on.
func (t *Table) Line() int {
	line, _ := t.csv.FieldPos(0)
	return line
}

// Get returns the field of a column, or "" if there is no such column.
func (t *Table) Get(name string) string {
	if i, ok := t.columns[name]; ok && i < len(t.row) {
		return t.row[i]
	}
	return ""
}

// A guard fails if a row is too long.
type guard struct {
	r    io.Reader
	left int
}

func (g *guard) Read(p []byte) (int, error) {
	n, err := g.r.Read(p)
	if g.left -= n; g.left < 0 {
		return 0, fmt.Errorf("a row of more than %d bytes: %w", maxRow, limit.ErrExceeded)
	}
	return n, err
}
