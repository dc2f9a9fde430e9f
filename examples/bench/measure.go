//go:build unix

package main

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"sync/atomic"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/sync/errgroup"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/all"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/analyzer/source"
)

// A measurement is the output of a child process.
type measurement struct {
	Layers   int
	Bytes    int64 // uncompressed size of the layers
	Entries  int64 // entries of tar streams
	Packages int
	Written  int64 // bytes passed to write calls before printing; 0 if the system does not count them
}

// measure runs a measurement once.
func measure(ctx context.Context, kind, ref, cache string) (m measurement, err error) {
	img, err := source.Open(ctx, ref, source.Options{})
	if err != nil {
		return m, err
	}
	defer img.Close()
	s := scan.Scanner{Analyzers: all.All()}
	switch kind {
	case "floor":
		m, err = floor(ctx, img, false)
	case "hashed":
		m, err = floor(ctx, img, true)
	case "cached":
		s.Cache = scan.NewDirCache(cache, 0)
		fallthrough
	case "cold":
		var report *analyzer.Report
		if report, err = s.Scan(ctx, img); err == nil {
			m.Layers = len(report.Layers)
			for i := range report.Components {
				if !report.Components[i].Nested {
					m.Packages++
				}
			}
			for _, l := range report.Layers {
				m.Bytes += l.Bytes
				m.Entries += l.Entries
			}
		}
	default:
		err = fmt.Errorf("unknown measurement -as %s", kind)
	}
	m.Written = written()
	return m, err
}

// A storedLayer returns its stored bytes. The layers of package source do.
type storedLayer interface {
	Stored(ctx context.Context) (io.ReadCloser, error)
}

// floor decompresses the layers and reads their tar headers. If hashed is set, it also hashes compressed layers.
func floor(ctx context.Context, img v1.Image, hashed bool) (m measurement, err error) {
	layers, err := img.Layers()
	if err != nil {
		return m, err
	}
	var total, entries atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, l := range layers {
		stored, ok := l.(storedLayer)
		if !ok {
			return m, fmt.Errorf("layer %d has no stored form", i)
		}
		group.Go(func() error {
			r, err := stored.Stored(ctx)
			if err != nil {
				return err
			}
			defer r.Close()
			bytes, n, err := walk(r, hashed)
			total.Add(bytes)
			entries.Add(n)
			return err
		})
	}
	err = group.Wait()
	return measurement{Layers: len(layers), Bytes: total.Load(), Entries: entries.Load()}, err
}

// walk returns the uncompressed size and the number of entries of the tar stream in r.
func walk(r io.Reader, hashed bool) (size, entries int64, err error) {
	if file, ok := r.(io.ReadSeeker); ok {
		var first [4]byte
		if _, err := io.ReadFull(r, first[:]); err != nil {
			return 0, 0, err
		}
		if _, err := file.Seek(0, io.SeekStart); err != nil {
			return 0, 0, err
		}
		if !bytes.HasPrefix(first[:], []byte{0x1f, 0x8b}) && !bytes.HasPrefix(first[:], []byte{0x28, 0xb5, 0x2f, 0xfd}) {
			if entries, err = headers(file); err != nil {
				return 0, 0, err
			}
			size, err = file.Seek(0, io.SeekEnd)
			return size, entries, err
		}
	}
	if hashed {
		r = io.TeeReader(r, sha256.New())
	}
	br := bufio.NewReaderSize(r, 64<<10)
	first, err := br.Peek(2)
	if err != nil {
		return 0, 0, err
	}
	var z io.Reader
	if bytes.Equal(first, []byte{0x1f, 0x8b}) {
		if z, err = gzip.NewReader(br); err != nil {
			return 0, 0, err
		}
	} else {
		d, err := zstd.NewReader(br, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true))
		if err != nil {
			return 0, 0, err
		}
		defer d.Close()
		z = d
	}
	c := &counter{r: z}
	if entries, err = headers(c); err != nil {
		return 0, 0, err
	}
	_, err = io.Copy(io.Discard, c)
	return c.n, entries, err
}

func headers(r io.Reader) (n int64, err error) {
	for t := tar.NewReader(r); ; n++ {
		if _, err := t.Next(); err == io.EOF {
			return n, nil
		} else if err != nil {
			return n, err
		}
	}
}

type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// written returns the number of bytes that this process passed to write calls, or 0 on systems other than Linux.
func written() int64 {
	b, err := os.ReadFile("/proc/self/io")
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(b) {
		if rest, ok := bytes.CutPrefix(line, []byte("wchar: ")); ok {
			n, _ := strconv.ParseInt(string(bytes.TrimSpace(rest)), 10, 64)
			return n
		}
	}
	return 0
}
