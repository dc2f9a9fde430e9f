package image

import "fmt"

// Limits bound what one layer may make a reader do. Zero fields mean the defaults.
type Limits struct {
	Entries int64 // tar entries; 4,194,304
	Bytes   int64 // bytes of the uncompressed stream; 64 GiB
	Ratio   int64 // uncompressed bytes for each stored one, beyond the first GiB; 1,200, which no gzip stream reaches
	Path    int   // bytes of a path; entries with longer ones are Refused; 4,096
	Depth   int   // elements of a path; entries with more are Refused; 512
}

func (l Limits) withDefaults() Limits {
	if l.Entries <= 0 {
		l.Entries = 4 << 20
	}
	if l.Bytes <= 0 {
		l.Bytes = 64 << 30
	}
	if l.Ratio <= 0 {
		l.Ratio = 1200
	}
	if l.Path <= 0 {
		l.Path = 4096
	}
	if l.Depth <= 0 {
		l.Depth = 512
	}
	return l
}

// A LimitError says that an image exceeds a limit, so that reading it was given up.
type LimitError struct {
	What  string // "tar entries"
	Limit int64
}

func (e *LimitError) Error() string { return fmt.Sprintf("more than %d %s", e.Limit, e.What) }

// A DigestError says that a layer's bytes are not those that the image names.
type DigestError struct {
	Want, Got string // "sha256:..."
}

func (e *DigestError) Error() string {
	return fmt.Sprintf("its content has digest %s, but the image names %s", e.Got, e.Want)
}
