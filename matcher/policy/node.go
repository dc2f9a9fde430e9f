package policy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxErrors is the most errors for a document.
const maxErrors = 200

// A loader reads a document and collects its errors.
type loader struct {
	doc  *Document
	envs *environments
	errs faults
}

func (l *loader) failAt(line int, format string, args ...any) {
	if len(l.errs) < maxErrors {
		l.errs = append(l.errs, &Error{l.doc.Name, line, fmt.Sprintf(format, args...)})
	}
}

// note adds a remark that is no error.
func (l *loader) note(line int, format string, args ...any) {
	if len(l.doc.Notes) < maxErrors {
		l.doc.Notes = append(l.doc.Notes, &Error{l.doc.Name, line, fmt.Sprintf(format, args...)})
	}
}

func (l *loader) fail(n *yaml.Node, format string, args ...any) { l.failAt(n.Line, format, args...) }

// root parses the text and returns its one document, or nil.
func (l *loader) root(text []byte) *yaml.Node {
	d := yaml.NewDecoder(bytes.NewReader(text))
	var doc, more yaml.Node
	if err := d.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			l.failAt(0, "empty")
			return nil
		}
		l.yamlError(err)
		return nil
	}
	if err := d.Decode(&more); err == nil {
		l.fail(&more, "a second document; a file has one")
	} else if !errors.Is(err, io.EOF) {
		l.yamlError(err)
	}
	if len(doc.Content) != 1 {
		l.failAt(0, "empty")
		return nil
	}
	return doc.Content[0]
}

// yamlError finds the line in the text of an error of the YAML library.
func (l *loader) yamlError(err error) {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	if m := regexp.MustCompile(`^line (\d+): `).FindStringSubmatch(text); m != nil {
		line, _ := strconv.Atoi(m[1])
		l.failAt(line, "not YAML: %s", text[len(m[0]):])
		return
	}
	l.failAt(0, "not YAML: %s", text)
}

// A table is a mapping node: its values by their keys.
type table struct {
	*yaml.Node
	l      *loader
	what   string
	values map[string]*yaml.Node
}

// table reads a mapping with some of the keys and no others.
func (l *loader) table(n *yaml.Node, what string, keys ...string) (table, bool) {
	t := table{n, l, what, make(map[string]*yaml.Node)}
	if n.Kind != yaml.MappingNode {
		l.fail(n, "%s must be a mapping with %s, not %s", what, strings.Join(keys, ", "), kindOf(n))
		return t, false
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		switch {
		case k.Kind != yaml.ScalarNode || !slices.Contains(keys, k.Value):
			l.fail(k, "%s has no key %q; it has %s%s", what, k.Value, strings.Join(keys, ", "), didYouMean(k.Value, keys))
		case t.values[k.Value] != nil:
			l.fail(k, "%s has %q twice", what, k.Value)
		default:
			t.values[k.Value] = v
		}
	}
	return t, true
}

// need returns a value, and reports an error if it is missing.
func (t table) need(key string) *yaml.Node {
	v := t.values[key]
	if v == nil {
		t.l.fail(t.Node, "%s has no %q", t.what, key)
	}
	return v
}

// text returns a text, or "" if it is missing; need reports that.
func (t table) text(key string, need bool) string {
	v := t.values[key]
	if v == nil {
		if need {
			t.need(key)
		}
		return ""
	}
	if v.Kind != yaml.ScalarNode || v.Tag == "!!null" {
		t.l.fail(v, "%q of %s must be a text, not %s", key, t.what, kindOf(v))
		return ""
	}
	if need && strings.TrimSpace(v.Value) == "" {
		t.l.fail(v, "%q of %s is empty", key, t.what)
	}
	return v.Value
}

// list returns the elements of a list, or nil.
func (t table) list(key string) []*yaml.Node {
	v := t.values[key]
	if v == nil {
		return nil
	}
	if v.Kind != yaml.SequenceNode {
		t.l.fail(v, "%q of %s must be a list, not %s", key, t.what, kindOf(v))
		return nil
	}
	return v.Content
}

// line returns the line of a value, or else the line of the table.
func (t table) line(key string) int {
	if v := t.values[key]; v != nil {
		return v.Line
	}
	return t.Line
}

func kindOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias of YAML"
	}
	if n.Tag == "!!null" {
		return "nothing"
	}
	return "a text"
}
