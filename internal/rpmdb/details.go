package rpmdb

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// A FileDetail describes a file of a header, with the values unchanged.
type FileDetail struct {
	Size         uint64
	Mode         uint16 // st_mode
	Device       uint16 // st_rdev
	ModTime      uint32 // seconds since 1970
	Flags        uint32 // rpmfileAttrs: FileConfig and others
	Verify       uint32 // rpmVerifyAttrs: VerifyDigest and others
	State        int8   // rpmfileState; -1 if missing
	Digest       string // hexadecimal; "" or zeros for files without content
	Target       string // target of a symbolic link
	User, Group  string
	Capabilities string // in the form of cap_text_formats(7)
}

// Values of FileDetail.State other than 0, which is an ordinary file.
const (
	StateReplaced     = 1 // a file of another package took its place
	StateNotInstalled = 2 // excluded when the package was installed, such as documentation
	StateNetShared    = 3 // below a directory that %_netsharedpath names
	StateWrongColor   = 4 // one of another architecture took its place
)

// Bits of FileDetail.Flags.
const (
	FileConfig        = 1 << 0
	FileDocumentation = 1 << 1
	FileMissingOK     = 1 << 3
	FileGhost         = 1 << 6
	FileLicense       = 1 << 7
	FileReadme        = 1 << 8
)

// Bits of FileDetail.Verify: what "rpm -V" compares.
const (
	VerifyDigest       = 1 << 0
	VerifySize         = 1 << 1
	VerifyTarget       = 1 << 2
	VerifyUser         = 1 << 3
	VerifyGroup        = 1 << 4
	VerifyModTime      = 1 << 5
	VerifyMode         = 1 << 6
	VerifyDevice       = 1 << 7
	VerifyCapabilities = 1 << 8
)

// DetailSize is the memory of a FileDetail in bytes, without its texts.
const DetailSize = 144

// digestAlgorithms are the numbers of OpenPGP in RPMTAG_FILEDIGESTALGO. A header without the tag has MD5.
var digestAlgorithms = map[uint64]string{0: "md5", 1: "md5", 2: "sha1", 8: "sha256", 9: "sha384", 10: "sha512", 11: "sha224", 12: "sha3-256", 14: "sha3-512"}

// details describes the n files of the header. It returns nil if its lists do not fit their number.
func (d *decoder) details(n int) (list []FileDetail, algorithm string) {
	if n == 0 || !d.reserveList(DetailSize/wordSize*n, 0) {
		return nil, ""
	}
	list = make([]FileDetail, n)
	number := d.number(tagFileDigestAlgo)
	algorithm, ok := digestAlgorithms[number]
	if !ok {
		algorithm = fmt.Sprintf("algorithm %d", number)
	}
	be := binary.BigEndian
	ok = d.column(tagFileSizes, typeInt32, n, func(i int, b []byte) { list[i].Size = uint64(be.Uint32(b)) }) &&
		d.column(tagLongFileSizes, typeInt64, n, func(i int, b []byte) { list[i].Size = be.Uint64(b) }) &&
		d.column(tagFileModes, typeInt16, n, func(i int, b []byte) { list[i].Mode = be.Uint16(b) }) &&
		d.column(tagFileRdevs, typeInt16, n, func(i int, b []byte) { list[i].Device = be.Uint16(b) }) &&
		d.column(tagFileMtimes, typeInt32, n, func(i int, b []byte) { list[i].ModTime = be.Uint32(b) }) &&
		d.column(tagFileFlags, typeInt32, n, func(i int, b []byte) { list[i].Flags = be.Uint32(b) }) &&
		d.column(tagFileVerifyFlags, typeInt32, n, func(i int, b []byte) { list[i].Verify = be.Uint32(b) }) &&
		d.words(tagFileDigests, n, func(i int, s string) { list[i].Digest = s }) &&
		d.words(tagFileLinkTos, n, func(i int, s string) { list[i].Target = s }) &&
		d.words(tagFileUserName, n, func(i int, s string) { list[i].User = s }) &&
		d.words(tagFileGroupName, n, func(i int, s string) { list[i].Group = s }) &&
		d.words(tagFileCaps, n, func(i int, s string) { list[i].Capabilities = s })
	if !ok {
		return nil, ""
	}
	if _, known := d.fields.find(tagFileStates); !known {
		for i := range list {
			list[i].State = -1
		}
	} else if !d.column(tagFileStates, typeChar, n, func(i int, b []byte) { list[i].State = int8(b[0]) }) {
		return nil, ""
	}
	return list, algorithm
}

// column calls set with each of the n numbers of a field. It returns false if the field has another number or type.
func (d *decoder) column(tag Tag, kind valueType, n int, set func(i int, b []byte)) bool {
	f, ok := d.fields.find(tag)
	if !ok {
		return true
	}
	if f.kind == typeInt8 && kind == typeChar {
		kind = typeInt8
	}
	if f.kind != kind || int64(f.count) != int64(n) {
		d.note(fmt.Errorf("tag %d: type %d, count %d, want type %d for %d files", tag, f.kind, f.count, kind, n))
		return false
	}
	size := int(kind.size())
	for i := range n {
		set(i, d.fields.data[int(f.offset)+i*size:])
	}
	return true
}

// words calls set with each of the n strings of a field. They share one allocation. Equal neighbours are one string.
func (d *decoder) words(tag Tag, n int, set func(i int, s string)) bool {
	b, count, err := d.fields.strings(tag)
	d.note(err)
	if err != nil {
		return false
	}
	if count == 0 {
		return true
	}
	if count != n {
		d.note(fmt.Errorf("tag %d: %d strings for %d files", tag, count, n))
		return false
	}
	if !d.reserveList(0, len(b)) {
		return false
	}
	all := string(b)
	for i := range n {
		s, rest, _ := strings.Cut(all, "\x00")
		set(i, s)
		all = rest
	}
	return true
}
