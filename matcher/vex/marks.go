package vex

import (
	"strings"
	"time"
)

// OpenVEX has no members for the author of a statement and the end of its validity. They are the last lines of status_notes.
const (
	markAuthor  = "Author: "
	markExpires = "Expires: "
	never       = "never" // for a statement without an end, if its own last line looks like one
)

type marks struct{ author, expires string }

// cutMarks separates the last lines of status_notes that give the author and the expiry.
func cutMarks(notes string) (string, marks) {
	var m marks
	rest, line := cutLastLine(notes)
	if value, ok := strings.CutPrefix(line, markExpires); ok {
		if m.expires = strings.TrimSpace(value); m.expires == never {
			m.expires = ""
		}
		notes = rest
		rest, line = cutLastLine(notes)
	}
	if value, ok := strings.CutPrefix(line, markAuthor); ok {
		m.author, notes = strings.TrimSpace(value), rest
	}
	return notes, m
}

func cutLastLine(s string) (rest, line string) {
	i := strings.LastIndexByte(s, '\n')
	return s[:max(i, 0)], s[i+1:]
}

// withMarks is the inverse of cutMarks.
func withMarks(notes, author string, expires time.Time) string {
	_, line := cutLastLine(notes)
	looks := strings.HasPrefix(line, markExpires) || author == "" && strings.HasPrefix(line, markAuthor)
	lines := notes
	add := func(line string) {
		if lines != "" {
			lines += "\n"
		}
		lines += line
	}
	if author != "" || looks {
		add(markAuthor + author)
	}
	switch {
	case !expires.IsZero():
		add(markExpires + expires.UTC().Format(time.RFC3339))
	case looks:
		add(markExpires + never)
	}
	return lines
}
