// Package progress draws bars on a terminal for the layers of a scan and the feeds of a database.
package progress

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

// Bars draws a bar for each layer or feed that is being read. A nil Bars draws nothing.
type Bars struct {
	mu    sync.Mutex
	bars  *mpb.Progress
	byKey map[any]*mpb.Bar // nil when finished
}

// keepBars is the number of layers up to which full bars stay. More would scroll.
const keepBars = 16

// New draws on w, which must be a terminal, until Finish.
func New(ctx context.Context, w io.Writer) *Bars { return start(ctx, w) }

func start(ctx context.Context, w io.Writer, options ...mpb.ContainerOption) *Bars {
	// The bars outlive a cancelled context, so that Finish can clear them.
	options = append(options, mpb.WithOutput(w), mpb.WithWidth(40))
	return &Bars{bars: mpb.NewWithContext(context.WithoutCancel(ctx), options...), byKey: make(map[any]*mpb.Bar)}
}

// draw calls f with the lock held, unless the progress is finished.
func (p *Bars) draw(f func()) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.byKey != nil {
		f()
	}
}

// Layer shows the progress of a scan.
func (p *Bars) Layer(e scan.Event) {
	p.draw(func() {
		bar, ok := p.byKey[e.Layer]
		if e.Err != nil || !ok && e.Cached && e.Layers > keepBars {
			return
		}
		if !ok {
			bar = p.add(e.Layer, e.Layer, layerName(e), e.Size, e.Layers > keepBars)
		}
		if !e.Done {
			bar.SetCurrent(e.Bytes)
			return
		}
		if e.Size > 0 {
			bar.SetCurrent(e.Size)
		}
		bar.SetTotal(-1, true)
	})
}

func layerName(e scan.Event) string {
	name := "files"
	if hash := strings.TrimPrefix(e.DiffID, "sha256:"); len(hash) >= 12 {
		name = fmt.Sprintf("layer %d  %s", e.Layer, hash[:12])
	}
	if e.Cached {
		name += "  cached"
	}
	return name
}

// Feed shows the progress of a feed: first of the download, then of reading it.
func (p *Bars) Feed(e feed.Progress) {
	p.draw(func() {
		key := e.Location
		if e.Records > 0 {
			key += ", reading"
		}
		bar, ok := p.byKey[key]
		if !ok {
			if download := p.byKey[e.Location]; download != nil {
				download.SetTotal(-1, true)
			}
			bar = p.add(key, len(p.byKey), terminal.Escape(key), e.Size, true)
		}
		bar.SetCurrent(e.Read)
		if e.Size > 0 && e.Read >= e.Size {
			bar.SetTotal(-1, true)
		}
	})
}

func (p *Bars) add(key any, row int, name string, size int64, transient bool) *mpb.Bar {
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

// Finish stops drawing, and clears bars that are not full. The next line on the terminal goes below the others.
func (p *Bars) Finish() {
	p.draw(func() {
		for _, bar := range p.byKey {
			bar.Abort(true) // has no effect on a full bar
		}
		p.byKey = nil
		p.bars.Wait()
	})
}

// Say writes a line above the bars.
func (p *Bars) Say(format string, args ...any) {
	p.draw(func() { fmt.Fprintf(p.bars, "hullmark: "+format+"\n", args...) })
}
