package verify

import (
	"fmt"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/membudget"
	"github.com/hullmark/hullmark/internal/diagnostic"
)

// Kinds of records, with their fields.
const (
	kindDiversion    = "diversion"     // key: path; "to", "package"
	kindStatOverride = "stat-override" // key: path; "user", "group", "mode"
	kindPathFilter   = "path-filter"   // key: pattern; "action": "exclude" or "include"
)

// maxRecords is the most records of a file. Debian's desktops have a few hundred diversions.
const maxRecords = 10_000

// mapSize is the memory of the fields of a record in bytes, without their texts.
const mapSize = 400

func addRecord(list []analyzer.Record, r analyzer.Record, m *membudget.Meter) ([]analyzer.Record, error) {
	if len(list) == maxRecords {
		return nil, fmt.Errorf("more than %d records: %w", maxRecords, analyzer.ErrTooLarge)
	}
	size := mapSize + len(r.Key)
	for _, v := range r.Fields {
		size += len(v)
	}
	if err := m.Bytes(int64(size)); err != nil {
		return nil, err
	}
	return append(list, r), nil
}

// parseDiversions reads the database of dpkg-divert(1). A diversion has three lines: the path, the path that other packages use
// instead, and the package for which the path is free, or ":" if an administrator made the diversion.
func parseDiversions(text []byte, bad *diagnostic.List, m *membudget.Meter) (list []analyzer.Record, err error) {
	lines, err := rows(text, m)
	if err != nil {
		return nil, err
	}
	for len(lines) > 0 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	for i := 0; i < len(lines); i += 3 {
		if len(lines)-i < 3 || !strings.HasPrefix(lines[i], "/") || !strings.HasPrefix(lines[i+1], "/") || lines[i+2] == "" {
			bad.Line(i+1, "not a diversion: %.80q", lines[i])
			break
		}
		fields := map[string]string{"to": relative(lines[i+1])}
		if lines[i+2] != ":" {
			fields["package"] = lines[i+2]
		}
		if list, err = addRecord(list, analyzer.Record{Kind: kindDiversion, Key: relative(lines[i]), Line: i + 1, Fields: fields}, m); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// parseOverrides reads the database of dpkg-statoverride(1). A line has the user, the group, the mode in octal, and the path.
func parseOverrides(text []byte, bad *diagnostic.List, m *membudget.Meter) (list []analyzer.Record, err error) {
	lines, err := rows(text, m)
	if err != nil {
		return nil, err
	}
	for i, row := range lines {
		if row == "" {
			continue
		}
		parts := strings.SplitN(row, " ", 4)
		if len(parts) < 4 || relative(parts[3]) == "" {
			bad.Line(i+1, "not a user, group, mode and path: %.80q", row)
			continue
		}
		fields := map[string]string{"user": parts[0], "group": parts[1], "mode": parts[2]}
		if list, err = addRecord(list, analyzer.Record{Kind: kindStatOverride, Key: relative(parts[3]), Line: i + 1, Fields: fields}, m); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// parseConfig reads the options path-exclude and path-include of dpkg.cfg(5). Images without documentation have them.
func parseConfig(text []byte, m *membudget.Meter) (list []analyzer.Record, err error) {
	lines, err := rows(text, m)
	if err != nil {
		return nil, err
	}
	for i, row := range lines {
		row = strings.TrimSpace(row)
		end := strings.IndexAny(row, "= \t")
		if end < 0 {
			continue
		}
		action, ok := strings.CutPrefix(strings.TrimLeft(row[:end], "-"), "path-")
		pattern := strings.Trim(strings.TrimLeft(row[end:], "= \t"), `"'`)
		if !ok || action != "exclude" && action != "include" || pattern == "" || len(pattern) > maxPattern {
			continue
		}
		fields := map[string]string{"action": action}
		if list, err = addRecord(list, analyzer.Record{Kind: kindPathFilter, Key: pattern, Line: i + 1, Fields: fields}, m); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// maxPattern is the length in bytes of the longest pattern that is kept.
const maxPattern = 1 << 10
