package table

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/hullmark/hullmark/internal/terminal"
	"github.com/hullmark/hullmark/matcher"
)

// A grid is text in aligned columns.
type grid struct {
	columns []column
	rows    [][]string // a row of one cell, in a grid of several columns, is a heading
	indent  string
}

// A column of a grid. If the grid is too wide, columns are cut to their minimum, those with the lowest shrink first. Columns with
// shrink 0 are never cut.
type column struct {
	title  string
	right  bool // aligned to the right
	shrink int
	min    int
	color  func(text string) string
}

// add appends a row, and escapes its cells.
func (g *grid) add(cells ...string) {
	for i := range cells {
		cells[i] = terminal.Escape(cells[i])
	}
	g.rows = append(g.rows, cells)
}

// write writes the grid in the width of the style. Empty columns are left out.
func (g *grid) write(w io.Writer, s style) {
	width := s.Width
	widths := make([]int, len(g.columns))
	for i, c := range g.columns {
		for _, row := range g.rows {
			if g.heading(row) {
				continue
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(row[i]))
		}
		if widths[i] > 0 {
			widths[i] = max(widths[i], utf8.RuneCountInString(c.title))
		}
	}
	if width > 0 {
		g.fit(widths, width)
	}
	titles := make([]string, len(g.columns))
	for i, c := range g.columns {
		titles[i] = c.title
	}
	g.line(w, widths, titles, func(_ int, text string) string { return s.dim(text) })
	for _, row := range g.rows {
		if g.heading(row) {
			text := row[0]
			if width > 0 {
				text = cut(text, width)
			}
			fmt.Fprintln(w, s.bold(text))
			continue
		}
		g.line(w, widths, row, func(i int, text string) string {
			if color := g.columns[i].color; color != nil {
				return color(text)
			}
			return text
		})
	}
}

func (g *grid) heading(row []string) bool { return len(row) == 1 && len(g.columns) > 1 }

// fit reduces widths until the grid fits, or nothing is left to cut.
func (g *grid) fit(widths []int, width int) {
	total := len(g.indent) - 2
	for _, n := range widths {
		if n > 0 {
			total += n + 2
		}
	}
	order := make([]int, 0, len(widths))
	for i, c := range g.columns {
		if c.shrink > 0 {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return g.columns[a].shrink - g.columns[b].shrink })
	for _, i := range order {
		cut := min(total-width, widths[i]-max(g.columns[i].min, utf8.RuneCountInString(g.columns[i].title)))
		if cut > 0 {
			widths[i] -= cut
			total -= cut
		}
	}
}

func (g *grid) line(w io.Writer, widths []int, cells []string, color func(int, string) string) {
	var b strings.Builder
	blank := 0
	b.WriteString(g.indent)
	for i, cell := range cells {
		if widths[i] == 0 {
			continue
		}
		cell = cut(cell, widths[i])
		pad := widths[i] - utf8.RuneCountInString(cell)
		if g.columns[i].right {
			blank += pad
		}
		if cell != "" {
			b.WriteString(strings.Repeat(" ", blank))
			b.WriteString(color(i, cell))
			blank = 0
		}
		if !g.columns[i].right {
			blank += pad
		}
		blank += 2
	}
	fmt.Fprintln(w, b.String())
}

// cut shortens text to n characters, the last of which is an ellipsis.
func cut(text string, n int) string {
	if utf8.RuneCountInString(text) <= n {
		return text
	}
	return string([]rune(text)[:n-1]) + "…"
}

// A style applies Options to text.
type style Options

func (s style) sgr(code, text string) string {
	if !s.Color || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (s style) dim(text string) string   { return s.sgr("2", text) }
func (s style) bold(text string) string  { return s.sgr("1", text) }
func (s style) alarm(text string) string { return s.sgr("1;31", text) }

// threat colours vulnerabilities that are exploited.
func (s style) threat(text string) string {
	if strings.HasPrefix(text, "ransomware") || strings.HasPrefix(text, "exploited") {
		return s.alarm(text)
	}
	return text
}

// level colours the name of a severity.
func (s style) level(text string) string {
	var l matcher.Level
	if l.UnmarshalText([]byte(text)) != nil {
		return text
	}
	switch l {
	case matcher.Critical:
		return s.sgr("1;31", text)
	case matcher.High:
		return s.sgr("31", text)
	case matcher.Medium:
		return s.sgr("33", text)
	case matcher.Low:
		return s.sgr("36", text)
	}
	return s.dim(text)
}
