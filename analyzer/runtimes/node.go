package runtimes

import (
	"fmt"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/lazyregexp"
)

var nodeNumber = lazyregexp.New(`(?m)^#define NODE_(MAJOR|MINOR|PATCH)_VERSION[ \t]+([0-9]{1,9})\b`)

// node reads the header that the archives and images of the Node.js project install below their prefix, such as /usr/local.
func node(f *analyzer.File) (*analyzer.Result, error) {
	text, err := f.Bytes()
	if err != nil {
		return nil, fmt.Errorf("runtimes: %w", err)
	}
	numbers := make(map[string]string)
	for _, m := range nodeNumber.FindAllSubmatch(text, -1) {
		numbers[string(m[1])] = string(m[2])
	}
	if len(numbers) != 3 {
		return nil, fmt.Errorf("runtimes: no version of Node.js")
	}
	v := numbers["MAJOR"] + "." + numbers["MINOR"] + "." + numbers["PATCH"]
	return one(analyzer.Package{
		Type: typeGeneric, Name: "node", Version: v, Vendor: "OpenJS Foundation",
		Qualifiers: map[string]string{"cpe": "cpe:2.3:a:nodejs:node.js:" + v + ":*:*:*:*:*:*:*"},
	}), nil
}
