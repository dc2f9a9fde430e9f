package scan

import (
	"bytes"
	"cmp"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/content"
	"github.com/hullmark/hullmark/analyzer/internal/pattern"
	"github.com/hullmark/hullmark/analyzer/internal/walk"
)

// A waiting job runs at the end of the layer, because its file is analyzed together with siblings.
type waiting struct {
	job
	file heldFile
}

// A heldFile is a file whose content is kept until the layer ends.
type heldFile struct {
	path string
	mode fs.FileMode
	data []byte
}

func (f heldFile) open(account *content.Account, siblings ...*analyzer.File) *analyzer.File {
	return analyzer.NewFileAt(f.path, f.mode, content.Of(f.data, account), int64(len(f.data)), siblings...)
}

func (c *collector) isSibling(p string) bool {
	if c.siblings == nil {
		return c.siblingNames[p]
	}
	c.found = c.siblings.Find(p, c.found[:0])
	return len(c.found) > 0
}

// sibling returns the name in the layer of a sibling. If its name extends that of the file, as that of a database's log does, it follows the
// file to which a link leads: SQLite opens /opt/x-wal for a link to /opt/x.
func (j job) sibling(name string) string {
	if p, ok := j.siblings[name]; ok {
		return p
	}
	if suffix, ok := strings.CutPrefix(name, path.Base(j.name())); ok {
		return j.path + suffix
	}
	return pattern.Beside(j.path, name)
}

// hardLinks returns the targets of the hard links of a layer at the places of files that needs ask for, and of siblings beside them.
func (r *run) hardLinks(j *journal, needs []need) map[string]string {
	links := make(map[string]string)
	wanted := make(map[string]bool)
	for _, n := range needs {
		siblings := r.analyzers[n.analyzer].info.Siblings
		if len(siblings) > 0 && n.name != n.raw {
			wanted[n.name] = true
		}
		for _, s := range siblings {
			wanted[pattern.Beside(n.name, s)] = true
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	reader := j.reader()
	for g := (group{}); reader.next(&g); {
		for range g.count {
			if kind, name, target := g.entry(); kind == kindHardlink {
				if p := join(string(g.dir), name); wanted[p] {
					links[p] = target
				}
			}
		}
	}
	return links
}

// siblingNames returns the names in a layer of the siblings of a file that is a hard link, or nil for other files. Those of a database in
// ostree's form are links to objects elsewhere.
func (n need) siblingNames(siblings []string, links map[string]string) map[string]string {
	if _, ok := links[n.name]; !ok {
		return nil
	}
	names := make(map[string]string, len(siblings))
	for _, s := range siblings {
		p := pattern.Beside(n.name, s)
		names[s] = cmp.Or(links[p], p)
	}
	return names
}

// sibling holds a file that analyzers want only beside another file.
func (c *collector) sibling(e *walk.Entry) error {
	if !c.isSibling(e.Path) {
		return nil
	}
	data, err := c.hold(e)
	if err == nil && data == nil {
		c.recordUnread(e.Path, analyzer.TooLarge, c.notHeld(e.Size))
	}
	return err
}

// maxLost is how many siblings that were not read are named to the analyzers' files.
const maxLost = 1000

// recordUnread keeps the reason why a sibling is not read, for the files that it belongs to.
func (c *collector) recordUnread(p string, code analyzer.DiagnosticCode, message string) {
	if len(c.lost) == maxLost {
		c.problem(code, p, message)
		return
	}
	if c.lost == nil {
		c.lost = make(map[string]analyzer.Diagnostic)
	}
	c.lost[p] = analyzer.Diagnostic{Code: code, Message: path.Base(p) + ": " + message}
}

// hold reads a file and keeps it until the layer ends. It returns nil if held files would exceed half of Limits.Memory. One larger file does
// not count: an image has one large package database.
func (c *collector) hold(e *walk.Entry) ([]byte, error) {
	counted := e.Size
	if c.heldSize+e.Size > c.limits.Memory/2 {
		if c.heldLarge || e.Size > c.limits.FileSize {
			return nil, nil
		}
		c.heldLarge, counted = true, 0
	}
	if c.heldAll += e.Size; c.heldAll > freeKept {
		if err := c.share.grow(c.ctx); err != nil {
			return nil, err
		}
	}
	data, err := c.read(e.Reader, e.Size)
	if err != nil {
		return nil, err
	}
	if cap(data) > len(data)+len(data)/8+64 { // a lent buffer, which has room for a larger file
		lent := data
		data = bytes.Clone(lent)
		c.budget.buffers.put(lent)
	}
	c.heldSize += counted
	c.held[e.Path] = heldFile{e.Path, e.Mode, data}
	return data, nil
}

func (c *collector) notHeld(size int64) string {
	return fmt.Sprintf("%d bytes: files that are analyzed together would exceed %d bytes", size, c.limits.Memory/2)
}

// finish runs the waiting jobs, and waits for all tasks.
func (c *collector) finish() error {
	for _, w := range c.waiting {
		var siblings []heldFile
		for _, name := range c.analyzers[w.analyzer].info.Siblings {
			if d, ok := c.lost[w.sibling(name)]; ok {
				w.lost = append(w.lost, d)
			}
			if sibling, ok := c.held[w.sibling(name)]; ok {
				sibling.path = pattern.Beside(sibling.path, name)
				siblings = append(siblings, sibling)
			}
		}
		open := func(account *content.Account) *analyzer.File {
			files := make([]*analyzer.File, len(siblings))
			for i, s := range siblings {
				files[i] = s.open(account)
			}
			return w.file.open(account, files...)
		}
		c.task(w.job, open, func() {})
	}
	c.tasks.Wait()
	c.held, c.waiting = nil, nil
	return cmp.Or(c.ctx.Err(), c.countKept())
}
