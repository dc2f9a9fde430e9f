// Package yamldoc decodes YAML such that a document takes no more memory than a multiple of its length.
package yamldoc

import (
	"bytes"
	"fmt"
	"io"

	"go.yaml.in/yaml/v3"

	"github.com/hullmark/hullmark/db/feed"
)

// maxDepth bounds how deep YAML may nest; advisories need a handful of levels.
const maxDepth = 64

// maxDocument bounds a YAML document, whose tree takes many times the memory of its text.
const maxDocument = 4 << 20

// Decode decodes one YAML document. Anchors and aliases are refused, since aliases make bombs.
func Decode(r io.Reader, v any) error {
	text, err := io.ReadAll(io.LimitReader(r, maxDocument+1))
	if err != nil {
		return err
	}
	if len(text) > maxDocument {
		return fmt.Errorf("%w: a document of more than %d bytes", feed.ErrTooLarge, maxDocument)
	}
	var n yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(text))
	switch err := dec.Decode(&n); {
	case err == io.EOF:
		return io.ErrUnexpectedEOF
	case err != nil:
		return err
	}
	if err := check(&n, 0); err != nil {
		return err
	}
	return n.Decode(v)
}

func check(n *yaml.Node, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("line %d: nested more than %d deep", n.Line, maxDepth)
	}
	if n.Kind == yaml.AliasNode {
		return fmt.Errorf("line %d: aliases are not supported", n.Line)
	}
	for _, c := range n.Content {
		if err := check(c, depth+1); err != nil {
			return err
		}
	}
	return nil
}
