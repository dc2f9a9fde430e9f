package catalog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/hullmark/hullmark/analyzer"
)

// ErrCorrupt reports stored data that is damaged.
var ErrCorrupt = errors.New("corrupt")

// Bounds on the memory that decoding takes. A value of few bytes may be a large struct, and many strings may be one.
const (
	maxMemory = 16 << 20 // bytes of any value
	maxGrowth = 64       // and more for each stored byte
	maxDepth  = 16       // of values in values
)

// decode is the inverse of encode. Into is a pointer. The strings share the memory of one copy of the form.
func decode(form []byte, into any) error {
	d := decoder{rest: form, budget: maxMemory + maxGrowth*len(form)}
	if len(form) == 0 || form[0] != canonicalVersion {
		return fmt.Errorf("%w: not a canonical form of version %d", ErrCorrupt, canonicalVersion)
	}
	d.rest = form[1:]
	d.strings = make([]string, 1, 1+d.count(1, 16))
	text := string(d.rest)
	for range cap(d.strings) - 1 {
		s := d.take(d.uint())
		end := len(text) - len(d.rest)
		if d.err != nil {
			return d.err
		}
		d.strings = append(d.strings, text[end-len(s):end])
	}
	d.value(reflect.ValueOf(into).Elem(), 0)
	if d.err == nil && len(d.rest) > 0 {
		d.fail("bytes after the end")
	}
	return d.err
}

type decoder struct {
	rest    []byte
	strings []string
	budget  int // bytes of memory
	err     error
}

func (d *decoder) fail(what string) {
	if d.err == nil {
		d.err = fmt.Errorf("%w: %s", ErrCorrupt, what)
	}
	d.rest = nil
}

func (d *decoder) uint() uint64 {
	n, size := binary.Uvarint(d.rest)
	if size <= 0 {
		d.fail("cut off")
		return 0
	}
	d.rest = d.rest[size:]
	return n
}

func (d *decoder) int() int64 {
	n := d.uint()
	return int64(n>>1) ^ -int64(n&1)
}

func (d *decoder) take(n uint64) []byte {
	if n > uint64(len(d.rest)) {
		d.fail("cut off")
		return nil
	}
	b := d.rest[:n]
	d.rest = d.rest[n:]
	return b
}

// count reads the number of elements that follow, of at least min stored bytes and size bytes of memory each.
func (d *decoder) count(min, size int) int {
	n := d.uint()
	if n > uint64(len(d.rest)/min) {
		d.fail("more elements than bytes")
		return 0
	}
	if d.budget -= int(n) * size; d.budget < 0 {
		d.fail("too large")
		return 0
	}
	return int(n)
}

func (d *decoder) string() string {
	n := d.uint()
	if n >= uint64(len(d.strings)) {
		d.fail("no such string")
		return ""
	}
	return d.strings[n]
}

func (d *decoder) value(v reflect.Value, depth int) {
	if depth > maxDepth {
		d.fail("too deep")
	}
	if d.err != nil {
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(d.string())
	case reflect.Bool:
		switch d.uint() {
		case 0:
		case 1:
			v.SetBool(true)
		default:
			d.fail("not a truth value")
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n := d.int()
		if v.OverflowInt(n) {
			d.fail("number out of range")
			return
		}
		v.SetInt(n)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		n := d.uint()
		if v.OverflowUint(n) {
			d.fail("number out of range")
			return
		}
		v.SetUint(n)
	case reflect.Pointer:
		if d.budget -= int(v.Type().Elem().Size()); d.budget < 0 {
			d.fail("too large")
			return
		}
		v.Set(reflect.New(v.Type().Elem()))
		d.value(v.Elem(), depth+1)
	case reflect.Slice:
		n := d.count(1, int(v.Type().Elem().Size()))
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			d.value(v.Index(i), depth+1)
		}
	case reflect.Array:
		if n := d.count(1, 0); n != v.Len() {
			d.fail("array of another length")
			return
		}
		for i := range v.Len() {
			d.value(v.Index(i), depth+1)
		}
	case reflect.Map:
		n := d.count(2, 64)
		v.Set(reflect.MakeMapWithSize(v.Type(), n))
		for range n {
			k, x := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			k.SetString(d.string())
			d.value(x, depth+1)
			v.SetMapIndex(k, x)
		}
	case reflect.Struct:
		d.structure(v, depth)
	default:
		d.fail("no canonical form of " + v.Type().String())
	}
}

func (d *decoder) structure(v reflect.Value, depth int) {
	switch v.Type() {
	case timeType:
		s, ns := d.int(), d.uint()
		if ns >= uint64(time.Second) {
			d.fail("time out of range")
			return
		}
		v.Set(reflect.ValueOf(time.Unix(s, int64(ns)).UTC()))
		return
	case filesType:
		d.files(v.Addr().Interface().(*analyzer.Files), depth)
		return
	}
	last, s := "", shapeOf(v.Type())
	for range d.count(2, 0) {
		name := d.string()
		i, ok := s.byName[name]
		if d.err == nil && (name <= last || !ok || !v.Field(i).CanSet()) {
			d.fail(fmt.Sprintf("field %q of %s: written by a newer version?", name, v.Type()))
		}
		if d.err != nil {
			return
		}
		last = name
		d.value(v.Field(i), depth+1)
	}
}

func (d *decoder) files(into *analyzer.Files, depth int) {
	n := d.count(1, 64)
	*into = *analyzer.FilesOf(func(yield func(*analyzer.ListedFile) bool) {
		for range n {
			var f analyzer.ListedFile
			d.value(reflect.ValueOf(&f).Elem(), depth+1)
			if d.err != nil || !yield(&f) {
				return
			}
		}
	})
}
