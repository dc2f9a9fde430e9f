package pip

import (
	"bytes"
	"unsafe"
)

// The memory in bytes of parts of a lock file while it is decoded, beside its values.
const (
	tableSize = 2 * int64(unsafe.Sizeof(lockPackage{})) // a package, in a list that grows
	partSize  = 512                                     // a part of a dotted key, which is a table
)

// maxSteps is how often decoding may compare keys. The TOML library compares each with those before it in its table.
const maxSteps = 500_000_000

// A lockSize adds up the memory of packages and dotted keys of a lock file, line by line. It never counts too little.
type lockSize struct {
	bytes     int64
	steps     int64 // comparisons of keys
	headers   int64 // of tables other than packages
	keys      int64 // in the current table
	inTable   bool  // a header was seen; inline tables after it are not packages
	multiline bool  // a string of several lines was seen, which may hold a line like a header
}

func (s *lockSize) add(row []byte) {
	s.multiline = s.multiline || bytes.Contains(row, []byte(`"""`)) || bytes.Contains(row, []byte("'''"))
	start := bytes.TrimLeft(row, " \t")
	if bytes.HasPrefix(start, []byte("[")) {
		s.inTable, s.keys = true, 0
		if name := bytes.Trim(start, " []\r\n"); string(name) != "package" && string(name) != "packages" {
			s.headers++
			s.steps += s.headers
		}
	} else if n := int64(bytes.Count(row, []byte{'='})); n > 0 {
		if start[0] != '{' { // an element of an array
			s.keys++
		}
		s.steps += s.keys + n*n/2
	}
	if bytes.HasPrefix(start, []byte("[[")) {
		s.bytes += tableSize
	}
	if !s.inTable || s.multiline {
		s.bytes += tableSize * int64(bytes.Count(row, []byte{'{'}))
	}
	if bytes.IndexByte(row, '.') < 0 {
		return
	}
	if s.multiline {
		s.part(int64(bytes.Count(row, []byte{'.'})))
	} else {
		s.part(keyParts(row))
	}
}

func (s *lockSize) part(n int64) {
	s.bytes += partSize * n
	s.steps += n * n
}

// keyParts returns the number of dots in a line outside of strings.
func keyParts(row []byte) (dots int64) {
	quote := byte(0)
	for i := 0; i < len(row); i++ {
		switch c := row[i]; {
		case c == '\\' && quote == '"':
			i++
		case c == quote:
			quote = 0
		case quote != 0:
		case c == '"' || c == '\'':
			quote = c
		case c == '.':
			dots++
		}
	}
	return dots
}
