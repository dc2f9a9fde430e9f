package rpmdb

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The layout follows "WAL-mode File Format" in SQLite's documentation (walformat.html) and section 4 of fileformat2.html.
const (
	walMagic       = 0x377f0682 // checksums of little-endian words, or of big-endian words if the lowest bit is set
	walVersion     = 3007000
	walHeader      = 32
	walFrameHeader = 24
)

// A wal locates the newer pages of a database in a write-ahead log.
type wal struct {
	file     file
	pageSize uint32
	pages    uint32            // size of the database after the last transaction
	frame    map[uint32]uint32 // frame with the newest content of each page
	frames   uint32            // frames in the log, valid or not
}

// read fills p with the start of the page in a frame.
func (w *wal) read(p []byte, frame uint32) error {
	return w.file.read(p, walHeader+int64(frame)*(walFrameHeader+int64(w.pageSize))+walFrameHeader)
}

// readWAL reads the log of a database up to its last complete transaction, like a recovery of SQLite. Frames are valid as
// long as their salts equal the header's and the running checksum matches. Frames after the last commit are left from before
// the last checkpoint or from an incomplete transaction; they are not an error. readWAL returns nil without a complete
// transaction.
func readWAL(r *io.SectionReader, pageSize uint32) (*wal, error) {
	w := &wal{file: file{r: r, size: r.Size()}, pageSize: pageSize, frame: make(map[uint32]uint32)}
	head := make([]byte, walHeader)
	if err := w.file.read(head, 0); err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	magic := binary.BigEndian.Uint32(head)
	if magic&^1 != walMagic {
		return nil, errors.New("header: not a write-ahead log")
	}
	if v := binary.BigEndian.Uint32(head[4:]); v != walVersion {
		return nil, fmt.Errorf("header: version %d: %w", v, ErrUnsupported)
	}
	if s := binary.BigEndian.Uint32(head[8:]); s != pageSize {
		return nil, fmt.Errorf("header: pages of %d bytes, but the database has pages of %d", s, pageSize)
	}
	sum := walSum{order: binary.LittleEndian}
	if magic&1 != 0 {
		sum.order = binary.BigEndian
	}
	sum.add(head[:24])
	if !sum.equals(head[24:]) {
		return nil, fmt.Errorf("header: %w", errChecksum)
	}

	w.frames = uint32(min((w.file.size-walHeader)/(walFrameHeader+int64(pageSize)), 1<<31-1))
	buf := make([]byte, walFrameHeader+pageSize)
	var open []uint32 // pages of the current transaction, in the order of its frames
	for frame := range w.frames {
		if err := w.file.read(buf, walHeader+int64(frame)*int64(len(buf))); err != nil {
			return nil, fmt.Errorf("frame %d: %w", frame, err)
		}
		page, commit := binary.BigEndian.Uint32(buf), binary.BigEndian.Uint32(buf[4:])
		if page == 0 || string(buf[8:16]) != string(head[16:24]) {
			break
		}
		sum.add(buf[:8])
		sum.add(buf[walFrameHeader:])
		if !sum.equals(buf[16:]) {
			break
		}
		open = append(open, page)
		if commit == 0 {
			continue
		}
		for i, page := range open {
			w.frame[page] = frame + 1 - uint32(len(open)) + uint32(i)
		}
		w.pages, open = commit, open[:0]
	}
	if w.pages == 0 {
		return nil, nil
	}
	return w, nil
}

// A walSum is the running checksum of a log: two interleaved sums of 32-bit words.
type walSum struct {
	order binary.ByteOrder
	a, b  uint32
}

// add continues the checksum over p, whose length is a multiple of 8.
func (s *walSum) add(p []byte) {
	a, b := s.a, s.b
	for ; len(p) >= 8; p = p[8:] {
		a += s.order.Uint32(p) + b
		b += s.order.Uint32(p[4:]) + a
	}
	s.a, s.b = a, b
}

func (s *walSum) equals(p []byte) bool {
	return binary.BigEndian.Uint32(p) == s.a && binary.BigEndian.Uint32(p[4:]) == s.b
}
