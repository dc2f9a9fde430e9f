package scan_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/content"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/internal/testing/corpus"
	"github.com/hullmark/hullmark/internal/testing/cputime"
	"github.com/hullmark/hullmark/internal/testing/hostile"
)

// listBombs are layers that are small when they are sent and have long lists of entries.
var listBombs = map[string]func(add func(tar.Header)){
	"a million empty files": func(add func(tar.Header)) {
		for i := range 1_000_000 {
			add(tar.Header{Name: fmt.Sprintf("data/%07d", i)})
		}
	},
	"a million empty files with long names": func(add func(tar.Header)) {
		for i := range 1_000_000 {
			add(tar.Header{Name: fmt.Sprintf("data/%07d", i) + strings.Repeat("n", 60)})
		}
	},
	"empty files with digests": func(add func(tar.Header)) {
		for i := range 700_000 {
			add(tar.Header{Name: fmt.Sprintf("usr/share/%07d", i)})
		}
	},
	"whiteouts": func(add func(tar.Header)) {
		for i := range 3_000_000 {
			add(tar.Header{Name: fmt.Sprintf(".wh.%x", i)})
		}
	},
	"hard links to a file with attributes": func(add func(tar.Header)) {
		add(tar.Header{Name: "a", Format: tar.FormatPAX, PAXRecords: map[string]string{"SCHILY.xattr.user.a": strings.Repeat("x", 200<<10)}})
		for i := range 100_000 {
			add(tar.Header{Name: fmt.Sprint("l", i), Linkname: "a", Typeflag: tar.TypeLink})
		}
	},
	"hard links to a long name behind a link": func(add func(tar.Header)) {
		add(tar.Header{Name: "s", Linkname: deepName, Typeflag: tar.TypeSymlink})
		add(tar.Header{Name: "s/a"})
		for i := range 500_000 {
			add(tar.Header{Name: fmt.Sprint("l", i), Linkname: "s/a", Typeflag: tar.TypeLink})
		}
	},
	"files of packages in a deep directory behind a link": func(add func(tar.Header)) {
		add(tar.Header{Name: "s", Linkname: "usr/lib/" + deepName, Typeflag: tar.TypeSymlink})
		for i := range 500_000 {
			add(tar.Header{Name: fmt.Sprint("s/", i)})
		}
	},
	"files in a deep directory behind a link": func(add func(tar.Header)) {
		add(tar.Header{Name: "s", Linkname: deepName, Typeflag: tar.TypeSymlink})
		for i := range 500_000 {
			add(tar.Header{Name: fmt.Sprint("s/", i)})
		}
	},
}

var deepName = strings.Repeat("/"+strings.Repeat("n", 200), 20)[1:]

// TestListBombs asks that a scan with all analyzers of content ends with a report or an error about a limit, within bounds of memory and time.
func TestListBombs(t *testing.T) {
	corpus.Slow(t)
	for name, make := range listBombs {
		t.Run(name, func(t *testing.T) {
			img := bombOf(t, make)
			var report *analyzer.Report
			var err error
			var peak uint64
			took := cputime.Of(func() {
				peak = hostile.Peak(func() { report, err = scan.Scanner{Analyzers: content.All()}.Scan(t.Context(), img) })
			})
			entries := 0
			pass := cputime.Of(func() {
				if err == nil {
					for range report.Files.All() {
						entries++
					}
				}
			})
			t.Logf("%d MiB, %.1f s of processor time, a pass over %d entries %.1f s: %v", peak>>20, took.Seconds(), entries, pass.Seconds(), err)
			var limit *analyzer.LimitError
			if err != nil && !errors.As(err, &limit) {
				t.Error(err)
			}
			if peak > 450<<20 { // names and attributes in the journal and in the list, the tree, and garbage
				t.Errorf("%d MiB of heap", peak>>20)
			}
			if took.Seconds() > 60 || pass.Seconds() > 10 {
				t.Errorf("took %v, and a pass %v", took, pass)
			}
		})
	}
}

// bombOf returns an image of a layer, of which only the compressed form is ever in memory.
func bombOf(t *testing.T, make func(add func(tar.Header))) v1.Image {
	t.Helper()
	var stored bytes.Buffer
	z, err := gzip.NewWriterLevel(&stored, gzip.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.New()
	w := tar.NewWriter(io.MultiWriter(z, sum))
	make(func(h tar.Header) {
		if h.Typeflag == 0 {
			h.Typeflag = tar.TypeReg
		}
		h.Mode = 0o644
		err = errors.Join(err, w.WriteHeader(&h))
	})
	if err := errors.Join(err, w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	base := blob(t, stored.Bytes(), nil)
	id := v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(sum.Sum(nil))}
	return imageOf(t, countedLayer{identified{base, id}, stored.Bytes(), new(atomic.Int32)})
}

// An identified is a layer with another diff ID.
type identified struct {
	v1.Layer
	diffID v1.Hash
}

func (l identified) DiffID() (v1.Hash, error) { return l.diffID, nil }
