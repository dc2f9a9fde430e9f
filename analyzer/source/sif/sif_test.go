package sif_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/osrelease"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/analyzer/source/sif"
	"github.com/hullmark/hullmark/internal/testing/leak"
)

// image lays out a Singularity image: a header, a definition and a primary partition of a kind, and that partition.
func image(partition []byte, kind, role uint32) []byte {
	le := binary.LittleEndian
	const at, descriptors = 4096, 2
	b := make([]byte, at)
	copy(b, "#!/usr/bin/env run-singularity\n\x00SIF_MAGIC\x0001\x0002\x00")
	le.PutUint64(b[88:], descriptors)
	le.PutUint64(b[96:], 128)
	le.PutUint64(b[104:], descriptors*585)
	d := b[128:]
	le.PutUint32(d, 0x4001) // the definition
	d[4] = 1
	d = d[585:]
	le.PutUint32(d, 0x4004)
	d[4] = 1
	le.PutUint64(d[17:], at)
	le.PutUint64(d[25:], uint64(len(partition)))
	le.PutUint32(d[585-384:], kind)
	le.PutUint32(d[585-380:], role)
	return append(b, partition...)
}

func partition(t testing.TB) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.FromSlash("../../../internal/squashfs/testdata/small.sqfs"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestOpen(t *testing.T) {
	leak.Check(t)
	good := image(partition(t), 1, 2)
	for _, tt := range []struct {
		name    string
		content []byte
		is      error
		text    string
	}{
		{"an image", good, nil, ""},
		{"another file", []byte("text"), sif.ErrNotSIF, ""},
		{"empty", nil, sif.ErrNotSIF, ""},
		{"encrypted", image(partition(t), 5, 2), analyzer.ErrUnsupported, "encrypted"},
		{"ext3", image(partition(t), 2, 2), analyzer.ErrUnsupported, "ext3"},
		{"an overlay only", image(partition(t), 1, 4), nil, "no primary partition"},
		{"no file system", image(make([]byte, 4096), 1, 2), nil, "not a SquashFS"},
		{"cut off", good[:4100], nil, "outside of the file"},
		{"cut off in the descriptors", good[:300], nil, "unexpected EOF"},
		{"too many descriptors", append(append(bytes.Clone(good[:88]), 0xff, 0xff, 0xff), good[91:]...), nil, "descriptors"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "app.sif")
			if err := os.WriteFile(file, tt.content, 0o644); err != nil {
				t.Fatal(err)
			}
			img, err := sif.Open(t.Context(), file)
			if tt.is != nil || tt.text != "" {
				if err == nil || tt.is != nil && !errors.Is(err, tt.is) || !strings.Contains(err.Error(), tt.text) {
					t.Errorf("error %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			report, err := scan.Scanner{Analyzers: []analyzer.Analyzer{osrelease.New()}}.Scan(t.Context(), img)
			if err != nil || report.Distro == nil || report.Distro.ID != "debian" || report.Distro.VersionID != "12" {
				t.Errorf("%+v, %v", report, err)
			}
			if err := img.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	if _, err := sif.Open(t.Context(), "nothing.sif"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v", err)
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(image(partition(f), 1, 2))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, b []byte) {
		file := filepath.Join(dir, "app.sif")
		if err := os.WriteFile(file, b, 0o644); err != nil {
			t.Fatal(err)
		}
		img, err := sif.Open(t.Context(), file)
		if err != nil {
			return
		}
		defer img.Close()
		s := scan.Scanner{Analyzers: []analyzer.Analyzer{osrelease.New()}, Limits: scan.Limits{Entries: 1000, Depth: 20}}
		s.Scan(t.Context(), img) // whatever it finds
	})
}
