package walk

import "github.com/hullmark/hullmark/internal/limit"

// Limits bound the work of a reader for one layer. Zero fields mean the defaults.
type Limits struct {
	Entries int64 // tar entries; 4,194,304
	Bytes   int64 // bytes of the uncompressed stream; 64 GiB
	Ratio   int64 // uncompressed bytes for each stored one, beyond the first GiB; 1,200, which no gzip stream reaches
	Path    int   // bytes of a path; entries with longer ones are Refused; 4,096
	Depth   int   // elements of a path; entries with more are Refused; 512
}

func (l Limits) withDefaults() Limits {
	limit.Default(&l.Entries, 4<<20)
	limit.Default(&l.Bytes, 64<<30)
	limit.Default(&l.Ratio, 1200)
	limit.Default(&l.Path, 4096)
	limit.Default(&l.Depth, 512)
	return l
}

// Options are the limits of a walk and the hooks of the engine.
type Options struct {
	Limits

	// Unchecked lets Walk skip unwanted content of a layer that lies uncompressed in a local file, as most layers of a docker
	// archive do. That takes a fraction of the time, but Walk does not compare the layer with its digest.
	Unchecked bool

	// Finish, if not nil, runs after the last call of the walk's function, before the walk closes the source of Entry.At.
	Finish func()

	// Window, if not nil, is called before the decompressor of the layer takes memory for a larger window, in another goroutine.
	Window func(bytes int64) error

	// Progress, if not nil, receives the number of stored bytes that were read or skipped so far. It is called from any
	// goroutine, but not after the walk returns.
	Progress func(read int64)
}
