package npm

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/membudget"
	"github.com/hullmark/hullmark/internal/diagnostic"
)

// A yarnEntry is a block of a yarn.lock that resolves one or more descriptors, "name@range".
type yarnEntry struct {
	line       int
	descriptor string // the first
	fields     map[string]string
	depends    []string
}

// A yarnReader reads the yarn.lock of yarn 1 and of its successors ("berry"). Both use indented blocks: the descriptors of an
// entry at the margin, its fields below, and the lists of dependencies below the fields. Yarn 1 writes `key "value"`; berry
// writes `key: value`, a fixed form of YAML. One reader handles both.
type yarnReader struct {
	entry    *yarnEntry
	list     string // the field whose list is being read
	packages []analyzer.Package
	bad      diagnostic.List
	meter    *membudget.Meter
}

func parseYarn(text []byte, m *membudget.Meter) (*analyzer.Result, error) {
	r := yarnReader{meter: m}
	for number := 1; len(text) > 0; number++ {
		line, rest, _ := bytes.Cut(text, []byte{'\n'})
		text = rest
		if err := r.line(string(bytes.TrimRight(line, " \t\r")), number); err != nil {
			if m.Err() != nil {
				return result(r.packages, &r.bad, fmt.Sprintf("yarn.lock: line %d", number), err)
			}
			r.bad.Line(number, "%w", err)
		}
	}
	return result(r.packages, &r.bad, "yarn.lock", r.finish())
}

func (r *yarnReader) line(line string, number int) error {
	content := strings.TrimLeft(line, " ")
	indent := len(line) - len(content)
	switch {
	case content == "" || content[0] == '#' || content == ":":
		return nil
	case indent == 0:
		if err := r.finish(); err != nil {
			return err
		}
		content = strings.TrimPrefix(content, "? ") // begins a long key in YAML
		descriptor, rest, err := yarnToken(content)
		if err == nil && rest == "" && descriptor == content {
			err = errors.New("not an entry")
		}
		if err != nil {
			return fmt.Errorf("%w: %.100q", err, content)
		}
		r.entry = &yarnEntry{line: number, descriptor: descriptor, fields: make(map[string]string)}
		return nil
	case r.entry == nil:
		return nil // below an entry that could not be parsed
	}
	key, rest, err := yarnToken(content)
	if err != nil {
		return err
	}
	value := strings.TrimSpace(strings.TrimPrefix(rest, ":"))
	if strings.HasPrefix(value, `"`) {
		if value, _, err = yarnToken(value); err != nil {
			return err
		}
	}
	switch {
	case indent == 2:
		r.list = key
		if value != "" {
			r.entry.fields[key] = value
		}
	case indent == 4 && (r.list == "dependencies" || r.list == "optionalDependencies"):
		if target := aliased(key, value); validName(target) {
			if err := r.meter.List(1, len(target)); err != nil {
				return err
			}
			r.entry.depends = append(r.entry.depends, strings.Clone(target))
		}
	}
	return nil
}

// yarnToken reads a word or a quoted string and returns it with the rest of s.
func yarnToken(s string) (token, rest string, err error) {
	if !strings.HasPrefix(s, `"`) {
		end := strings.IndexAny(s, ": ,")
		for end > 0 && s[end] == ':' && end+1 < len(s) && s[end+1] != ' ' {
			next := strings.IndexAny(s[end+1:], ": ,") // a colon within a descriptor: "name@npm:^1"
			if next < 0 {
				return s, "", nil
			}
			end += 1 + next
		}
		if end < 0 {
			return s, "", nil
		}
		return s[:end], s[end:], nil
	}
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			if err := json.Unmarshal([]byte(s[:i+1]), &token); err != nil {
				return "", "", errors.New("invalid escape in a string")
			}
			return token, s[i+1:], nil
		}
	}
	return "", "", errors.New("unterminated string")
}

// finish appends the package of the current entry. It returns an error only if the meter has no room.
func (r *yarnReader) finish() error {
	e := r.entry
	if r.entry, r.list = nil, ""; e == nil || e.descriptor == "__metadata" {
		return nil
	}
	name, version, source, ok := e.locate()
	if !ok {
		return nil
	}
	p, err := newDeclared(name, version, source)
	if err != nil {
		r.bad.Line(e.line, "%w", err)
		return nil
	}
	p.Depends = sortedSet(e.depends)
	setIntegrity(&p, e.fields["integrity"])
	if tarball, sum, ok := strings.Cut(e.fields["resolved"], "#"); ok && !isGit(tarball) {
		setHexHash(&p, "sha1", sum)
	}
	r.packages, err = r.meter.Append(r.packages, p)
	return err
}

// locate returns the name, version and source that the entry resolves to, or false for a directory of the application.
//
// The "checksum" of berry is not usable: it is of the archive in yarn's cache, not of the downloaded archive.
func (e *yarnEntry) locate() (name, version, source string, ok bool) {
	resolution := e.fields["resolution"]
	berry := resolution != ""
	if !berry {
		// Further descriptors, separated by commas outside of quotes, resolve to the same package.
		resolution = e.descriptor
	}
	name, reference, _ := splitSpec(resolution)
	version, source = e.fields["version"], e.fields["resolved"]
	if isLocal(reference) {
		return "", "", "", false
	}
	switch protocol, _, _ := strings.Cut(reference, ":"); protocol {
	case "npm":
		if !berry {
			name = aliased(name, reference)
		}
		if _, query, ok := strings.Cut(reference, "::"); berry && ok {
			if values, err := url.ParseQuery(query); err == nil {
				source = values.Get("__archiveUrl")
			}
		}
	case "patch": // the patched package has its own entry
	default:
		if berry {
			source = reference
		}
	}
	return name, version, source, true
}
