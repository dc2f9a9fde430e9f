package scan_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/internal/testing/corpus"
	"github.com/hullmark/hullmark/internal/testing/hostile"
	"github.com/hullmark/hullmark/internal/testing/imagetest"
)

// bombs are images that are small when they are sent.
var bombs = map[string]func() []*imagetest.Layer{
	"deep directories of wanted files": func() []*imagetest.Layer {
		return []*imagetest.Layer{repeat(4000, func(l *imagetest.Layer, i int) { l.File(fmt.Sprint(i, strings.Repeat("/d", 500), "/a.list"), "p 1\n") })}
	},
	"deep directories of links": func() []*imagetest.Layer {
		return []*imagetest.Layer{repeat(4000, func(l *imagetest.Layer, i int) { l.Symlink(fmt.Sprint(i, strings.Repeat("/d", 500), "/l"), "x") })}
	},
	"files through links that grow": func() []*imagetest.Layer {
		return []*imagetest.Layer{repeat(20_000, func(l *imagetest.Layer, i int) {
			l.Symlink(fmt.Sprint("l", i), fmt.Sprint("l", i, "/l", i))
			l.File(fmt.Sprint("l", i, "/a.list"), "p 1\n")
		})}
	},
	"links to links": func() []*imagetest.Layer {
		return []*imagetest.Layer{repeat(250, func(l *imagetest.Layer, i int) { l.Symlink(fmt.Sprint("l", i), fmt.Sprint("l", i+1)) }),
			repeat(50_000, func(l *imagetest.Layer, i int) { l.File(fmt.Sprint("l0/", i, "/x.list"), "p 1\n") })}
	},
	"a directory that many links reach": func() []*imagetest.Layer {
		return []*imagetest.Layer{repeat(20_000, func(l *imagetest.Layer, i int) { l.Symlink(fmt.Sprint("l", i), "d") }),
			repeat(20_000, func(l *imagetest.Layer, i int) { l.File(fmt.Sprint("l", i, "/a.list"), fmt.Sprint("p", i, " 1\n")) })}
	},
	"a directory that comes and goes": func() (layers []*imagetest.Layer) {
		for range 100 {
			layers = append(layers, repeat(1000, func(l *imagetest.Layer, i int) { l.File(fmt.Sprint("d/", i, ".list"), "p 1\n") }).File(".wh.d", ""))
		}
		return layers
	},
	"hard links of hard links": func() []*imagetest.Layer {
		return []*imagetest.Layer{repeat(100_000, func(l *imagetest.Layer, i int) {
			if i == 0 {
				l.File("0.list", "p 1\n")
				return
			}
			l.Hardlink(fmt.Sprint(i, ".list"), fmt.Sprint(i-1, ".list"))
		})}
	},
	"hard links to every layer from every layer": func() (layers []*imagetest.Layer) {
		for k := range 100 {
			l := new(imagetest.Layer).File(fmt.Sprint("x", k), "p 1\n")
			for i := range k {
				l.Hardlink(fmt.Sprint(k, "/", i, ".list"), fmt.Sprint("x", i))
			}
			layers = append(layers, l)
		}
		return layers
	},
	"long link targets": func() []*imagetest.Layer {
		return []*imagetest.Layer{repeat(20_000, func(l *imagetest.Layer, i int) { l.Symlink(fmt.Sprint("l", i), strings.Repeat("x/", 2040)) })}
	},
	"whiteouts with long names": func() []*imagetest.Layer {
		return []*imagetest.Layer{repeat(30_000, func(l *imagetest.Layer, i int) {
			l.File(fmt.Sprint(i, strings.Repeat("/"+strings.Repeat("n", 200), 19), "/.wh.x"), "")
		})}
	},
	"opaque directories": func() []*imagetest.Layer {
		return []*imagetest.Layer{repeat(20_000, func(l *imagetest.Layer, i int) { l.File(fmt.Sprint("d/", i, "/a.list"), "p 1\n") }),
			repeat(20_000, func(l *imagetest.Layer, i int) { l.File("d/.wh..wh..opq", "") })}
	},
	"versions of one file": func() []*imagetest.Layer {
		return []*imagetest.Layer{repeat(200_000, func(l *imagetest.Layer, i int) { l.File("a.list", "p 1\n") })}
	},
	"a fixed place behind links in each layer": func() (layers []*imagetest.Layer) {
		for i := range 200 {
			layers = append(layers, new(imagetest.Layer).File(fmt.Sprint("v", i, "/packages"), "p 1\n").Symlink("etc", fmt.Sprint("v", i)))
		}
		return layers
	},
	"problems": func() []*imagetest.Layer {
		return []*imagetest.Layer{repeat(200_000, func(l *imagetest.Layer, i int) { l.Hardlink(fmt.Sprint(i, ".list"), "nothing") })}
	},
	"siblings": func() []*imagetest.Layer {
		return []*imagetest.Layer{repeat(3000, func(l *imagetest.Layer, i int) {
			l.File(fmt.Sprint(i, "/data.db-journal"), strings.Repeat("\x00", 100<<10))
		})}
	},
}

func repeat(n int, add func(l *imagetest.Layer, i int)) *imagetest.Layer {
	l := new(imagetest.Layer)
	for i := range n {
		add(l, i)
	}
	return l
}

// TestBombs asks that each bomb ends in a report or an error about a limit, within bounds of memory and time.
func TestBombs(t *testing.T) {
	corpus.Slow(t)
	for name, make := range bombs {
		t.Run(name, func(t *testing.T) {
			img := bombImage(t, make())
			start := time.Now()
			var err error
			peak := hostile.Peak(func() {
				_, err = scan.Scanner{Analyzers: []analyzer.Analyzer{lists, journaled, contents}}.Scan(t.Context(), img)
			})
			took := time.Since(start)
			t.Logf("%d MiB, %v: %v", peak>>20, took.Round(time.Millisecond), err)
			var limit *analyzer.LimitError
			if err != nil && !errors.As(err, &limit) {
				t.Error(err)
			}
			if peak > 288<<20 { // 215 to 265 MiB, as the collector keeps up
				t.Errorf("%d MiB of heap", peak>>20)
			}
			if took > 40*time.Second { // 10 s on a quiet machine
				t.Errorf("took %v", took)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			start = time.Now()
			scan.Scanner{Analyzers: []analyzer.Analyzer{lists}}.Scan(ctx, img)
			if late := time.Since(start); late > 3*time.Second {
				t.Errorf("ended %v after the scan began, with a deadline of 200 ms", late)
			}
		})
	}
}

// bombImage returns an image whose layers are stored compressed.
func bombImage(t *testing.T, layers []*imagetest.Layer) v1.Image {
	t.Helper()
	var list []v1.Layer
	for _, l := range layers {
		raw, err := l.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		stored := gz(t, raw)
		list = append(list, countedLayer{blob(t, stored, raw), stored, new(atomic.Int32)})
	}
	return imageOf(t, list...)
}
