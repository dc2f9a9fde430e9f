package pluginpb

import (
	"io/fs"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/hullmark/hullmark/analyzer"
)

// The types of files in st_mode.
const (
	typeMask    = 0o170000
	typeSocket  = 0o140000
	typeLink    = 0o120000
	typeRegular = 0o100000
	typeBlock   = 0o060000
	typeDir     = 0o040000
	typeChar    = 0o020000
	typePipe    = 0o010000
)

// EncodeEntry encodes an entry; nil stays nil.
func EncodeEntry(e *analyzer.Entry) *Entry {
	if e == nil {
		return nil
	}
	p := &Entry{
		Mode: EncodeMode(e.Mode) | encodeType(e.Mode), Uid: int64(e.UID), Gid: int64(e.GID), Size: e.Size,
		Mtime: e.ModTime.Unix(), MtimeNanos: uint32(e.ModTime.Nanosecond()),
		Target: []byte(e.Target), Link: []byte(e.Link), Major: e.Major, Minor: e.Minor,
	}
	for _, name := range slices.Sorted(maps.Keys(e.Xattrs)) {
		p.Xattrs = append(p.Xattrs, &Xattr{Name: []byte(name), Value: []byte(e.Xattrs[name])})
	}
	return p
}

// DecodeEntry reverses EncodeEntry. Times are in UTC.
func DecodeEntry(p *Entry) *analyzer.Entry {
	if p == nil {
		return nil
	}
	e := &analyzer.Entry{
		Mode: DecodeMode(p.Mode) | decodeType(p.Mode), UID: saturate(p.Uid), GID: saturate(p.Gid), Size: p.Size,
		ModTime: time.Unix(p.Mtime, int64(p.MtimeNanos)).UTC(),
		Target:  string(p.Target), Link: string(p.Link), Major: p.Major, Minor: p.Minor,
	}
	if len(p.Xattrs) > 0 {
		e.Xattrs = make(map[string]string, len(p.Xattrs))
	}
	for _, x := range p.Xattrs {
		e.Xattrs[string(x.Name)] = string(x.Value)
	}
	return e
}

// EntrySize returns the approximate size of an entry in a message in bytes.
func EntrySize(e *analyzer.Entry) int {
	if e == nil {
		return 0
	}
	n := 64 + len(e.Target) + len(e.Link)
	for name, value := range e.Xattrs {
		n += len(name) + len(value) + 16
	}
	return n
}

func encodeType(m fs.FileMode) uint32 {
	switch m.Type() {
	case 0:
		return typeRegular
	case fs.ModeDir:
		return typeDir
	case fs.ModeSymlink:
		return typeLink
	case fs.ModeDevice:
		return typeBlock
	case fs.ModeDevice | fs.ModeCharDevice:
		return typeChar
	case fs.ModeNamedPipe:
		return typePipe
	case fs.ModeSocket:
		return typeSocket
	}
	return 0
}

func decodeType(u uint32) fs.FileMode {
	switch u & typeMask {
	case typeRegular:
		return 0
	case typeDir:
		return fs.ModeDir
	case typeLink:
		return fs.ModeSymlink
	case typeBlock:
		return fs.ModeDevice
	case typeChar:
		return fs.ModeDevice | fs.ModeCharDevice
	case typePipe:
		return fs.ModeNamedPipe
	case typeSocket:
		return fs.ModeSocket
	}
	return fs.ModeIrregular
}

// saturate returns n, or the nearest number that an int has. A uid of 1<<32 must not become that of root.
func saturate(n int64) int {
	return int(min(max(n, math.MinInt), math.MaxInt))
}
