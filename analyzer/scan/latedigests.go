package scan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/attribute"
	"github.com/hullmark/hullmark/analyzer/internal/pattern"
	"github.com/hullmark/hullmark/analyzer/internal/walk"
	"github.com/hullmark/hullmark/internal/indirectsort"
)

// Late digests are those of files that links give a name for which an analyzer wants digests, while the name in the layer is another one. The
// second pass computes them. They are the Fact of the analyzer, packed as the attributes of a file without others.

// needDigests records the needs of visible files for late digests. A need that no directory of a package manager supports is left out, as
// Info.DigestsIf says, unless none has support.
func (r *replay) needDigests() {
	if r.digested == nil || r.limits.Passes < 2 {
		return
	}
	var needs []need
	var evident map[int]bool
	r.tree.root.files(func(f *file) {
		content := f.origin()
		if f.content == nil && f.raw == "" && r.aliases == nil || r.layers[content.layer].lazily {
			return
		}
		r.before = r.digested.Find(content.name(), r.before[:0])
		r.found = r.digested.Find(f.path, r.found[:0])
		if r.aliases != nil {
			for _, a := range r.aliases.find(f.path) {
				if of := &r.analyzers[a.analyzer]; of.lists && len(of.info.Digests) > 0 {
					r.found = append(r.found, a.analyzer)
				}
			}
		}
		r.found = slices.DeleteFunc(r.found, func(i int) bool { return slices.Contains(r.before, i) })
		if len(r.found) > 0 && evident == nil {
			evident = r.analyzersWithEvidence()
		}
		for _, i := range r.found {
			if len(evident) == 0 || len(r.analyzers[i].info.DigestsIf) == 0 || evident[i] {
				needs = append(needs, need{content.layer, content.entry, content.name(), i, content.name(), content})
			}
		}
	})
	indirectsort.Sort(needs, func(a, b *need) int {
		return cmp.Or(cmp.Compare(a.layer, b.layer), cmp.Compare(a.entry, b.entry), cmp.Compare(a.analyzer, b.analyzer))
	})
	r.needs = append(r.needs, slices.CompactFunc(needs, func(a, b need) bool { return a.layer == b.layer && a.equal(b) })...)
}

// analyzersWithEvidence returns the analyzers for whose digests the merged image has evidence.
func (r *replay) analyzersWithEvidence() map[int]bool {
	index := new(pattern.Index)
	for i := range r.analyzers {
		info := &r.analyzers[i].info
		_ = pattern.Compile(i, info.DigestsIf, nil, index, nil) // Validate did it, too
	}
	evident := make(map[int]bool)
	var found []int
	var find func(n *node, path string)
	find = func(n *node, path string) {
		for c := n.first; c != nil; c = c.next {
			p := join(path, c.name)
			found = index.Find(p, found[:0])
			for _, i := range found {
				evident[i] = true
			}
			find(c, p)
		}
	}
	find(&r.tree.root, ".")
	return evident
}

// files calls fn for every file at and below n, in no order.
func (n *node) files(fn func(*file)) {
	if n.file != nil {
		fn(n.file)
	}
	for c := n.first; c != nil; c = c.next {
		c.files(fn)
	}
}

// cutSums returns the jobs of analyzers that look at the file, and of those that want its digests.
func (c *collector) cutSums(jobs []job) (others, sums []job) {
	for _, j := range jobs {
		if c.analyzers[j.analyzer].lists {
			sums = append(sums, j)
		} else {
			others = append(others, j)
		}
	}
	return others, sums
}

// sumAgain computes late digests while read handles the content.
func (c *collector) sumAgain(jobs []job, e *walk.Entry, read func() error) error {
	if e.Sparse && e.Size > c.limits.FileSize { // a hole may have any size
		for _, j := range jobs {
			c.fail(j, analyzer.TooLarge, fmt.Sprintf("the digests of a sparse file: %s", tooLarge(e.Size, c.limits.FileSize)))
		}
		return read()
	}
	h := &c.hashing
	h.asked = h.asked[:0]
	for _, a := range attribute.Algorithms {
		if slices.ContainsFunc(jobs, func(j job) bool { return slices.Contains(c.analyzers[j.analyzer].info.Digests, a.Name) }) {
			h.asked = append(h.asked, a.Name)
		}
	}
	if err := h.begin(e); err != nil {
		return err
	}
	content := e.Reader
	if err := read(); err != nil {
		return err
	}
	if content, ok := content.(*hashed); ok {
		if err := content.finish(); err != nil {
			return err
		}
	}
	c.countHashed(h.asked, e.Size)
	sums := h.sums()
	for _, j := range jobs {
		var own []attribute.Digest
		for _, d := range sums {
			if slices.Contains(c.analyzers[j.analyzer].info.Digests, d.Algorithm) {
				own = append(own, d)
			}
		}
		c.add(j, fileResult{Result: analyzer.Result{Fact: attribute.Append(nil, &attribute.Set{Digests: own}, 0)}})
	}
	return nil
}

// addLate adds the late digests of a file to the listed one.
func (l *lister) addLate(f *file) {
	if f == nil {
		return
	}
	results := f.origin().results
	for k := range results {
		a := &results[k]
		if !l.analyzers[a.analyzer].lists || len(a.Fact) == 0 {
			continue
		}
		r := attribute.Reader{Rest: string(a.Fact)}
		r.Set(&l.last, 0)
		for _, d := range l.last.Digests {
			if l.file.Digest(d.Algorithm) == "" {
				l.file.Digests = append(l.file.Digests, analyzer.Digest(d))
			}
		}
	}
	slices.SortFunc(l.file.Digests, func(a, b analyzer.Digest) int { // md5, sha1, sha256, sha512
		if len(a.Sum) != len(b.Sum) {
			return len(a.Sum) - len(b.Sum)
		}
		return strings.Compare(a.Algorithm, b.Algorithm)
	})
}
