package table

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/hullmark/hullmark/internal/english"
	"github.com/hullmark/hullmark/internal/terminal"
	"github.com/hullmark/hullmark/matcher"
)

// WriteAdvisories writes advisories, a line each. It names their packages if they differ, and writes nothing for an empty list.
func WriteAdvisories(w io.Writer, list []matcher.Advisory, o Options) error {
	if len(list) == 0 {
		return nil
	}
	s := style{terminal.Style{Width: o.Width, Color: o.Color}}
	one := true
	for i := range list {
		one = one && list[i].Key.Name == list[0].Key.Name && list[i].Key.Ecosystem().Type == list[0].Key.Ecosystem().Type
	}
	g := terminal.Grid{Columns: []terminal.Column{
		{Title: "ID"},
		{Title: "PACKAGE"},
		{Title: "RELEASE"},
		{Title: "STATUS"},
		{Title: "FIXED BY", Min: 8, Shrink: 1},
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
		name, status := "", a.Status.Text()
		if !one {
			name = a.Key.Type + " " + qualified(a.Key)
		}
		if a.Kind != matcher.Vulnerability {
			status = a.Kind.String()
		}
		g.Add(a.ID, name, a.Key.Release, status, strings.Join(a.Updates, ", "), affected(a), severity, a.Feed, cmp.Or(a.Summary, a.Reason))
	}
	b := bufio.NewWriter(w)
	g.Write(b, s.Style)
	if err := b.Flush(); err != nil {
		return fmt.Errorf("table: %w", err)
	}
	return nil
}

// WriteEnrichments writes enrichments by identifier, a line each, and nothing for an empty map.
func WriteEnrichments(w io.Writer, all map[string]matcher.Enrichment, o Options) error {
	if len(all) == 0 {
		return nil
	}
	g := terminal.Grid{Columns: []terminal.Column{
		{Title: "ID"}, {Title: "EXPLOITED"}, {Title: "EXPLOITS", Min: 10, Shrink: 1}, {Title: "ALSO KNOWN AS", Min: 10, Shrink: 1},
		{Title: "TITLE", Min: 10, Shrink: 2},
	}}
	for _, id := range slices.Sorted(maps.Keys(all)) {
		e, since := all[id], ""
		if !e.Exploited.IsZero() {
			since = "since " + e.Exploited.Format(time.DateOnly)
		}
		g.Add(id, since, strings.Join(e.Exploits, ", "), strings.Join(e.Aliases, ", "), e.Title)
	}
	b := bufio.NewWriter(w)
	g.Write(b, style{terminal.Style{Width: o.Width, Color: o.Color}}.Style)
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
		parts = append(parts, english.Count(n, "version"))
	}
	return strings.Join(parts, ", ")
}
