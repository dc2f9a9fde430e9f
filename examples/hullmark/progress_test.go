package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/vbauerster/mpb/v8"

	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/db/feed"
)

// Every layer has its bar, and finish returns although one is not full.
func TestProgress(t *testing.T) {
	var b bytes.Buffer
	p := drawProgress(t.Context(), &b, mpb.WithAutoRefresh())
	id := "sha256:" + strings.Repeat("ab", 32)
	p.layer(scan.Event{Kind: scan.LayerCached, Layer: 0, Layers: 3, DiffID: id, Size: -1})
	p.layer(scan.Event{Kind: scan.CacheFailed, Layer: 1, Layers: 3, Err: errors.New("x")})
	p.layer(scan.Event{Kind: scan.LayerStarted, Layer: 1, Layers: 3, DiffID: id, Size: 1 << 20})
	p.layer(scan.Event{Kind: scan.LayerRead, Layer: 1, Layers: 3, DiffID: id, Size: 1 << 20, Bytes: 1 << 19})
	p.layer(scan.Event{Kind: scan.LayerDone, Layer: 1, Layers: 3, DiffID: id, Size: 1 << 20, Bytes: 1 << 20})
	p.layer(scan.Event{Kind: scan.LayerStarted, Layer: 2, Layers: 3, DiffID: id, Size: -1})
	p.feed(feed.Progress{Location: "dir/data.json", Read: 5, Size: 10})
	p.done("dir/data.json")
	p.finish()
	p.finish()
	p.layer(scan.Event{Kind: scan.LayerDone, Layer: 2, Layers: 3, DiffID: id})
	for _, want := range []string{"layer 0  abababababab  cached", "layer 1  abababababab", "data.json", "done"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}

// Nothing is drawn where nobody is looking.
func TestNoProgress(t *testing.T) {
	var b bytes.Buffer
	p := newProgress(t.Context(), &b, false)
	p.layer(scan.Event{Layers: 1})
	p.feed(feed.Progress{Location: "x"})
	p.done("x")
	p.finish()
	if p != nil || b.Len() > 0 {
		t.Errorf("%q on something that is no terminal", b.String())
	}
}
