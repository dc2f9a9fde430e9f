package plugin

import (
	"io"
	"sync"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/pluginpb"
)

// A call is the analysis of a file by the plugin.
type call struct {
	number   uint64
	analyzer int
	size     int64 // bytes of content and of the entry
	deadline time.Time

	// mu is held while pieces are read and while dropped is set. Pieces must not be read after dropped is set.
	mu      sync.Mutex
	dropped bool
	pieces  []piece           // the unsent file and siblings
	content *io.SectionReader // reader of the first piece, nil before its first part

	answered int64 // bytes of answers so far
	result   *analyzer.Result
	failed   error // the analyzer returned this error
	err      error // why no answer came
	done     chan struct{}
}

// A piece is the content of the file or of a sibling, which has a base name.
type piece struct {
	base string
	file *analyzer.File
}

func newCall(index int, info *analyzer.Info, f *analyzer.File) *call {
	q := &call{analyzer: index, size: f.Size() + int64(pluginpb.EntrySize(f.Entry)), pieces: []piece{{"", f}}, result: new(analyzer.Result), done: make(chan struct{})}
	for _, base := range info.Siblings {
		if s := f.Sibling(base); s != nil {
			q.pieces = append(q.pieces, piece{base, s})
			q.size += s.Size()
		}
	}
	return q
}

func (q *call) drop() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.dropped = true
}

func (q *call) isDropped() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.dropped
}

// part returns the next part with up to room bytes of content. It copies the content, because the caller of analyze may return
// before the part is sent. After an error, which concerns the file, no further part must be sent.
func (q *call) part(room int) (*pluginpb.Part, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	part := &pluginpb.Part{File: q.number}
	if q.dropped {
		part.Cancel = true
		return part, nil
	}
	p := q.pieces[0]
	if q.content == nil {
		q.content = p.file.Open()
		part.Mode = pluginpb.EncodeMode(p.file.Mode)
		if p.base == "" {
			part.Analyzer, part.Path, part.Size = uint32(q.analyzer), []byte(p.file.Path), uint64(p.file.Size())
			part.Entry = pluginpb.EncodeEntry(p.file.Entry)
		}
	}
	part.Sibling = []byte(p.base)
	at, _ := q.content.Seek(0, io.SeekCurrent)
	left := q.content.Size() - at
	part.Data = make([]byte, min(left, int64(room)))
	if _, err := io.ReadFull(q.content, part.Data); err != nil {
		return &pluginpb.Part{File: q.number, Cancel: true}, err
	}
	if left == int64(len(part.Data)) {
		q.pieces, q.content = q.pieces[1:], nil
	}
	part.More = len(q.pieces) > 0
	return part, nil
}
