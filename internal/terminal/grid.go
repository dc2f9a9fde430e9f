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
// shrink 0 are never cut.
type Column struct {
	Title  string
	Right  bool // aligned to the right
	Shrink int
	Min    int
	Color  func(text string) string
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
	width := s.Width
	widths := make([]int, len(g.Columns))
	for i, c := range g.Columns {
		for _, row := range g.rows {
			if g.heading(row) {
				continue
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(row[i]))
		}
		if widths[i] > 0 {
			widths[i] = max(widths[i], utf8.RuneCountInString(c.Title))
		}
	}
	if width > 0 {
		g.fit(widths, width)
	}
	titles := make([]string, len(g.Columns))
	for i, c := range g.Columns {
		titles[i] = c.Title
	}
	g.line(w, widths, titles, func(_ int, text string) string { return s.Dim(text) })
	for _, row := range g.rows {
		if g.heading(row) {
			text := row[0]
			if width > 0 {
				text = Cut(text, width)
			}
			fmt.Fprintln(w, s.Bold(text))
			continue
		}
		g.line(w, widths, row, func(i int, text string) string {
			if color := g.Columns[i].Color; color != nil {
				return color(text)
			}
			return text
		})
	}
}

func (g *Grid) heading(row []string) bool { return len(row) == 1 && len(g.Columns) > 1 }

// fit reduces widths until the grid fits, or nothing is left to cut.
func (g *Grid) fit(widths []int, width int) {
	total := len(g.Indent) - 2
	for _, n := range widths {
		if n > 0 {
			total += n + 2
		}
	}
	order := make([]int, 0, len(widths))
	for i, c := range g.Columns {
		if c.Shrink > 0 {
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
}

func (g *Grid) line(w io.Writer, widths []int, cells []string, color func(int, string) string) {
	var b strings.Builder
	blank := 0
	b.WriteString(g.Indent)
	for i, cell := range cells {
		if widths[i] == 0 {
			continue
		}
		cell = Cut(cell, widths[i])
		pad := widths[i] - utf8.RuneCountInString(cell)
		if g.Columns[i].Right {
			blank += pad
		}
		if cell != "" {
			b.WriteString(strings.Repeat(" ", blank))
			b.WriteString(color(i, cell))
			blank = 0
		}
		if !g.Columns[i].Right {
			blank += pad
		}
		blank += 2
	}
	fmt.Fprintln(w, b.String())
}

// Cut shortens text to n characters, the last of which is an ellipsis.
func Cut(text string, n int) string {
	if utf8.RuneCountInString(text) <= n {
		return text
	}
	return string([]rune(text)[:n-1]) + "…"
}

// Empty reports whether the grid has no rows.
func (g *Grid) Empty() bool { return len(g.rows) == 0 }
