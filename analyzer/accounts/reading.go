package accounts

import (
	"fmt"
	"iter"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/diagnostic"
)

const (
	maxLine    = 64 << 10 // bytes of a line, continuation lines included
	maxRecords = 1 << 14  // records of a file, and findings
	maxBytes   = 16 << 20 // bytes of all records of a file: each command of a rule repeats its users
	maxText    = 200      // bytes of a text within the title of a finding
)

// A reading is the state of reading one file, and its result.
type reading struct {
	result analyzer.Result
	bad    diagnostic.List
	path   string         // of the file
	keys   map[string]int // number of records by kind and key
	size   int            // bytes of all records
	cut    bool           // the file has too many records
}

// full reports whether the file has as many records as a reading holds. The first such answer adds a diagnostic.
func (r *reading) full(line int) bool {
	if len(r.result.Records) < maxRecords && r.size < maxBytes {
		return false
	}
	if !r.cut {
		r.bad.Line(line, "more than %d records, or %d bytes of them: the rest was not read: %w", maxRecords, maxBytes, analyzer.ErrTooLarge)
	}
	r.cut = true
	return true
}

// record adds a record. Fields are pairs of name and value; those with an empty value are left out. A key that the file has twice
// gets a number.
func (r *reading) record(kind, key string, line int, pairs ...string) {
	fields := make(map[string]string, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			fields[pairs[i]] = clean(pairs[i+1])
			r.size += len(pairs[i+1])
		}
	}
	key = clean(key)
	r.size += len(key)
	if r.keys == nil {
		r.keys = make(map[string]int)
	}
	id := kind + "\x00" + key
	r.keys[id]++
	if n := r.keys[id]; n > 1 {
		key = fmt.Sprintf("%s #%d", key, n)
	}
	r.result.Records = append(r.result.Records, analyzer.Record{Kind: kind, Key: key, Line: line, Fields: fields})
}

func (r *reading) finding(rule, severity string, line int, title, detail string) {
	r.result.Findings = append(r.result.Findings, analyzer.Finding{
		Rule: rule, Title: clean(title), Detail: clean(detail), Severity: severity, Line: line,
	})
}

// clean returns a copy of a text, so that a record does not keep the whole file in memory.
func clean(s string) string { return strings.ToValidUTF8(strings.Clone(s), "\uFFFD") }

// short cuts a text of the file for the title of a finding.
func short(s string) string {
	if len(s) > maxText {
		return s[:maxText] + "..."
	}
	return s
}

// lines returns the lines of a text with their numbers. It reports those that are too long.
func (r *reading) lines(text string) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		n := 0
		for line := range strings.Lines(text) {
			n++
			line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
			if len(line) > maxLine {
				r.bad.Line(n, "longer than %d bytes: %w", maxLine, analyzer.ErrTooLarge)
				continue
			}
			if !yield(n, line) {
				return
			}
		}
	}
}
