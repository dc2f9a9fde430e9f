package anchore

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"sort"
	"strings"
)

const (
	maxBytes = 16 << 20  // size of a bundle
	maxNodes = 1_000_000 // values in a bundle
	maxDepth = 32        // lists and objects within each other
)

// A kind is a kind of JSON value, as errors call it.
type kind string

const (
	object  kind = "an object"
	list    kind = "a list"
	text    kind = "a text"
	number  kind = "a number"
	boolean kind = "true or false"
	null    kind = "null"
)

// A node is a JSON value and its line.
type node struct {
	kind    kind
	text    string // the value of a text, a number, true and false
	line    int
	members []member
	list    []*node
}

type member struct {
	key  string
	line int
	*node
}

// get returns a member of an object, or nil.
func (n *node) get(key string) *node {
	i := slices.IndexFunc(n.members, func(m member) bool { return m.key == key })
	if i < 0 || n.members[i].kind == null {
		return nil
	}
	return n.members[i].node
}

// A parser makes nodes of a text.
type parser struct {
	*json.Decoder
	newlines []int
	nodes    int
}

// A lineError is an error at a line.
type lineError struct {
	line int
	text string
}

func (e *lineError) Error() string { return e.text }

// parse reads the only value of a text.
func parse(b []byte) (*node, error) {
	b = bytes.TrimPrefix(b, []byte("\ufeff"))
	p := &parser{Decoder: json.NewDecoder(bytes.NewReader(b))}
	for i, c := range b {
		if c == '\n' {
			p.newlines = append(p.newlines, i)
		}
	}
	p.UseNumber()
	n, err := p.value(0)
	if err == nil {
		if _, more := p.Token(); !errors.Is(more, io.EOF) {
			return nil, &lineError{p.line(), "text follows the JSON document"}
		}
		return n, nil
	}
	var at *lineError
	if errors.As(err, &at) {
		return nil, at
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, &lineError{p.line(), "not JSON: unexpected end of the document"}
	}
	return nil, &lineError{p.line(), "not JSON: " + strings.TrimPrefix(err.Error(), "json: ")}
}

// line returns the line of the last token.
func (p *parser) line() int {
	return 1 + sort.SearchInts(p.newlines, int(p.InputOffset())-1)
}

func (p *parser) value(depth int) (*node, error) {
	t, err := p.Token()
	if err != nil {
		return nil, err
	}
	n := &node{line: p.line()}
	if p.nodes++; p.nodes > maxNodes {
		return nil, &lineError{n.line, fmt.Sprintf("more than %d values", maxNodes)}
	}
	switch t := t.(type) {
	case string:
		n.kind, n.text = text, t
	case json.Number:
		n.kind, n.text = number, t.String()
	case bool:
		n.kind, n.text = boolean, fmt.Sprint(t)
	case nil:
		n.kind = null
	case json.Delim:
		if depth == maxDepth {
			return nil, &lineError{n.line, fmt.Sprintf("more than %d levels", maxDepth)}
		}
		if t == '[' {
			n.kind = list
			return n, p.elements(n, depth+1)
		}
		n.kind = object
		return n, p.membersOf(n, depth+1)
	}
	return n, nil
}

func (p *parser) elements(n *node, depth int) error {
	for p.More() {
		v, err := p.value(depth)
		if err != nil {
			return err
		}
		n.list = append(n.list, v)
	}
	_, err := p.Token()
	return err
}

func (p *parser) membersOf(n *node, depth int) error {
	seen := make(map[string]bool)
	for p.More() {
		key, err := p.Token()
		if err != nil {
			return err
		}
		name, line := key.(string), p.line()
		if seen[name] {
			return &lineError{line, fmt.Sprintf("an object has %.100q twice", name)}
		}
		seen[name] = true
		v, err := p.value(depth)
		if err != nil {
			return err
		}
		n.members = append(n.members, member{name, line, v})
	}
	_, err := p.Token()
	return err
}
