package scan

import (
	"github.com/hullmark/hullmark/analyzer/internal/content"
	"github.com/hullmark/hullmark/analyzer/internal/walk"
	"github.com/hullmark/hullmark/internal/limit"
)

// Limits bound the work and memory that an image can cause. Zero fields mean the defaults, which real images do not reach.
//
// A scan holds file contents of at most the larger of Memory and FileSize, plus 5 MiB for each layer that it reads at once. A
// layer with files that are analyzed with siblings (see analyzer.Info.Siblings) may hold one such file, and half of Memory for the others. Data that
// analyzers inflate from files (see analyzer.File.Hold) take at most Memory in one analyzer and 8 MiB in each other one at
// work. The window of a layer in zstd takes up to 128 MiB; a Budget lets one window above 8 MiB be in use. A foreign v1.Layer that cannot
// return compressed bytes, or whose Compressed returns an io.PipeReader, decompresses itself, which no limit counts. The scan keeps the
// names of all entries, see Names, and 136 bytes for each file, directory and link that matters to the merge, at most 200 MiB. With Report.Files,
// all entries matter, and the list takes about as much as Names again: 400 MiB together. It holds at most
// Names bytes that hard links copy of their files, and paths of 1 GiB, which share their beginnings.
type Limits struct {
	FileSize  int64 // bytes of a file that analyzers read; larger ones are reported; 256 MiB
	Memory    int64 // bytes of file contents held at once, over all layers; 128 MiB; files that are no larger take a quarter
	Inflated  int64 // bytes to which one file may inflate in an analyzer, counted by File.Hold; 1 GiB
	Layers    int   // layers of an image; 1,024
	Entries   int64 // tar entries of one layer, or files and directories of a file system; 4,194,304
	LayerSize int64 // bytes of one uncompressed layer; 64 GiB
	Ratio     int64 // bytes of a layer for each that is stored, beyond its first GiB; 1,200, which no gzip stream reaches
	Packages  int64 // packages, fragments, findings and records of one layer, or of a file system; 1,048,576
	Names     int64 // bytes of the names and link targets of the entries of all layers; what two names in a row share counts once; with a list, their attributes, too; 96 MiB
	Results   int64 // bytes of memory of the results of all layers; 1 GiB, and for layers that store S bytes at most 16 MiB + 96 S
	Path      int   // bytes of a path; entries with longer ones are reported; 4,096
	Depth     int   // elements of a path; entries with more are reported; 512

	// Passes is how often a scan may read a layer. With 2, the default, it reads a layer again if links give a file a name that
	// an analyzer wants, after the content had passed under another name. With 1 it reports such files.
	Passes int
}

func (l Limits) withDefaults() Limits {
	limit.Default(&l.FileSize, 256<<20)
	limit.Default(&l.Memory, content.DefaultMemory)
	limit.Default(&l.Inflated, content.DefaultInflated)
	limit.Default(&l.Entries, 4<<20)
	limit.Default(&l.LayerSize, 64<<30)
	limit.Default(&l.Packages, 1<<20)
	limit.Default(&l.Names, 96<<20)
	limit.Default(&l.Results, 1<<30)
	limit.Default(&l.Layers, 1024)
	limit.Default(&l.Path, 4096)
	limit.Default(&l.Depth, 512)
	limit.Default(&l.Passes, 2)
	return l
}

// walk returns the limits of a walk over one layer.
func (l Limits) walk() walk.Limits {
	return walk.Limits{Entries: l.Entries, Bytes: l.LayerSize, Ratio: l.Ratio, Path: l.Path, Depth: l.Depth}
}
