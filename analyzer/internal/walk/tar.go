package walk

import (
	"archive/tar"
	"bytes"
	"encoding/binary"
	"io"
	"strings"
	"time"
)

const tarBlock = 512

// A tarReader reads the entries of a tar stream as archive/tar does. It reads simple entries itself, in a tenth of the time, and
// leaves others to archive/tar. An entry is simple if it is a file, directory, link or device with a single header of
// POSIX.1-1988 (ustar) or GNU tar that states nothing in an unusual way. Nearly all entries of layers are simple.
type tarReader struct {
	s    io.ReadSeeker // forward only
	h    tar.Header    // of the current entry, if it is a simple one
	left int64         // bytes of the current content that have not been read
	pad  int           // bytes between it and the next header
	buf  [1 + tarBlock + tarBlock]byte

	library *tar.Reader // reads the rest of the stream if not nil: a sparse file is stored in another form

	expanded int64 // bytes of sparse files that were read
}

// Next moves to the next entry. Its header is valid until the next call.
func (t *tarReader) Next() (*tar.Header, error) {
	if t.library != nil {
		return t.library.Next()
	}
	// One read returns the last byte of the content, as a check that the content is complete, the padding, and a header.
	if t.left > 1 {
		if _, err := t.s.Seek(t.left-1, io.SeekCurrent); err != nil {
			return nil, err
		}
		t.left = 1
	}
	last := int(t.left)
	b := t.buf[:last+t.pad+tarBlock]
	n, err := 0, error(nil)
	for n < len(b) && err == nil {
		var m int
		m, err = t.s.Read(b[n:])
		n += m
	}
	switch {
	case n == len(b):
	case err != io.EOF:
		return nil, err
	case last <= n && n <= last+t.pad: // padding may be missing at the end
		return nil, io.EOF
	default:
		return nil, io.ErrUnexpectedEOF
	}
	header := b[last+t.pad:]
	if t.simple(header) {
		t.left = t.h.Size
		t.pad = int(-t.left & (tarBlock - 1))
		return &t.h, nil
	}
	return t.readHeader(header)
}

// Read reads the content of the current entry.
func (t *tarReader) Read(p []byte) (n int, err error) {
	if t.library != nil {
		return t.library.Read(p)
	}
	if int64(len(p)) > t.left {
		p = p[:t.left]
	}
	if len(p) > 0 {
		n, err = t.s.Read(p)
		t.left -= int64(n)
	}
	switch {
	case err == io.EOF && t.left > 0:
		return n, io.ErrUnexpectedEOF
	case err == nil && t.left == 0:
		return n, io.EOF
	}
	return n, err
}

// discard skips n bytes of the content of the current entry.
func (t *tarReader) discard(n int64) error {
	if t.library != nil {
		_, err := io.CopyN(io.Discard, t.library, n)
		return err
	}
	if n > t.left {
		return io.ErrUnexpectedEOF
	}
	if n <= 0 {
		return nil
	}
	if _, err := t.s.Seek(n-1, io.SeekCurrent); err != nil {
		return err
	}
	t.left -= n - 1
	var last [1]byte // a check that the content is complete
	_, err := io.ReadFull(t, last[:])
	return err
}

// readHeader lets archive/tar read the entry that begins with a block.
func (t *tarReader) readHeader(block []byte) (*tar.Header, error) {
	r := &resumed{block: block, s: t.s}
	library := tar.NewReader(r)
	h, err := library.Next()
	if err != nil {
		return nil, err
	}
	if sparse(h) {
		r.block = nil
		t.library = library
		return h, nil
	}
	t.left = h.Size
	switch h.Typeflag {
	case tar.TypeLink, tar.TypeSymlink, tar.TypeChar, tar.TypeBlock, tar.TypeDir, tar.TypeFifo:
		t.left = 0
	case tar.TypeXGlobalHeader: // read already, but for the padding
		t.left = 0
	}
	t.pad = int(-(r.n + t.left) & (tarBlock - 1))
	return h, nil
}

// A resumed is a tar stream that begins with a block that was read before.
type resumed struct {
	block []byte
	s     io.ReadSeeker
	n     int64 // bytes returned
}

func (r *resumed) Read(p []byte) (n int, err error) {
	if len(r.block) > 0 {
		n = copy(p, r.block)
		r.block = r.block[n:]
	} else {
		n, err = r.s.Read(p)
	}
	r.n += int64(n)
	return n, err
}

func (r *resumed) Seek(offset int64, whence int) (int64, error) {
	at, err := r.s.Seek(offset, whence)
	if err == nil {
		r.n += offset
	}
	return at, err
}

// simple reads the header of a simple entry into t.h, or returns false.
func (t *tarReader) simple(b []byte) bool {
	_ = b[tarBlock-1]
	magic := string(b[257:265])
	ustar := magic == "ustar\x0000"
	if b[156] < tar.TypeReg || b[156] > tar.TypeFifo || !ustar && magic != "ustar  \x00" {
		return false
	}
	if ustar && string(b[508:512]) == "tar\x00" || !ustar && (b[345] != 0 || b[357] != 0) { // star(1); times in GNU's
		return false
	}
	sum, ok := octal(b[148:156])
	if !ok || sum != checksum(b) {
		return false
	}
	owner, ok1 := octal(b[108:116])
	group, ok2 := octal(b[116:124])
	seconds, ok3 := octal(b[136:148])
	if !ok1 || !ok2 || !ok3 {
		return false
	}
	h := &t.h
	*h = tar.Header{Typeflag: b[156], Linkname: text(b[157:257]), Uid: int(owner), Gid: int(group), ModTime: time.Unix(seconds, 0)}
	for _, field := range [...]struct {
		to *int64
		b  []byte
	}{{&h.Mode, b[100:108]}, {&h.Size, b[124:136]}, {&h.Devmajor, b[329:337]}, {&h.Devminor, b[337:345]}} {
		if *field.to, ok = octal(field.b); !ok {
			return false
		}
	}
	if h.Typeflag != tar.TypeReg {
		h.Size = 0 // there is no content, whatever the header states
	}
	h.Name = text(b[0:100])
	if ustar && b[345] != 0 {
		h.Name = text(b[345:500]) + "/" + h.Name
	}
	return true
}

// text returns a field up to its first NUL.
func text(b []byte) string {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	return string(b)
}

// octal reads a number in tar's form: blanks, digits, and blanks or NULs. It returns false for other forms.
func octal(b []byte) (n int64, ok bool) {
	i := 0
	for i < len(b) && b[i] == ' ' {
		i++
	}
	for i < len(b) && b[i]-'0' < 8 {
		n = n<<3 | int64(b[i]-'0')
		i++
	}
	for _, c := range b[i:] {
		if c != 0 && c != ' ' {
			return 0, false
		}
	}
	return n, true
}

// checksum returns the sum of a header's bytes, with blanks in the place of the sum itself.
func checksum(b []byte) int64 {
	const even = 0x00ff00ff00ff00ff
	var sum uint64 // four sums of every second byte, which 64 words do not overflow
	for i := 0; i < tarBlock; i += 8 {
		w := binary.LittleEndian.Uint64(b[i:])
		sum += w&even + w>>8&even
	}
	total := int64(sum&0xffff + sum>>16&0xffff + sum>>32&0xffff + sum>>48)
	for _, c := range b[148:156] {
		total += ' ' - int64(c)
	}
	return total
}

// sparse reports whether the content of an entry differs from the bytes after its header.
func sparse(h *tar.Header) bool {
	if h.Typeflag == tar.TypeGNUSparse {
		return true
	}
	for key := range h.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return true
		}
	}
	return false
}
