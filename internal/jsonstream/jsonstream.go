// Package jsonstream reads JSON documents value by value, in bounded memory and linear time. It keeps what precedes a damaged place.
//
// A [Reader] holds only the value that one call returns. The limit on that value counts its bytes and, because decoded values take
// more memory than their text, 16 more for each value and 128 more for each array or object in it. The same limit holds for the names
// of one object together and for a single string, whether it is returned or skipped.
package jsonstream

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"unicode/utf8"

	"github.com/hullmark/hullmark/internal/limit"
)

// ErrLimit reports a value that is longer or more deeply nested than the reader accepts.
var ErrLimit = limit.ErrExceeded

// MaxValue is a limit for NewStream that real documents do not reach, in bytes.
const MaxValue = 64 << 20

const (
	maxNumber   = 1000  // bytes of a number
	maxDepth    = 512   // arrays and objects in each other, in a stream
	maxTextDeep = 10000 // the same in a text in memory, as in encoding/json
	mostShared  = 100   // names that are kept
	maxShared   = 40    // bytes of one
	maxNotes    = 8     // errors that do not end the reading and that are named one by one

	scalarCost    = 16
	containerCost = 128
)

// A Reader reads one document. Its errors name the place, "byte 12". The error of a document that is cut off is
// io.ErrUnexpectedEOF.
type Reader struct {
	window
	depth, maxDepth int
	maxNames        int64 // bytes of the names of one object
	names           map[string]string
	open            []byte      // arrays and objects of the value that is being scanned
	note            func(error) // takes what Note records; nil: notes has the first of them, and more counts the others
	notes           []error
	more            int // notes beyond maxNotes
}

// New returns a Reader of a document in memory. It skips a byte order mark at the beginning.
func New(text []byte) *Reader {
	return NewLimited(text, math.MaxInt64)
}

// NewLimited is like New, with a limit for a value that one call returns. Other than in a stream, the names of an object may be longer
// together.
func NewLimited(text []byte, limit int64) *Reader {
	return &Reader{window: window{buf: text, mark: -1, limit: limit}, maxDepth: maxTextDeep, maxNames: math.MaxInt64}
}

// NewStream returns a Reader of src with a limit for a value that one call returns. It skips a byte order mark at the beginning.
func NewStream(src io.Reader, limit int64) *Reader {
	return &Reader{window: window{src: src, mark: -1, limit: limit, counts: limit != math.MaxInt64}, maxDepth: maxDepth, maxNames: limit}
}

// Peek returns the first byte of the next value or bracket without reading it. The error after the last value of a document is
// io.EOF.
func (r *Reader) Peek() (byte, error) {
	c, err := r.window.peek()
	if err != nil && err != io.EOF {
		err = r.at(err)
	}
	return c, err
}

// Object reads an object: it calls f with each name, and f must read the value. At the top of the document, Object fails if anything
// follows the object.
func (r *Reader) Object(f func(name string) error) error {
	if err := r.begin('{', "an object"); err != nil {
		return err
	}
	if err := r.each('{', f); err != nil {
		return err
	}
	return r.ended()
}

// Array reads an array: it calls f for each element, which f must read. It takes null for an empty array. At the top of the document,
// Array fails if anything follows the array.
func (r *Reader) Array(f func() error) error {
	c, err := r.next()
	if err != nil {
		return err
	}
	if c == 'n' {
		return r.scan()
	}
	if err := r.begin('[', "an array"); err != nil {
		return err
	}
	if err := r.each('[', func(string) error { return f() }); err != nil {
		return err
	}
	return r.ended()
}

// Raw returns the text of the next value, which is valid JSON. The text is valid until the next call of a method.
func (r *Reader) Raw() ([]byte, error) {
	if _, err := r.next(); err != nil {
		return nil, err
	}
	r.hold()
	start := r.pos
	err := r.scan()
	if r.src == nil && err == nil && int64(r.pos-start) > r.limit/maxByteCost {
		r.pos, r.counts = start, true
		err = r.scan()
		r.counts = false
	}
	return r.release(), err
}

// maxByteCost is the most that a byte of a value costs: an array in two bytes.
const maxByteCost = 1 + containerCost/2

// Decode reads the next value into v. It returns the error of the reader as err, and as bad the error of a value that does not fit v;
// v then holds the rest, and reading goes on behind the value.
func (r *Reader) Decode(v any) (bad, err error) {
	raw, err := r.Raw()
	if err != nil {
		return nil, err
	}
	if s, ok := v.(*string); ok && isPlain(raw) {
		*s = string(raw[1 : len(raw)-1])
		return nil, nil
	}
	return json.Unmarshal(raw, v), nil
}

// Cost returns the bytes that the limit counted for the value that Raw or Decode returned last. In a text in memory it counts bytes only.
func (r *Reader) Cost() int64 { return r.total }

// isPlain reports whether raw is a string without escapes.
func isPlain(raw []byte) bool {
	return raw[0] == '"' && bytes.IndexByte(raw, '\\') < 0 && utf8.Valid(raw)
}

// String returns the next value if it is a string, else "".
func (r *Reader) String() (string, error) {
	var v any
	_, err := r.Decode(&v)
	s, _ := v.(string)
	return s, err
}

// Skip reads over the next value.
func (r *Reader) Skip() error {
	if _, err := r.next(); err != nil {
		return err
	}
	return r.scan()
}

// End fails if anything but space follows.
func (r *Reader) End() error {
	switch c, err := r.peek(); {
	case err == io.EOF:
		return nil
	case err != nil:
		return r.at(err)
	default:
		return r.invalid(c, "after top-level value")
	}
}

func (r *Reader) ended() error {
	if r.depth == 0 {
		return r.End()
	}
	return nil
}

// next is peek for a value that must come.
func (r *Reader) next() (byte, error) {
	c, err := r.peek()
	if err != nil {
		return 0, r.at(err)
	}
	return c, nil
}

// begin reads the bracket that opens an array or object.
func (r *Reader) begin(open byte, want string) error {
	c, err := r.next()
	if err != nil {
		return err
	}
	if c == open {
		r.pos++
		return nil
	}
	got := kind(c)
	if got == "" {
		return r.invalid(c, "looking for beginning of value")
	}
	return r.at(fmt.Errorf("%s instead of %s", got, want))
}

// kind names what begins with c, "" for no value.
func kind(c byte) string {
	switch {
	case c == '{':
		return "an object"
	case c == '[':
		return "an array"
	case c == '"':
		return "a string"
	case c == 'n':
		return "null"
	case c == 't' || c == 'f':
		return "a boolean"
	case c == '-' || c >= '0' && c <= '9':
		return "a number"
	}
	return ""
}

// each calls f for each member of an array or object whose opening bracket was read.
func (r *Reader) each(open byte, f func(name string) error) error {
	if r.depth++; r.depth > r.maxDepth {
		return r.tooDeep()
	}
	names := int64(0)
	for first := true; ; first = false {
		c, err := r.next()
		if err != nil {
			return err
		}
		if c == open+2 { // the closing bracket
			r.pos++
			r.depth--
			return nil
		}
		if !first {
			if err := r.comma(open, c); err != nil {
				return err
			}
		}
		name := ""
		if open == '{' {
			if name, err = r.name(); err != nil {
				return err
			}
			if names += int64(len(name)) + scalarCost; names > r.maxNames {
				return r.at(fmt.Errorf("names of an object of more than %d bytes: %w", r.maxNames, ErrLimit))
			}
		}
		if err := f(name); err != nil {
			return err
		}
	}
}

// name reads the name of a member and the colon behind it.
func (r *Reader) name() (string, error) {
	r.hold()
	err := r.scanName()
	raw := r.release()
	if err != nil {
		return "", err
	}
	name := ""
	if isPlain(raw) {
		name = r.shared(raw[1 : len(raw)-1])
	} else if err := json.Unmarshal(raw, &name); err != nil {
		return "", r.at(err)
	}
	return name, r.colon()
}

// shared returns a name as a string, the same one for each member with a frequent name.
func (r *Reader) shared(raw []byte) string {
	if name, ok := r.names[string(raw)]; ok { // without a copy of raw
		return name
	}
	name := string(raw)
	if len(raw) <= maxShared && len(r.names) < mostShared {
		if r.names == nil {
			r.names = make(map[string]string)
		}
		r.names[name] = name
	}
	return name
}

// Offset returns how many bytes of the document have been read.
func (r *Reader) Offset() int64 { return r.base + int64(r.pos) }

// at adds the place that has been read to.
func (r *Reader) at(err error) error {
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("byte %d: %w", r.Offset(), err)
}

func (r *Reader) invalid(c byte, where string) error {
	return r.at(fmt.Errorf("invalid character %q %s", rune(c), where))
}

func (r *Reader) tooDeep() error {
	return r.at(fmt.Errorf("more than %d arrays and objects in each other: %w", r.maxDepth, ErrLimit))
}

// errNoContainer reports a value where Members wants an array or object.
var errNoContainer = errors.New("neither an array nor an object")
