package table

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/hullmark/hullmark/internal/plural"
	"github.com/hullmark/hullmark/internal/terminal"
	"github.com/hullmark/hullmark/matcher"
)

// WriteAdvisories writes advisories, a line each.
func WriteAdvisories(w io.Writer, list []matcher.Advisory, o Options) error {
	s := style{terminal.Style{Width: o.Width, Color: o.Color}}
	g := terminal.Grid{Columns: []terminal.Column{
		{Title: "ID"},
		{Title: "RELEASE"},
		{Title: "STATUS"},
		{Title: "AFFECTED", Min: 12, Shrink: 2},
		{Title: "SEVERITY", Color: s.level},
		{Title: "FEED"},
		{Title: "SUMMARY", Min: 10, Shrink: 1},
	}}
	for i := range list {
		a := &list[i]
		level := matcher.Unknown
		for _, s := range a.Severities {
			level = max(level, s.Level)
		}
		severity := ""
		if level != matcher.Unknown {
			severity = level.String()
		}
		g.Add(a.ID, a.Key.Release, a.Status.String(), affected(a), severity, a.Feed, cmp.Or(a.Summary, a.Reason))
	}
	b := bufio.NewWriter(w)
	g.Write(b, s.Style)
	if err := b.Flush(); err != nil {
		return fmt.Errorf("table: %w", err)
	}
	return nil
}

// affected returns the versions that an advisory is about: ">= 1.0 < 1.4, 3 versions".
func affected(a *matcher.Advisory) string {
	var parts []string
	for _, r := range a.Ranges {
		text := ""
		if r.Introduced != "" && r.Introduced != "0" {
			text = ">= " + r.Introduced + " "
		}
		switch {
		case r.Fixed != "":
			text += "< " + r.Fixed
		case r.LastAffected != "":
			text += "<= " + r.LastAffected
		}
		parts = append(parts, cmp.Or(strings.TrimSpace(text), "all"))
	}
	if n := len(a.Versions); n > 0 {
		parts = append(parts, plural.Count(n, "version"))
	}
	return strings.Join(parts, ", ")
}
