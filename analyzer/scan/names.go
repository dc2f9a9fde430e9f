package scan

import (
	"slices"

	"github.com/hullmark/hullmark/internal/executable"
)

// A names keeps the tables of names in a program that streams by. They lie in constants, which a scan skips otherwise. A nil names keeps
// nothing.
type names struct {
	*executable.NameFinder
	parts *parts
	code  []executable.Span
	first int64 // keep bytes from here on, of those that find saw last
	until int64 // keep all bytes before
}

func newNames(p *parts, head []byte) *names {
	return &names{NameFinder: executable.NewNameFinder(head, p.size), parts: p, code: executable.Code(head, p.size)}
}

// next returns the first offset from an offset on at which a table may be, at most end.
func (n *names) next(at, end int64) int64 {
	switch {
	case n == nil:
		return end
	case at < n.until:
		return at
	case n.Starts != nil:
		i, _ := slices.BinarySearch(n.Starts, at-executable.NameHeader+1) // a header may have begun
		if i == len(n.Starts) {
			return end
		}
		return min(max(n.Starts[i], at), end)
	}
	for _, s := range n.code {
		if s.Start <= at && at < s.End {
			at = s.End
		}
	}
	return min(at, end)
}

// end returns the first offset after an offset at which no table may be, at most end.
func (n *names) end(at, end int64) int64 {
	if at >= n.until && n.Starts != nil {
		return min(at+executable.NameHeader, end)
	}
	for _, s := range n.code {
		if at < s.Start {
			end = min(end, s.Start)
		}
	}
	return end
}

// find looks for tables in bytes of a program. Those from an offset on are new. The bytes begin before, at an offset start, so that they have all
// of a header.
func (n *names) find(b []byte, start, from int64) {
	if n == nil {
		return
	}
	n.first = from
	n.Find(b, start, func(t executable.NameTable) {
		p := n.parts
		if t.Start+executable.NameHeader <= from || t.Start < searchHead || len(p.names) > executable.MaxTables {
			return // found before
		}
		if p.names = append(p.names, t); len(p.names) <= executable.MaxTables {
			n.first, n.until = min(n.first, t.Start), max(n.until, t.Names.End)
		}
	})
}

// wants reports whether the bytes from an offset on belong to a table.
func (n *names) wants(from int64) bool { return n != nil && from < n.until }

// keep keeps the bytes that find saw last and that belong to a table.
func (n *names) keep(b []byte, start int64) {
	first := max(n.first, n.parts.end())
	n.parts.keep(first, b[first-start:])
	last := &n.parts.spans[len(n.parts.spans)-1]
	last.data = slices.Grow(last.data, int(max(n.until-n.parts.end(), 0)))
}
