package diff

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/internal/terminal"
)

// Options say how text looks. The zero value is without colours, and lines may be of any length.
type Options struct {
	Width int  // in characters; 0 is unlimited
	Color bool // with ANSI escape sequences
}

// Write writes a Diff as text for a person at a terminal. It escapes text from the reports.
func Write(w io.Writer, d *Diff, o Options) error {
	b := bufio.NewWriter(w)
	if d.Distro != nil {
		fmt.Fprintf(b, "distribution: %s, was %s\n\n", terminal.Escape(cmp.Or(d.Distro.To, "none")), terminal.Escape(cmp.Or(d.Distro.From, "none")))
	}
	if g := d.grid(); !g.Empty() {
		g.Write(b, terminal.Style{Width: o.Width, Color: o.Color})
		fmt.Fprintln(b)
	}
	fmt.Fprintf(b, "%d added, %d removed, %d with another version, %d with other licences, %d the same\n",
		len(d.Added), len(d.Removed), len(d.Changed), len(d.Licenses), d.Same)
	if err := b.Flush(); err != nil {
		return fmt.Errorf("diff: %w", err)
	}
	return nil
}

// grid returns a row for each difference between packages.
func (d *Diff) grid() *terminal.Grid {
	g := &terminal.Grid{Columns: []terminal.Column{
		{Title: "CHANGE"},
		{Title: "TYPE"},
		{Title: "NAME", Shrink: 1, Min: 12},
		{Title: "BEFORE", Shrink: 2, Min: 10},
		{Title: "AFTER", Shrink: 2, Min: 10},
	}}
	for i := range d.Added {
		p := &d.Added[i]
		g.Add("added", p.Type, p.label(), "", p.Version)
	}
	for i := range d.Removed {
		p := &d.Removed[i]
		g.Add("removed", p.Type, p.label(), p.Version, "")
	}
	for i := range d.Changed {
		c := &d.Changed[i]
		g.Add(cmp.Or(c.Direction, "changed"), c.To.Type, c.To.label(), c.From.Version, c.To.Version)
	}
	for i := range d.Licenses {
		l := &d.Licenses[i]
		g.Add("licence", l.Type, l.label(), without(l.From, l.To), without(l.To, l.From))
	}
	return g
}

// label returns the full name, with the architecture if there is one: "libc6:amd64".
func (p *Item) label() string {
	if p.Arch == "" {
		return p.fullName()
	}
	return p.fullName() + ":" + p.Arch
}

// without lists the members of list that other lacks.
func without(list, other []string) string {
	rest := slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(other, s) })
	return strings.Join(rest, ", ")
}
