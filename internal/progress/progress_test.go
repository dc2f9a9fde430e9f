package progress

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/vbauerster/mpb/v8"

	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/db/feed"
)

// Every layer has its bar, and Finish returns although one is not full.
func TestProgress(t *testing.T) {
	var b bytes.Buffer
	p := start(t.Context(), &b, mpb.WithAutoRefresh())
	id := "sha256:" + strings.Repeat("ab", 32)
	p.Layer(scan.Event{Done: true, Cached: true, Layer: 0, Layers: 3, DiffID: id, Size: -1})
	p.Layer(scan.Event{Layer: 1, Layers: 3, Err: errors.New("x")})
	p.Layer(scan.Event{Layer: 1, Layers: 3, DiffID: id, Size: 1 << 20})
	p.Layer(scan.Event{Layer: 1, Layers: 3, DiffID: id, Size: 1 << 20, Bytes: 1 << 19})
	p.Layer(scan.Event{Done: true, Layer: 1, Layers: 3, DiffID: id, Size: 1 << 20, Bytes: 1 << 20})
	p.Layer(scan.Event{Layer: 2, Layers: 3, DiffID: id, Size: -1})
	p.Feed(feed.Progress{Location: "dir/data.json", Read: 5, Size: 10})
	p.Feed(feed.Progress{Location: "dir/data.json", Read: 10, Size: 10, Records: 1})
	p.Say("waiting for %s", "registry.example")
	p.Finish()
	p.Finish()
	p.Say("not any more")
	p.Layer(scan.Event{Done: true, Layer: 2, Layers: 3, DiffID: id})
	for _, want := range []string{"layer 0  abababababab  cached", "layer 1  abababababab", "data.json", "done", "hullmark: waiting for registry.example\n"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}

// A nil Bars draws nothing.
func TestNilBars(*testing.T) {
	var p *Bars
	p.Layer(scan.Event{Layers: 1})
	p.Feed(feed.Progress{Location: "x"})
	p.Finish()
}
