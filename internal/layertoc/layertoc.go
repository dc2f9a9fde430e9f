// Package layertoc reads the table of contents at the end of an eStargz or zstd:chunked layer, and single files of such a layer
// without reading the rest.
//
// A table must match the digest in an annotation of the layer's descriptor, and a file must match the digest in the table.
//
// Sources: "eStargz: Standard-Compatible Extension to Tar.gz Layers for Lazy Pulling Container Images" in the documentation of
// stargz-snapshotter, and "zstd:chunked" in the documentation of containers/storage.
package layertoc

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/hullmark/hullmark/internal/inflate"
	"github.com/hullmark/hullmark/internal/jsonstream"
)

// A format is a kind of layer with a table.
type format uint8

const (
	eStargz format = iota
	zstdChunked
)

// A Ref identifies the table of a layer. It comes from the layer's annotations.
type Ref struct {
	Digest string // digest of the table, "sha256:..."

	format format
	offset int64 // offset of the table, zstd:chunked only
	stored int64 // length of the table
	raw    int64 // length of the decompressed table
}

// Annotations of layers. Those of zstd:chunked have a prefix, "io.github.containers." or the older "io.containers.".
const (
	stargzDigest    = "containerd.io/snapshot/stargz/toc.digest"
	chunkedDigest   = "zstd-chunked.manifest-checksum"
	chunkedPosition = "zstd-chunked.manifest-position"
)

// FromAnnotations returns the Ref in annotations, or false if they have no valid one.
func FromAnnotations(annotations map[string]string) (Ref, bool) {
	if d := annotations[stargzDigest]; validDigest(d) {
		return Ref{Digest: d, format: eStargz}, true
	}
	for _, prefix := range []string{"io.github.containers.", "io.containers."} {
		r := Ref{Digest: annotations[prefix+chunkedDigest], format: zstdChunked}
		if validDigest(r.Digest) && r.at(annotations[prefix+chunkedPosition]) {
			return r, true
		}
	}
	return Ref{}, false
}

// at reads "offset:stored length:raw length:1".
func (r *Ref) at(place string) bool {
	list := strings.Split(place, ":")
	if len(list) != 4 || list[3] != "1" {
		return false
	}
	for i, to := range []*int64{&r.offset, &r.stored, &r.raw} {
		n, err := strconv.ParseInt(list[i], 10, 64)
		if err != nil || n < 0 {
			return false
		}
		*to = n
	}
	return r.stored > 0
}

func validDigest(d string) bool {
	h, ok := strings.CutPrefix(d, "sha256:")
	_, err := hex.DecodeString(h)
	return ok && err == nil && len(h) == 2*sha256.Size
}

// An Opener opens n bytes of a layer from offset on.
type Opener func(offset, n int64) (io.ReadCloser, error)

// MaxTable is the size of the largest decompressed table in bytes: enough for half a million files.
const MaxTable = 128 << 20

// ErrDamaged reports a table that does not match its format or digest. A caller may still read the whole layer.
var ErrDamaged = errors.New("damaged table of contents")

func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrDamaged, fmt.Sprintf(format, args...))
}

// A Table lists the entries of a layer.
type Table struct {
	Entries []Entry // in the order of the layer

	format format
	open   Opener
}

// An Entry is an entry of the layer's tar stream.
type Entry struct {
	Name, Linkname     string
	Type               byte // as in tar.Header.Typeflag
	Mode, Size         int64
	DevMajor, DevMinor int64
	UID, GID           int
	Digest             string // digest of the content, "sha256:..."; "" without content

	modTime time.Time
	xattrs  map[string][]byte
	pieces  []piece
}

// Header returns the tar header of the entry, with the fields that the table has.
func (e *Entry) Header() *tar.Header {
	h := &tar.Header{
		Typeflag: e.Type, Name: e.Name, Linkname: e.Linkname, Mode: e.Mode, Size: e.Size, Devmajor: e.DevMajor, Devminor: e.DevMinor,
		Uid: e.UID, Gid: e.GID, ModTime: e.modTime,
	}
	for name, value := range e.xattrs {
		if h.PAXRecords == nil {
			h.PAXRecords = make(map[string]string, len(e.xattrs))
		}
		h.PAXRecords["SCHILY.xattr."+name] = string(value)
	}
	return h
}

// A piece is a run of bytes of a file.
type piece struct {
	offset, end int64 // in the layer: a gzip member or zstd frame begins at offset, and ends before end
	inner       int64 // bytes of that member before the piece
	size        int64 // bytes of the file
	zeros       bool  // not stored, because all bytes are zero
}

// Read reads the table of a layer of size bytes. It returns an error if the table has more than maxEntries entries.
func Read(ref Ref, size, maxEntries int64, open Opener) (*Table, error) {
	var raw []byte
	var end int64 // end of the files in the layer
	var err error
	switch ref.format {
	case eStargz:
		raw, end, err = readStargz(size, open)
	default:
		raw, err = readChunked(ref, size, open)
		end = ref.offset
	}
	if err != nil {
		return nil, err
	}
	if ref.format == eStargz { // readChunked checks the digest of the compressed bytes
		if got := digest(raw); got != ref.Digest {
			return nil, damaged("digest %s, want %s", got, ref.Digest)
		}
	}
	t := &Table{format: ref.format, open: open}
	return t, t.parse(raw, end, maxEntries)
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return "sha256:" + hex.EncodeToString(sum[:])
}

const (
	stargzFooter = 51 // bytes of an empty gzip member whose extra field holds the offset of the table
	stargzName   = "stargz.index.json"
)

// readStargz returns the JSON of an eStargz layer's table and the offset of the table.
func readStargz(size int64, open Opener) (raw []byte, at int64, err error) {
	if size < stargzFooter {
		return nil, 0, damaged("no footer")
	}
	foot, err := readAll(open, size-stargzFooter, stargzFooter)
	if err != nil {
		return nil, 0, err
	}
	z, err := gzip.NewReader(bytes.NewReader(foot))
	if err != nil {
		return nil, 0, damaged("footer: %v", err)
	}
	// RFC 1952: a subfield has two bytes of identifier and two of length. "SG", 22, 16 hexadecimal digits and "STARGZ".
	extra := z.Extra
	if len(extra) != 26 || string(extra[:4]) != "SG\x16\x00" || string(extra[20:]) != "STARGZ" {
		return nil, 0, damaged("no footer")
	}
	if at, err = strconv.ParseInt(string(extra[4:20]), 16, 64); err != nil || at < 0 || at > size-stargzFooter {
		return nil, 0, damaged("footer: offset %q", extra[4:20])
	}
	stored := size - stargzFooter - at
	if stored == 0 || stored > MaxTable {
		return nil, 0, damaged("%d bytes", stored)
	}
	rc, err := open(at, stored)
	if err != nil {
		return nil, 0, err
	}
	defer rc.Close()
	content := inflate.NewReader(rc, inflate.Gzip)
	defer content.Close()
	t := tar.NewReader(content)
	h, err := t.Next()
	if err != nil || h.Name != stargzName {
		return nil, 0, damaged("no %s: %v", stargzName, err)
	}
	raw, err = limited(t)
	return raw, at, err
}

// readChunked returns the JSON of a zstd:chunked layer's table.
func readChunked(ref Ref, size int64, open Opener) ([]byte, error) {
	if ref.stored > MaxTable || ref.raw > MaxTable || ref.offset > size-ref.stored {
		return nil, damaged("%d bytes at offset %d", ref.stored, ref.offset)
	}
	b, err := readAll(open, ref.offset, ref.stored)
	if err != nil {
		return nil, err
	}
	if got := digest(b); got != ref.Digest {
		return nil, damaged("digest %s, want %s", got, ref.Digest)
	}
	z, err := zstd.NewReader(bytes.NewReader(b), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(MaxTable))
	if err != nil {
		return nil, damaged("%v", err)
	}
	defer z.Close()
	return limited(z)
}

func limited(r io.Reader) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, MaxTable+1))
	if err != nil {
		return nil, damaged("%v", err)
	}
	if len(b) > MaxTable {
		return nil, damaged("more than %d bytes", MaxTable)
	}
	return b, nil
}

func readAll(open Opener, offset, n int64) ([]byte, error) {
	rc, err := open(offset, n)
	if err != nil {
		return nil, err
	}
	defer rc.Close()
	b := make([]byte, n)
	if _, err := io.ReadFull(rc, b); err != nil {
		return nil, err
	}
	return b, nil
}

// A row is an entry of a table in the JSON of both formats.
type row struct {
	Type        string
	Name        string
	LinkName    string
	Mode        int64
	Size        int64
	DevMajor    int64
	DevMinor    int64
	UID         int
	GID         int
	ModTime     *time.Time
	Xattrs      map[string][]byte
	Offset      int64
	InnerOffset int64 // eStargz only
	ChunkOffset int64
	ChunkSize   int64
	ChunkType   string // zstd:chunked only
	Digest      string
}

var types = map[string]byte{
	"dir": tar.TypeDir, "reg": tar.TypeReg, "symlink": tar.TypeSymlink, "hardlink": tar.TypeLink,
	"char": tar.TypeChar, "block": tar.TypeBlock, "fifo": tar.TypeFifo,
}

// parse reads the JSON of a table whose files lie before end.
func (t *Table) parse(raw []byte, end, maxEntries int64) error {
	var offsets []int64
	found := false
	r := jsonstream.New(raw)
	err := r.Object(func(name string) error {
		if name != "entries" {
			return r.Skip()
		}
		found = true
		return r.Array(func() error {
			var e row
			bad, err := r.Decode(&e)
			if err != nil {
				return err
			}
			if bad != nil {
				return fmt.Errorf("entry %d: %w", len(t.Entries), bad)
			}
			return t.add(&e, &offsets, maxEntries)
		})
	})
	switch {
	case err != nil:
		return damaged("%v", err)
	case !found:
		return damaged("no entries")
	}
	return t.place(offsets, end)
}

// add adds the entry of a row, or the chunk of a row to the entry before. It appends the offset of the chunk to offsets.
func (t *Table) add(r *row, offsets *[]int64, maxEntries int64) error {
	p := piece{offset: r.Offset, inner: r.InnerOffset, size: r.ChunkSize, zeros: r.ChunkType == "zeros"}
	if r.Type == "chunk" {
		if len(t.Entries) == 0 || t.Entries[len(t.Entries)-1].Name != r.Name {
			return fmt.Errorf("a chunk of %.100q without the file", r.Name)
		}
	} else {
		if int64(len(t.Entries)) == maxEntries {
			return fmt.Errorf("more than %d entries", maxEntries)
		}
		kind, ok := types[r.Type]
		if !ok {
			kind = 0xff // an unknown type of tar, too
		}
		if r.Size < 0 {
			return fmt.Errorf("%.100q: %d bytes", r.Name, r.Size)
		}
		if kind != tar.TypeReg {
			r.Size = 0 // only regular files have content
		}
		if r.ModTime == nil {
			r.ModTime = new(time.Time)
		}
		t.Entries = append(t.Entries, Entry{
			Type: kind, Name: r.Name, Linkname: r.LinkName, Mode: r.Mode, Size: r.Size,
			DevMajor: r.DevMajor, DevMinor: r.DevMinor, UID: r.UID, GID: r.GID, Digest: r.Digest,
			modTime: *r.ModTime, xattrs: r.Xattrs,
		})
	}
	if e := &t.Entries[len(t.Entries)-1]; e.Type == tar.TypeReg && e.Size != 0 {
		if p.size == 0 { // the rest of the file
			p.size = e.Size - r.ChunkOffset
		}
		e.pieces = append(e.pieces, p)
		if !p.zeros {
			*offsets = append(*offsets, p.offset)
		}
	}
	return nil
}

// place sets the end of each piece to the offset of the next one. It checks that all pieces are before end and in the order of
// the table, so that reading them in this order decompresses nothing twice.
func (t *Table) place(offsets []int64, end int64) error {
	offsets = append(offsets, end)
	slices.Sort(offsets)
	var last piece
	for i := range t.Entries {
		e := &t.Entries[i]
		total := int64(0)
		for k := range e.pieces {
			p := &e.pieces[k]
			if p.size < 0 || p.size > e.Size-total {
				return damaged("%.100q: a chunk of %d bytes in a file of %d", e.Name, p.size, e.Size)
			}
			total += p.size
			if p.zeros {
				continue
			}
			if p.offset < last.offset || p.inner < 0 || p.offset == last.offset && p.inner < last.inner+last.size || p.offset >= end {
				return damaged("%.100q: offset %d", e.Name, p.offset)
			}
			last = *p
			next, _ := slices.BinarySearch(offsets, p.offset+1)
			p.end = offsets[next]
		}
		if e.Type == tar.TypeReg && total != e.Size {
			return damaged("%.100q: chunks of %d bytes in a file of %d", e.Name, total, e.Size)
		}
		if len(e.pieces) > 0 && !validDigest(e.Digest) {
			return damaged("%.100q has no digest", e.Name)
		}
	}
	return nil
}
