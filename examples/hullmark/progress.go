package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/internal/terminal"
)

// progress draws a bar for each layer, or each feed, that is being read. A nil progress draws nothing.
type progress struct {
	mu    sync.Mutex
	bars  *mpb.Progress
	byKey map[any]*mpb.Bar // nil when finished
}

// keepBars is the number of layers up to which bars stay when they are full. More would scroll.
const keepBars = 16

// newProgress returns nil where nobody is looking: w is not a terminal, or --quiet was given.
func newProgress(ctx context.Context, w io.Writer, quiet bool) *progress {
	if _, ok := terminalWidth(w); quiet || !ok {
		return nil
	}
	return drawProgress(ctx, w)
}

func drawProgress(ctx context.Context, w io.Writer, options ...mpb.ContainerOption) *progress {
	// The bars outlive a cancelled context, so that finish can clear them away.
	options = append(options, mpb.WithOutput(w), mpb.WithWidth(40))
	return &progress{bars: mpb.NewWithContext(context.WithoutCancel(ctx), options...), byKey: make(map[any]*mpb.Bar)}
}

// layer shows how far a scan has come.
func (p *progress) layer(e scan.Event) {
	if p == nil || e.Kind == scan.CacheFailed {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.byKey == nil {
		return
	}
	bar, ok := p.byKey[e.Layer]
	if !ok && e.Kind == scan.LayerCached && e.Layers > keepBars {
		return
	}
	if !ok {
		name := fmt.Sprintf("layer %d", e.Layer)
		if hash := strings.TrimPrefix(e.DiffID, "sha256:"); len(hash) >= 12 {
			name += "  " + hash[:12]
		} else {
			name = "files"
		}
		if e.Kind == scan.LayerCached {
			name += "  cached"
		}
		bar = p.add(e.Layer, e.Layer, name, e.Size, e.Layers > keepBars)
	}
	switch e.Kind {
	case scan.LayerRead:
		bar.SetCurrent(e.Bytes)
	case scan.LayerDone, scan.LayerCached:
		if e.Size > 0 {
			bar.SetCurrent(e.Size)
		}
		bar.SetTotal(-1, true)
	}
}

// feed shows how far a feed has been read.
func (p *progress) feed(e feed.Progress) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.byKey == nil {
		return
	}
	bar, ok := p.byKey[e.Location]
	if !ok {
		name := e.Location[strings.LastIndexByte(e.Location, '/')+1:]
		bar = p.add(e.Location, len(p.byKey), terminal.Escape(name), e.Size, false)
	}
	bar.SetCurrent(e.Read)
}

// source shows how far a source of an update has been fetched, and then how far it has been read.
func (p *progress) source(e feed.Progress) {
	if p == nil || e.Err != nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.byKey == nil {
		return
	}
	key := e.Location
	if e.Records > 0 {
		key += ", reading"
	}
	bar, ok := p.byKey[key]
	if !ok {
		if was := p.byKey[e.Location]; was != nil {
			was.SetTotal(-1, true)
		}
		bar = p.add(key, len(p.byKey), terminal.Escape(key), e.Size, true)
	}
	bar.SetCurrent(e.Read)
	if e.Size > 0 && e.Read >= e.Size {
		bar.SetTotal(-1, true)
	}
}

func (p *progress) add(key any, row int, name string, size int64, transient bool) *mpb.Bar {
	options := []mpb.BarOption{
		mpb.PrependDecorators(decor.Name(name, decor.WCSyncSpaceR)),
		mpb.BarPriority(row),
		mpb.BarOptional(mpb.BarRemoveOnComplete(), transient),
	}
	var bar *mpb.Bar
	if size > 0 {
		counters := decor.OnComplete(decor.CountersKibiByte("% .1f / % .1f"), "done")
		bar = p.bars.AddBar(size, append(options, mpb.AppendDecorators(counters))...)
	} else {
		elapsed := decor.OnComplete(decor.Elapsed(decor.ET_STYLE_GO), "done")
		bar = p.bars.AddSpinner(0, append(options, mpb.AppendDecorators(elapsed), mpb.BarFillerClearOnComplete())...)
	}
	p.byKey[key] = bar
	return bar
}

// done marks a feed as read.
func (p *progress) done(location string) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if bar := p.byKey[location]; bar != nil {
		bar.SetTotal(-1, true)
	}
}

// finish stops drawing; bars that are not full are cleared away. What is written to the terminal next stands below.
func (p *progress) finish() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.byKey == nil {
		return
	}
	for _, bar := range p.byKey {
		bar.Abort(true) // has no effect on a bar that is full
	}
	p.byKey = nil
	p.bars.Wait()
}
