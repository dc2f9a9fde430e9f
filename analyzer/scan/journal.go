package scan

import (
	"encoding/binary"
	"errors"
	"strings"
)

// A journal lists the entries of a layer by name, in the order of the layer, so that replay can apply them as a runtime does. It does
// not have the content of files.
//
// The entries are in groups: up to 256 KB of entries that follow each other and are in the same directory. A group is
//
//	shared   bytes that its directory has in common with the directory of the group before
//	suffix   the rest of the directory
//	count    number of entries besides, shifted left by 2; bit 0: the directory itself has an entry, before the others; bit 1: some entries
//	         are not regular files
//	body     the entries, each a name, after its length shifted left by 3 and its kind, and the target of a link
//
// Numbers are varints, and the length of a text comes before it. Groups do not span chunks.
type journal struct {
	Chunks []string
}

// An entryKind is the kind of an entry of a journal.
type entryKind uint8

const (
	kindFile entryKind = iota
	kindSymlink
	kindHardlink
	kindOther    // a device, FIFO or socket
	kindWhiteout // the name is deleted from the lower layers
	kindOpaque   // the directory hides its content in the lower layers
)

const (
	groupSelf  = 1 // the directory of the group has an entry
	groupMixed = 2 // the group has entries other than regular files
	groupShift = 2
	kindShift  = 3
)

// journalChunk is the size in bytes at which a chunk is full.
const journalChunk = 256 << 10

// size returns the number of bytes of the journal.
func (j *journal) size() (n int64) {
	for _, c := range j.Chunks {
		n += int64(len(c))
	}
	return n
}

// A journalWriter makes the journal of a layer.
type journalWriter struct {
	journal
	size int64 // bytes so far, of full chunks and the open one

	chunk []byte
	last  string // directory of the group before
	dir   string // directory of the open group
	body  []byte
	count uint64
	flags uint64
	open  bool
}

// directory records the entry of a directory.
func (w *journalWriter) directory(p string) {
	w.flush()
	w.begin(p)
	w.flags = groupSelf
}

// add records an entry that is not a directory. The path of an opaque entry is its directory and "/".
func (w *journalWriter) add(kind entryKind, p, target string) {
	dir, name := ".", p
	if i := strings.LastIndexByte(p, '/'); i >= 0 {
		dir, name = p[:i], p[i+1:]
	}
	if !w.open || dir != w.dir || len(w.body) >= journalChunk {
		w.flush()
		w.begin(dir)
	}
	w.count++
	w.body = binary.AppendUvarint(w.body, uint64(len(name))<<kindShift|uint64(kind))
	w.body = append(w.body, name...)
	if kind != kindFile {
		w.flags |= groupMixed
	}
	if kind == kindSymlink || kind == kindHardlink {
		w.body = appendText(w.body, target)
	}
}

func (w *journalWriter) begin(dir string) {
	w.dir, w.open = dir, true
	w.body, w.count, w.flags = w.body[:0], 0, 0
}

func (w *journalWriter) flush() {
	if !w.open {
		return
	}
	shared := 0
	for shared < min(len(w.dir), len(w.last)) && w.dir[shared] == w.last[shared] {
		shared++
	}
	before := len(w.chunk)
	w.chunk = binary.AppendUvarint(w.chunk, uint64(shared))
	w.chunk = appendText(w.chunk, w.dir[shared:])
	w.chunk = binary.AppendUvarint(w.chunk, w.count<<groupShift|w.flags)
	w.chunk = binary.AppendUvarint(w.chunk, uint64(len(w.body)))
	w.chunk = append(w.chunk, w.body...)
	w.size += int64(len(w.chunk) - before)
	w.last, w.open = w.dir, false
	if len(w.chunk) >= journalChunk {
		w.close()
	}
}

func (w *journalWriter) close() {
	if len(w.chunk) > 0 {
		w.Chunks = append(w.Chunks, string(w.chunk))
		w.chunk = w.chunk[:0]
	}
}

// finish returns the journal.
func (w *journalWriter) finish() journal {
	w.flush()
	w.close()
	return w.journal
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// A group is a group of a journal.
type group struct {
	dir   []byte // valid until the next group
	self  bool   // the directory has an entry
	mixed bool   // some entries are not regular files
	first int    // number of the first entry in body within the layer; the one before is that of the directory
	count int
	body  string
}

// A journalReader reads the groups of a journal. It numbers the entries from 0, that of a group's directory before the others.
type journalReader struct {
	chunks  []string
	rest    string
	dir     []byte
	entries int
}

func (j *journal) reader() journalReader { return journalReader{chunks: j.Chunks} }

// next reads a group into g. It returns false at the end of the journal.
func (r *journalReader) next(g *group) bool {
	for r.rest == "" {
		if len(r.chunks) == 0 {
			return false
		}
		r.rest, r.chunks = r.chunks[0], r.chunks[1:]
	}
	shared := cutNumber(&r.rest)
	r.dir = append(r.dir[:shared], cutText(&r.rest)...)
	n := cutNumber(&r.rest)
	*g = group{
		dir: r.dir, self: n&groupSelf != 0, mixed: n&groupMixed != 0,
		first: r.entries, count: n >> groupShift, body: cutText(&r.rest),
	}
	if g.self {
		g.first++
	}
	r.entries = g.first + g.count
	return true
}

// entry reads an entry of the group. The caller counts them.
func (g *group) entry() (kind entryKind, name, target string) {
	n := cutNumber(&g.body)
	kind = entryKind(n & (1<<kindShift - 1))
	name, g.body = g.body[:n>>kindShift], g.body[n>>kindShift:]
	if kind == kindSymlink || kind == kindHardlink {
		target = cutText(&g.body)
	}
	return kind, name, target
}

func cutText(s *string) (text string) {
	n := cutNumber(s)
	text, *s = (*s)[:n], (*s)[n:]
	return text
}

func cutNumber(s *string) int {
	n := uint64(0)
	for i := 0; i < len(*s); i++ {
		c := (*s)[i]
		n |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			*s = (*s)[i+1:]
			return int(n)
		}
	}
	panic(errJournal)
}

var errJournal = errors.New("damaged journal")

// check returns the number of entries, or an error if the journal, which comes from a cache, cannot be read.
func (j *journal) check() (entries int, err error) {
	defer func() {
		if recover() != nil {
			err = errJournal
		}
	}()
	r := j.reader()
	for g := (group{}); r.next(&g); {
		for range g.count {
			if kind, _, _ := g.entry(); kind > kindOpaque {
				return 0, errJournal
			}
		}
		if g.body != "" {
			return 0, errJournal
		}
	}
	return r.entries, nil
}
