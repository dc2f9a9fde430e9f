package db

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
)

// The file, version 2.
//
//	header     8 bytes   the magic "HULLMARK"
//	blocks               of advisories, then of enrichments
//	pages                of the index: of advisories, then of enrichments
//	root                 of the index
//	footer     64 bytes
//	signatures 128 bytes each, 0 to 16 of them
//
// Blocks, pages and the root are one zstd frame each, with the content size and without a dictionary. They follow one another without gaps.
//
// The footer has little-endian numbers:
//
//	 0   8   offset of the root in the file
//	 8   4   stored (compressed) length of the root
//	12   4   raw (decompressed) length of the root
//	16  32   SHA-256 of the stored root
//	48   4   format version, 2
//	52   4   feature flags; a reader rejects a file with an unknown flag; no flags are defined so far
//	56   8   the magic again
//
// The footer authenticates the file: it has the hash of the root, the root has the hashes of all pages, and a page has those of its blocks. Their
// offsets follow from their lengths. So a signature covers the footer. A signature:
//
//	 0   8   time of signing, Unix seconds, little-endian
//	 8  32   the Ed25519 public key
//	40  64   the Ed25519 signature (RFC 8032) of "hullmark database\n", the time above, and the footer
//	104 16   zeros
//	120  8   the magic "HULLSIGN"
//
// Signatures follow the footer. So signing needs no second file, which could get lost, and changes no byte of the first.
//
// Numbers inside blocks and the index are unsigned varints (see encoding/binary). Signed numbers are zigzag varints. A string in the index is its
// length and its bytes. A time is 0 if unknown, and otherwise 1 plus the zigzag form of its Unix seconds. A float is an IEEE 754 double with its
// eight bytes reversed, as a varint.
//
// # Index
//
// The index has two levels, so that a reader of a remote file does not need all of it. It stores rows in columns. A piece is the columns stored
// length, raw length, and SHA-256 of the stored bytes (32 bytes). A run is the columns stored length of all blocks, and count of blocks. Packages
// are a column of type, namespace and name, each as the count of bytes that it shares with the one before in the same position, the length of the
// rest, and the rest. Identifiers are the columns year and number. The root, raw:
//
//	count of feeds; each, not in columns: name, URL, fingerprint (strings), time of its data, counts of its records, of
//	  withdrawn and of bad ones
//	count of coverage rows; each, not in columns: type, namespace, release, feed (strings), time of the data, flags
//	  (1: end of life), count of advisories
//	count of pages of advisories; the piece of the page, the run that it describes, count of advisories, count of
//	  ranges, first package
//	count of pages of enrichments; the piece of the page, the run that it describes, count of enrichments, feed (string),
//	  first identifier
//
// A page of advisories, raw:
//
//	count of blocks; piece, count of advisories, count of ranges, flags (1: the block begins within the package that
//	  ends the block before; never of the first), first package
//	length of a filter in bytes, and the filter
//
// A page of enrichments, raw:
//
//	count of blocks; piece, count of enrichments, first identifier
//
// Feeds are sorted by all their fields, and coverage rows by type, namespace, release and feed.
//
// The filter is a Bloom filter over the packages of a page. Most lookups are for packages without advisories, and end here. Let h be the 64-bit
// FNV-1a hash of type, namespace and name, each followed by a zero byte, and n the number of the filter's bits. A package sets the bits
// (h + i*(h>>32|1)) mod n, for i from 0 to 4 and in arithmetic modulo 2^64. Bit b is bit b mod 8 of byte b/8. An empty filter excludes nothing.
//
// # Order
//
// Advisories are sorted by type, namespace, name, ID, feed and release, in the order of bytes. The ID precedes the release to make the file small:
// all releases of a package share the facts about a vulnerability. A lookup finds and reads a package with all of its releases.
//
// An enrichment is about one CVE identifier by one feed. The year 0 stands for the identifiers of exploits without a CVE, "EDB-16929".
// Enrichments are sorted by feed, year and number. A block, and a page, has enrichments of
// one feed only. So data that changes every day, such as EPSS, does not change the blocks of other feeds.
//
// # Block of advisories
//
// Raw, in tables that are stored column by column. A reference is the index of a row in an earlier table:
//
//	strings    count without the empty string, which is always the first; total expanded length; then columns: count of
//	           bytes shared with the string before (at most 255), length of the rest; then all the rests. Sorted by
//	           their bytes.
//	severities count; columns: source, vector, word (strings), level, score (float)
//	ranges     count; columns: introduced, fixed, last affected, repository (strings)
//	notes      facts about a vulnerability. Count; columns: ID (string, signed difference to the one before), feed,
//	           summary (strings), published, modified (times), aliases (ascending), URLs (lists of strings), kind,
//	           weaknesses (ascending list of strings)
//	verdicts   facts about a vulnerability in a package of a release. Count; columns: status, reason (string),
//	           severities (list), ranges (list of back references), versions, updates (ascending lists of strings),
//	           parts (list of strings: for each part its path, its symbols, an empty string, its systems, an empty string)
//	packages   count; columns: type, namespace, name (strings), count of entries
//	entries    one for each vulnerability of a package; columns: note (back reference), count of advisories
//	advisories columns: release (string), verdict (back reference)
//
// A list is a column of counts, followed by a column of all its references. In an ascending list, every reference except the first is the
// difference to the one before. A back reference counts back from the newest row that the column has named: 0 is the row after it, which becomes
// the newest, 1 is the newest, and 2 the one before. The rows of a table are in the order of the first references to them. So most back references
// are 0, and every row is used.
//
// # Block of enrichments
//
// Raw:
//
//	strings    as above
//	severities as above
//	columns    a byte, the sum of the columns that follow the identifiers: 1 estimates, 2 days, 4 exploits, 8 severities,
//	           16 weaknesses, 32 aliases, 64 titles
//	count of enrichments, n; then columns of n values each:
//	  year: the difference to the year before; the first is the year
//	  number: the difference to the number before if the year is the same, and otherwise the number
//	  estimates  a table of all pairs of a probability and a percentile, each in units of 1/100,000 and 0 if unknown, in
//	             ascending order. Count; columns: difference to the probability before, signed difference to the
//	             percentile before. Then n references to it
//	  days       0 if the vulnerability is not known to be exploited, and otherwise 1 plus the zigzag form of the day since
//	             the Unix epoch on which it became known; then 1 if ransomware uses it, and otherwise 0
//	  exploits   ascending lists of strings
//	  severities lists
//	  weaknesses ascending lists of strings
//	  aliases    ascending lists of strings
//	  titles     strings
//
// # Boundaries
//
// Readers accept any boundaries of blocks. A builder begins a block at packages whose name has certain hashes, and when a block gets too large. So
// a small change of the data changes few blocks, and an updater that compares the hashes of two indexes fetches only those. For the same reason,
// blocks do not refer to other blocks.
const (
	magic      = "HULLMARK"
	version    = 2
	footerSize = 64
	blockAt    = int64(len(magic)) // offset of the first block

	signatureMagic   = "HULLSIGN"
	signatureSize    = 128
	signatureContext = "hullmark database\n"
	maxSignatures    = 16
)

// Bounds on the sizes in a file. The builder stays far below them.
const (
	maxBlock    = 4 << 20  // raw bytes of a block
	maxExpanded = 16 << 20 // bytes of a block's strings
	maxItems    = 4 << 20  // aliases, URLs, severities, ranges and versions of all advisories of a block, including repeated ones
	maxIndex    = 64 << 20 // raw bytes of the root
)

// Errors of files. Other errors are those of the reader.
var (
	ErrNotDatabase = errors.New("not a database")                 // another kind of file
	ErrUnsupported = errors.New("unsupported format")             // another version of the format, or an unknown feature flag
	ErrOutdated    = fmt.Errorf("%w: outdated", ErrUnsupported)   // an older version of the format
	ErrCorrupt     = errors.New("corrupt")                        // damaged or cut off
	errHash        = fmt.Errorf("%w: hash mismatch", ErrCorrupt)  // the stored bytes have changed
	errShort       = fmt.Errorf("%w: unexpected end", ErrCorrupt) // the file is too short
)

// A footer is the last 64 bytes of a file.
type footer struct {
	offset      int64 // offset of the index
	stored, raw uint32
	hash        [sha256.Size]byte // hash of the stored index
	flags       uint32
}

func (f *footer) append(b []byte) []byte {
	b = binary.LittleEndian.AppendUint64(b, uint64(f.offset))
	b = binary.LittleEndian.AppendUint32(b, f.stored)
	b = binary.LittleEndian.AppendUint32(b, f.raw)
	b = append(b, f.hash[:]...)
	b = binary.LittleEndian.AppendUint32(b, version)
	b = binary.LittleEndian.AppendUint32(b, f.flags)
	return append(b, magic...)
}

// parseFooter reads the footer b of a file of size bytes.
func parseFooter(b []byte, size int64) (footer, error) {
	var f footer
	if string(b[56:]) != magic {
		return f, fmt.Errorf("%w: no footer: cut off, or another kind of file", ErrNotDatabase)
	}
	if v := binary.LittleEndian.Uint32(b[48:]); v != version {
		kind := ErrUnsupported
		if v < version {
			kind = ErrOutdated
		}
		return f, fmt.Errorf("%w: format version %d instead of %d", kind, v, version)
	}
	if f.flags = binary.LittleEndian.Uint32(b[52:]); f.flags != 0 {
		return f, fmt.Errorf("%w: feature flags %#x", ErrUnsupported, f.flags)
	}
	f.offset = int64(binary.LittleEndian.Uint64(b))
	f.stored = binary.LittleEndian.Uint32(b[8:])
	f.raw = binary.LittleEndian.Uint32(b[12:])
	copy(f.hash[:], b[16:])
	if f.offset < blockAt || f.offset > size || f.offset+int64(f.stored)+footerSize != size {
		return f, fmt.Errorf("%w: footer: wrong offset of the index", ErrCorrupt)
	}
	if f.raw > maxIndex || f.stored > maxIndex {
		return f, fmt.Errorf("%w: footer: index of %d bytes", ErrCorrupt, f.raw)
	}
	return f, nil
}
