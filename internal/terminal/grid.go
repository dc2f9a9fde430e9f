package terminal

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// A Grid is text in aligned columns.
type Grid struct {
	Columns []Column
	rows    [][]string // a row of one cell, in a grid of several columns, is a heading
	Indent  string
}

// A Column of a grid. If the grid is too wide, columns are cut to their minimum, those with the lowest shrink first. Columns with
// shrink 0 are cut only behind a cell that is longer than its column. If that is not enough, columns are left out, those with the highest drop first.
// Columns with drop 0 stay.
//
// A column is as wide as 19 of 20 of its cells, if there are many: a longer cell moves the rest of its line.
type Column struct {
	Title  string
	Right  bool // aligned to the right
	Shrink int
	Min    int
	Drop   int
	Color  func(text string) string
	Link   func(text string) (address string) // of a cell's text; nil for no links
}

// Add appends a row, and escapes its cells.
func (g *Grid) Add(cells ...string) {
	for i := range cells {
		cells[i] = Escape(cells[i])
	}
	g.rows = append(g.rows, cells)
}

// Write writes the grid in the width of the style. Empty columns are left out.
func (g *Grid) Write(w io.Writer, s Style) {
	widths := g.widths()
	if s.Width > 0 && !s.Tabs {
		g.fit(widths, s.Width)
	}
	titles := make([]string, len(g.Columns))
	for i, c := range g.Columns {
		titles[i] = c.Title
	}
	g.line(w, s, widths, titles, func(_ int, shown, _ string) string { return s.Dim(shown) })
	for _, row := range g.rows {
		if g.heading(row) {
			text := row[0]
			if s.Width > 0 {
				text = Cut(text, s.Width)
			}
			fmt.Fprintln(w, s.Bold(text))
			continue
		}
		g.line(w, s, widths, row, func(i int, shown, whole string) string {
			c := &g.Columns[i]
			if c.Color != nil {
				shown = c.Color(shown)
			}
			if c.Link != nil {
				shown = s.Link(shown, c.Link(whole))
			}
			return shown
		})
	}
}

// many is the number of rows from which on a few long cells do not make a column wide.
const many = 20

// widths returns the width of each column, 0 for an empty one.
func (g *Grid) widths() []int {
	widths := make([]int, len(g.Columns))
	for i, c := range g.Columns {
		var lengths []int
		for _, row := range g.rows {
			if !g.heading(row) {
				lengths = append(lengths, utf8.RuneCountInString(row[i]))
			}
		}
		if len(lengths) == 0 {
			continue
		}
		slices.Sort(lengths)
		widths[i] = lengths[len(lengths)-1]
		if len(lengths) > many {
			widths[i] = max(lengths[len(lengths)*19/20], min(widths[i], 1))
		}
		if widths[i] > 0 {
			widths[i] = max(widths[i], utf8.RuneCountInString(c.Title))
		}
	}
	return widths
}

func (g *Grid) heading(row []string) bool { return len(row) == 1 && len(g.Columns) > 1 }

// fit reduces widths until the grid fits, or nothing is left to cut.
func (g *Grid) fit(widths []int, width int) {
	natural := slices.Clone(widths)
	for {
		if g.shrink(widths, width) {
			return
		}
		drop := -1
		for i, c := range g.Columns {
			if natural[i] > 0 && c.Drop > 0 && (drop < 0 || c.Drop > g.Columns[drop].Drop) {
				drop = i
			}
		}
		if drop < 0 {
			return
		}
		natural[drop] = 0
		copy(widths, natural)
	}
}

// shrink cuts columns, and reports whether the grid fits then.
func (g *Grid) shrink(widths []int, width int) bool {
	total := len(g.Indent) - 2
	for _, n := range widths {
		if n > 0 {
			total += n + 2
		}
	}
	order := make([]int, 0, len(widths))
	for i, c := range g.Columns {
		if c.Shrink > 0 && widths[i] > 0 {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return g.Columns[a].Shrink - g.Columns[b].Shrink })
	for _, i := range order {
		cut := min(total-width, widths[i]-max(g.Columns[i].Min, utf8.RuneCountInString(g.Columns[i].Title)))
		if cut > 0 {
			widths[i] -= cut
			total -= cut
		}
	}
	return total <= width
}

func (g *Grid) line(w io.Writer, s Style, widths []int, cells []string, dress func(column int, shown, whole string) string) {
	var b strings.Builder
	b.WriteString(g.Indent)
	used, want := len(g.Indent), len(g.Indent) // characters of the line, and where the next column begins
	first, moved := true, false                // by a cell that is longer than its column
	for i, cell := range cells {
		if widths[i] == 0 {
			continue
		}
		if s.Tabs {
			if !first {
				b.WriteByte('\t')
			}
			first = false
			b.WriteString(dress(i, cell, cell))
			continue
		}
		shown := cell
		if g.Columns[i].Shrink > 0 && s.Width > 0 {
			shown = Cut(shown, widths[i])
		}
		n := utf8.RuneCountInString(shown)
		at := want
		if g.Columns[i].Right {
			at += max(0, widths[i]-n)
		}
		if want += widths[i] + 2; n == 0 {
			continue
		}
		if used > len(g.Indent) && at < used+2 {
			at, moved = used+2, true
		}
		if room := s.Width - at; s.Width > 0 && n > room && moved {
			if room < 1 {
				break
			}
			shown = Cut(shown, room)
			n = utf8.RuneCountInString(shown)
		}
		b.WriteString(strings.Repeat(" ", at-used))
		b.WriteString(dress(i, shown, cell))
		used = at + n
	}
	fmt.Fprintln(w, strings.TrimRight(b.String(), "\t"))
}

// Cut shortens text to n characters with an ellipsis at the end.
func Cut(text string, n int) string {
	if utf8.RuneCountInString(text) <= n {
		return text
	}
	return string([]rune(text)[:n-1]) + "…"
}

// Empty reports whether the grid has no rows.
func (g *Grid) Empty() bool { return len(g.rows) == 0 }
