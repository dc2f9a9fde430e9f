package rpmdb

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/adler32"
	"slices"
)

// The layout of NDB follows rpm's lib/backend/ndb/rpmpkg.c. Numbers are little-endian, and structures are aligned to blocks of
// 16 bytes. The first pages hold slots of 16 bytes, which locate the blobs. The file's header takes the first two slots.
//
//	header  "RpmP" version generation slot-pages next-index, 12 unused bytes
//	slot    "Slot" index block block-count
//	blob    "BlbS" index time length, the header, padding with zeros, Adler-32 of these, length, "BlbE"
const (
	ndbMagic     = "RpmP"
	ndbSlotMagic = "Slot"
	ndbBlobMagic = "BlbS"
	ndbTailMagic = "BlbE"

	ndbPage     = 4096
	ndbBlock    = 16
	ndbBlobHead = 16
	ndbBlobTail = 12
)

type ndb struct {
	file      file
	slotPages uint32
}

type ndbSlot struct{ index, block, blocks uint32 }

func openNDB(f file, head []byte) (*ndb, error) {
	if len(head) < 32 {
		return nil, fmt.Errorf("file header: %w", errPastEnd)
	}
	if v := binary.LittleEndian.Uint32(head[4:]); v != 0 {
		return nil, fmt.Errorf("file header: NDB version %d: %w", v, ErrUnsupported)
	}
	return &ndb{f, binary.LittleEndian.Uint32(head[12:])}, nil
}

func (db *ndb) records(yield func(record, error) bool) {
	fail := func(err error) bool { return yield(record{}, err) }
	pages := int64(db.slotPages)
	if most := db.file.size / ndbPage; pages > most {
		if !fail(fmt.Errorf("%d pages of slots, at most %d fit: %w", pages, most, errPastEnd)) {
			return
		}
		pages = most
	}
	slots, pages, ok := db.slots(pages, fail)
	if !ok {
		return
	}
	// In the order of blocks, which is rpm's order, too, overlapping blobs are adjacent.
	slices.SortStableFunc(slots, func(a, b ndbSlot) int { return cmp.Compare(a.block, b.block) })
	free := pages * (ndbPage / ndbBlock)
	var blob []byte
	for _, s := range slots {
		var err error
		first, end := int64(s.block), int64(s.block)+int64(s.blocks)
		switch {
		case first < free:
			err = fmt.Errorf("block %d: in use by slots or by another header", first)
		case end > db.file.size/ndbBlock:
			err = fmt.Errorf("blocks %d to %d: %w", first, end, errPastEnd)
		default:
			free = end
			blob, err = db.blob(s, blob)
		}
		rec := record{instance: s.index}
		switch {
		case err == nil || errors.Is(err, errChecksum):
			rec.blob = blob[ndbBlobHead:]
		default:
			err = fmt.Errorf("header %d: %w", s.index, err)
		}
		if !yield(rec, err) {
			return
		}
	}
}

// slots returns the slots in use and the number of their pages. It stops at a page without slots. It returns false if the
// caller stopped.
func (db *ndb) slots(pages int64, fail func(error) bool) ([]ndbSlot, int64, bool) {
	var slots []ndbSlot
	page := make([]byte, ndbPage)
	for p := range pages {
		if err := db.file.read(page, p*ndbPage); err != nil {
			return slots, p, fail(fmt.Errorf("page %d: %w", p, err))
		}
		bad := 0
		for off := 0; off < ndbPage; off += 16 {
			b := page[off : off+16]
			s := ndbSlot{binary.LittleEndian.Uint32(b[4:]), binary.LittleEndian.Uint32(b[8:]), binary.LittleEndian.Uint32(b[12:])}
			switch {
			case p == 0 && off < 32: // the file's header
			case string(b[:4]) != ndbSlotMagic:
				bad++
			case s.block != 0:
				slots = append(slots, s)
			}
		}
		if bad != 0 && !fail(fmt.Errorf("page %d: %d slots without magic bytes", p, bad)) {
			return nil, p, false
		}
		if bad == ndbPage/16 {
			return slots, p, true
		}
	}
	return slots, pages, true
}

var errChecksum = errors.New("checksum does not match")

// blob reads the blob of a slot into buf, which it may replace, and removes the tail. It returns the content even with
// errChecksum.
func (db *ndb) blob(s ndbSlot, buf []byte) ([]byte, error) {
	size := int64(s.blocks) * ndbBlock
	if size > MaxHeader {
		return buf, fmt.Errorf("%d bytes: %w", size, ErrTooLarge)
	}
	if size < ndbBlobHead+ndbBlobTail {
		return buf, fmt.Errorf("%d blocks", s.blocks)
	}
	if err := db.file.blob.reserve(size); err != nil {
		return buf, err
	}
	buf = slices.Grow(buf[:0], int(size))[:size] // the caller checked that the file has size bytes
	if err := db.file.read(buf, int64(s.block)*ndbBlock); err != nil {
		return buf, fmt.Errorf("block %d: %w", s.block, err)
	}
	tail := buf[size-ndbBlobTail:]
	length := binary.LittleEndian.Uint32(buf[12:])
	switch {
	case string(buf[:4]) != ndbBlobMagic || string(tail[8:]) != ndbTailMagic:
		return buf, fmt.Errorf("block %d: no blob", s.block)
	case binary.LittleEndian.Uint32(buf[4:]) != s.index:
		return buf, fmt.Errorf("block %d: the blob of header %d", s.block, binary.LittleEndian.Uint32(buf[4:]))
	case (int64(length)+ndbBlobHead+ndbBlobTail+ndbBlock-1)/ndbBlock != int64(s.blocks) ||
		binary.LittleEndian.Uint32(tail[4:]) != length:
		return buf, fmt.Errorf("block %d: %d bytes in %d blocks", s.block, length, s.blocks)
	}
	var err error
	if adler32.Checksum(buf[:size-ndbBlobTail]) != binary.LittleEndian.Uint32(tail) {
		err = fmt.Errorf("block %d: %w", s.block, errChecksum)
	}
	return buf[:ndbBlobHead+length], err
}
