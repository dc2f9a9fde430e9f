package db

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
)

// The file, version 1.
//
//	header     8 bytes   the magic "HULLMARK"
//	blocks               of advisories, then of enrichments
//	pages                of the index: of advisories, then of enrichments
//	root                 of the index
//	footer     64 bytes
//	signatures 128 bytes each, 0 to 16 of them
//
// Blocks, pages and the root are one zstd frame each, with its content's size, without a dictionary. They lie one after the
// other without gaps.
//
// The footer, its numbers little-endian:
//
//	 0   8   offset of the root in the file
//	 8   4   stored (compressed) length of the root
//	12   4   raw (decompressed) length of the root
//	16  32   SHA-256 of the stored root
//	48   4   format version, 1
//	52   4   feature flags; a reader refuses a file with a flag that it does not know; there are none so far
//	56   8   the magic again
//
// A file is authentic if its footer is: the footer holds the hash of the root, the root those of all pages, a page those of
// its blocks; and where they are follows from their lengths. The footer is therefore what is signed. A signature:
//
//	 0   8   when it was made, Unix seconds, little-endian
//	 8  32   the Ed25519 public key
//	40  64   the Ed25519 signature (RFC 8032) of "hullmark database\n", the time above, and the footer
//	104 16   zeros
//	120  8   the magic "HULLSIGN"
//
// Signatures are behind the footer so that signing needs neither a second file, which gets lost, nor any change of the first.
//
// Numbers inside blocks and the index are unsigned varints (as of encoding/binary) unless called signed, which are
// zigzag varints. A string in the index is its length and its bytes. A time is 0 where unknown, else 1 plus the zigzag
// form of its Unix seconds. A float is an IEEE 754 double with its eight bytes reversed, as a varint.
//
// # Index
//
// It has two levels, so that one who fetches a file piece by piece need not have all of it. Every number of a row stands
// in a column with those of the other rows. A piece is the columns stored length, raw length, and SHA-256 of the stored
// bytes (32 bytes); a run is the columns stored length of all blocks, and count of blocks; packages are a column of type,
// namespace and name, each as the count of bytes it shares with its predecessor in the same position, the length of the
// rest, and the rest; identifiers are the columns year and number. The root, raw:
//
//	count of feeds; each, not in columns: name, URL, fingerprint (strings), time of its data, counts of its records, of
//	  withdrawn and of bad ones
//	count of coverage rows; each, not in columns: type, namespace, release, feed (strings), time of the data, flags
//	  (1: end of life), count of advisories
//	count of pages of advisories; the piece of the page, the run that it describes, count of advisories, count of
//	  ranges, first package
//	count of pages of enrichments; the piece of the page, the run that it describes, count of enrichments, feed (string), first
//	  identifier
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
// Feeds are in order of all their fields, coverage rows in order of type, namespace, release and feed.
//
// The filter is a Bloom filter over the packages of a page: most look-ups are of packages without advisories, and end here.
// Let h be the 64-bit FNV-1a hash of type, namespace and name, each followed by a zero byte, and n the number of the
// filter's bits. Then bits (h + i*(h>>32|1)) mod n of a package are set, for i from 0 to 4 and in arithmetic modulo 2^64;
// bit b is bit b mod 8 of byte b/8. An empty filter rules nothing out.
//
// # Order
//
// Advisories are in order of type, namespace, name, id, feed and release, by their bytes. Putting the id before the
// release is what makes the file small: what is said of a vulnerability is written once for all releases of a package. It
// also means that a package is found, and read, with all of its releases.
//
// Enrichments, each one of one feed and one CVE identifier, are in order of feed, year and number. A block,
// and a page, has enrichments of one feed only: what changes every day of every identifier, such as EPSS, changes no other blocks.
//
// # Block of advisories
//
// Raw, everything in tables that are stored column by column; a reference is the index of a row in an earlier table:
//
//	strings    count, not counting the empty string, which is always the first; length of all of them expanded; then
//	           columns: count of bytes shared with the string before (at most 255), length of the rest; then all the
//	           rests. In ascending order of their bytes.
//	severities count; columns: source, vector, word (strings), level, score (float)
//	ranges     count; columns: introduced, fixed, last affected, repository (strings)
//	notes      what is said of a vulnerability itself. Count; columns: id (string, signed difference to the one
//	           before), feed, summary (strings), published, modified (times), aliases (ascending), URLs (lists of
//	           strings)
//	verdicts   what is said of it in a package of a release. Count; columns: status, reason (string), severities
//	           (list), ranges (list of back references), versions (ascending list of strings)
//	packages   count; columns: type, namespace, name (strings), count of entries
//	entries    one for each vulnerability of a package; columns: note (back reference), count of advisories
//	advisories columns: release (string), verdict (back reference)
//
// A list is a column of counts, and then a column of all its references; in an ascending list every reference but the
// first is the difference to the one before. A back reference counts back from the newest row that the column has
// named: 0 is the row after it, which becomes the newest, 1 the newest, 2 the one before. Tables are in the order in
// which later ones first refer to their rows, so that most back references are 0, and no row is unused.
//
// # Block of enrichments
//
// Raw:
//
//	strings    as above
//	severities as above
//	columns    a byte, the sum of what follows the identifiers: 1 estimates, 2 days, 4 exploits, 8 severities,
//	           16 weaknesses
//	count of enrichments, n; then columns of n values each:
//	  year: the difference to the year before; of the first, the year
//	  number: where the year is that of the enrichment before, the difference to its number, else the number
//	  estimates  a table of all pairs of a probability and a percentile, each in units of 1/100,000 and 0 where unknown, in
//	             ascending order. Count; columns: difference to the probability before, signed difference to the
//	             percentile before. Then n references to it
//	  days       0 where the vulnerability is not known to be exploited, else 1 plus the zigzag form of the day since the
//	             Unix epoch on which it became known; then 1 for one that ransomware uses, else 0
//	  exploits   ascending lists of strings
//	  severities lists
//	  weaknesses ascending lists of strings
//
// # Boundaries
//
// A reader does not care where blocks begin. A builder begins one at a package whose name hashes to one in several, or
// where a block gets too large; so a small change of the data changes few blocks, and an updater that compares the
// hashes of two indexes need fetch no more than those. Blocks refer to nothing outside of themselves for the same reason.
const (
	magic      = "HULLMARK"
	version    = 1
	footerSize = 64
	blockAt    = int64(len(magic)) // offset of the first block

	signatureMagic   = "HULLSIGN"
	signatureSize    = 128
	signatureContext = "hullmark database\n"
	maxSignatures    = 16
)

// Bounds on what a file may claim. The builder stays far below them.
const (
	maxBlock    = 4 << 20  // raw bytes of a block
	maxExpanded = 16 << 20 // bytes of a block's strings
	maxItems    = 4 << 20  // aliases, URLs, severities, ranges and versions of all advisories of a block, repeated ones too
	maxIndex    = 64 << 20 // raw bytes of the root
)

// Errors that say what is wrong with a file; others come from reading it.
var (
	ErrNotDatabase = errors.New("not a database")                 // some other file
	ErrUnsupported = errors.New("written for a newer reader")     // a version or feature flag that this reader does not know
	ErrCorrupt     = errors.New("corrupt")                        // damaged, or cut off
	errHash        = fmt.Errorf("%w: hash mismatch", ErrCorrupt)  // stored bytes are not those that were written
	errShort       = fmt.Errorf("%w: unexpected end", ErrCorrupt) // the file is shorter than it says
)

// A footer is the last 64 bytes of a file.
type footer struct {
	offset      int64 // of the index
	stored, raw uint32
	hash        [sha256.Size]byte // of the stored index
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
		return f, fmt.Errorf("%w: no footer: cut off, or some other file", ErrNotDatabase)
	}
	if v := binary.LittleEndian.Uint32(b[48:]); v != version {
		return f, fmt.Errorf("%w: format version %d, this reader knows %d", ErrUnsupported, v, version)
	}
	if f.flags = binary.LittleEndian.Uint32(b[52:]); f.flags != 0 {
		return f, fmt.Errorf("%w: feature flags %#x", ErrUnsupported, f.flags)
	}
	f.offset = int64(binary.LittleEndian.Uint64(b))
	f.stored = binary.LittleEndian.Uint32(b[8:])
	f.raw = binary.LittleEndian.Uint32(b[12:])
	copy(f.hash[:], b[16:])
	if f.offset < blockAt || f.offset > size || f.offset+int64(f.stored)+footerSize != size {
		return f, fmt.Errorf("%w: footer: index out of place", ErrCorrupt)
	}
	if f.raw > maxIndex || f.stored > maxIndex {
		return f, fmt.Errorf("%w: footer: index of %d bytes", ErrCorrupt, f.raw)
	}
	return f, nil
}
