package scan

import "github.com/hullmark/hullmark/analyzer/image"

// Limits bound what an image may make a scan do. Zero fields mean the defaults, which real images do not reach.
//
// Memory for file contents is at most the larger of Memory and FileSize, plus 5 MiB for each layer read at once, plus, for
// layers with files that are read together with siblings (see Info.With), at most Memory for those. What analyzers
// inflate from files (see [File.Hold]) is at most Memory in one of them and 8 MiB in each other at work. What is kept of a
// layer's names is 8 bytes an entry and the names of its directories and links.
type Limits struct {
	FileSize  int64 // bytes of a file that analyzers read; larger ones are reported; 256 MiB
	Memory    int64 // bytes of file contents held at once, over all layers; 128 MiB, of which files that are no larger take a quarter
	Inflated  int64 // bytes to which one file may inflate in an analyzer, counted by File.Hold; 1 GiB
	Layers    int   // layers of an image; 1,024
	Entries   int64 // tar entries of one layer, or files and directories of a file system; 4,194,304
	LayerSize int64 // bytes of one uncompressed layer; 64 GiB
	Ratio     int64 // bytes of a layer for each that is stored, beyond its first GiB; 1,200, which no gzip stream reaches
	Packages  int64 // packages, fragments and findings of one layer, or of a file system; 1,048,576
	Path      int   // bytes of a path; entries with longer ones are reported; 4,096
	Depth     int   // elements of a path; entries with more are reported; 512

	// Passes is how often a layer may be read: 2, the default, allows a second pass over layers where a wanted name is a
	// hard link to content under another name that had already passed; with 1 such names are reported.
	Passes int
}

func (l Limits) withDefaults() Limits {
	set := func(v *int64, d int64) {
		if *v <= 0 {
			*v = d
		}
	}
	set(&l.FileSize, 256<<20)
	set(&l.Memory, 128<<20)
	set(&l.Inflated, 1<<30)
	set(&l.Entries, 4<<20)
	set(&l.LayerSize, 64<<30)
	set(&l.Packages, 1<<20)
	if l.Layers <= 0 {
		l.Layers = 1024
	}
	if l.Path <= 0 {
		l.Path = 4096
	}
	if l.Depth <= 0 {
		l.Depth = 512
	}
	if l.Passes <= 0 {
		l.Passes = 2
	}
	return l
}

func (l Limits) image() image.Limits {
	return image.Limits{Entries: l.Entries, Bytes: l.LayerSize, Ratio: l.Ratio, Path: l.Path, Depth: l.Depth}
}
