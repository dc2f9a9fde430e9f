package osv

import (
	"errors"
	"fmt"
	"io"

	"go.yaml.in/yaml/v3"
)

// maxDepth bounds how deep YAML may nest; a record needs eight levels.
const maxDepth = 64

// yaml reads YAML documents. Each is a record, or a list of them. A document has one syntax tree in memory, and what it
// makes is no larger: records that need anchors and aliases are refused, since aliases make bombs.
func (p *parser) yaml(r io.Reader) error {
	dec := yaml.NewDecoder(r)
	for {
		var n yaml.Node
		if err := dec.Decode(&n); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		p.guard.left = maxRecord
		if err := checkNode(&n, 0); err != nil {
			return err
		}
		records := n.Content
		if len(records) == 1 && records[0].Kind == yaml.SequenceNode {
			records = records[0].Content
		}
		for _, n := range records {
			var r record
			if err := p.record(&r, n.Decode(&r)); err != nil {
				return err
			}
		}
	}
}

func checkNode(n *yaml.Node, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("line %d: nested more than %d deep", n.Line, maxDepth)
	}
	if n.Kind == yaml.AliasNode {
		return fmt.Errorf("line %d: %w", n.Line, errors.New("aliases are not supported"))
	}
	for _, c := range n.Content {
		if err := checkNode(c, depth+1); err != nil {
			return err
		}
	}
	return nil
}
