// Package yamldoc decodes YAML in memory that is proportional to the length of the documents.
package yamldoc

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/hullmark/hullmark/internal/limit"
)

const (
	maxStream = 4 << 20 // bytes of all documents together; their nodes take many times that memory
	maxDepth  = 64      // nodes in each other; advisories need a handful of levels
	maxNumber = 1000    // bytes of a number, as in package jsonstream
)

// Decode decodes the first document of a stream. It returns io.ErrUnexpectedEOF for an empty stream.
func Decode(r io.Reader, v any) error {
	n, err := open(r)()
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	if err != nil {
		return err
	}
	return n.Decode(v)
}

// Each calls f for each document of a stream.
func Each(r io.Reader, f func(document *yaml.Node) error) error {
	for next := open(r); ; {
		n, err := next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := f(n); err != nil {
			return err
		}
	}
}

// open returns a function that returns the next document. The error at the end is io.EOF.
func open(r io.Reader) func() (*yaml.Node, error) {
	text, err := io.ReadAll(limit.Reader(r, maxStream, "YAML"))
	dec := yaml.NewDecoder(bytes.NewReader(text))
	return func() (*yaml.Node, error) {
		if err != nil {
			return nil, err
		}
		n := new(yaml.Node)
		if err := dec.Decode(n); err != nil {
			return nil, err
		}
		return n, check(n, 0)
	}
}

// check refuses aliases, because with them a short document can expand to a huge one, and long numbers, which decode into strings, too.
func check(n *yaml.Node, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("line %d: more than %d nodes in each other: %w", n.Line, maxDepth, limit.ErrExceeded)
	}
	if n.Kind == yaml.AliasNode {
		return fmt.Errorf("line %d: aliases are not supported", n.Line)
	}
	if plain := n.Kind == yaml.ScalarNode && n.Style == 0; plain && len(n.Value) > maxNumber && strings.Trim(n.Value, "+-.0123456789eE_") == "" {
		return fmt.Errorf("line %d: a number of more than %d bytes: %w", n.Line, maxNumber, limit.ErrExceeded)
	}
	for _, c := range n.Content {
		if err := check(c, depth+1); err != nil {
			return err
		}
	}
	return nil
}
