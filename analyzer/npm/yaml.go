package npm

import (
	"bytes"
	"fmt"
	"iter"
	"strings"

	"go.yaml.in/yaml/v3"
)

// yamlMembers yields the members of a mapping in order, and nothing for other nodes. It does not follow aliases, which lock
// files don't use.
func yamlMembers(n *yaml.Node) iter.Seq2[string, *yaml.Node] {
	return func(yield func(string, *yaml.Node) bool) {
		if n.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			if !yield(n.Content[i].Value, n.Content[i+1]) {
				return
			}
		}
	}
}

// A yamlEntry is the text of one member of a section. A section is a member at the top of a YAML document.
type yamlEntry struct {
	section string
	line    int // counted from 1
	text    []byte
	err     error // set if the line belongs to no section
}

// isMarker reports whether a line without a colon begins or ends a document, or is an element of a list.
func isMarker(line []byte) bool {
	return line[0] == '-' || bytes.Equal(line, []byte("..."))
}

// yamlEntries splits YAML documents in pnpm's block style into entries.
func yamlEntries(text []byte) iter.Seq[yamlEntry] {
	return func(yield func(yamlEntry) bool) {
		section, current, entryIndent := "", yamlEntry{}, 0
		start, at := 0, 0
		flush := func() bool {
			if current.line == 0 {
				return true
			}
			current.text = text[start:at]
			e := current
			current = yamlEntry{}
			return yield(e)
		}
		for number := 1; at < len(text); number++ {
			end := at + bytes.IndexByte(text[at:], '\n') + 1
			if end == at {
				end = len(text)
			}
			line := bytes.TrimRight(text[at:end], " \t\r\n")
			content := bytes.TrimLeft(line, " ")
			indent := len(line) - len(content)
			switch {
			case len(content) == 0 || content[0] == '#':
			case indent == 0:
				if !flush() {
					return
				}
				section, entryIndent = "", 0
				key, _, ok := strings.Cut(string(content[:min(len(content), 200)]), ":")
				if ok {
					section = strings.Trim(key, `'"`)
				} else if !isMarker(content) && !yield(yamlEntry{line: number, err: fmt.Errorf("not a section: %.100q", content)}) {
					return
				}
			case entryIndent == 0 || indent <= entryIndent:
				if !flush() {
					return
				}
				entryIndent, start = indent, at
				current = yamlEntry{section: section, line: number}
			}
			at = end
		}
		flush()
	}
}
