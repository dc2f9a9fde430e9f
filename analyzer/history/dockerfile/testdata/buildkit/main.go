// Command buildkit prints what BuildKit's parser reads in Dockerfiles, as JSON. It is a module of its own, so that Hullmark does not depend
// on BuildKit.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

type document struct{ Name, Content string }

type instruction struct {
	Kind      string
	Flags     []string
	Line, End int
	JSON      bool
	Values    []string
	Documents []document
}

func main() {
	var texts []string
	if err := json.NewDecoder(os.Stdin).Decode(&texts); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	var all []any
	for _, text := range texts {
		r, err := parser.Parse(strings.NewReader(text))
		if err != nil {
			all = append(all, err.Error())
			continue
		}
		list := []instruction{}
		for _, n := range r.AST.Children {
			in := instruction{Kind: strings.ToUpper(n.Value), Flags: n.Flags, Line: n.StartLine, End: n.EndLine, JSON: n.Attributes["json"]}
			for v := n.Next; v != nil; v = v.Next {
				in.Values = append(in.Values, v.Value)
			}
			for _, h := range n.Heredocs {
				in.Documents = append(in.Documents, document{h.Name, h.Content})
			}
			list = append(list, in)
		}
		all = append(all, list)
	}
	if err := json.NewEncoder(os.Stdout).Encode(all); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
