package catalog

import (
	"encoding/binary"
	"math/bits"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hullmark/hullmark/analyzer"
)

// The canonical form of a value, version 1:
//
//	version  a byte, 1
//	strings  count; each: length, bytes. In the order of their first use; the empty string is number 0 and not listed
//	value
//
// Numbers are varints, signed ones zigzag varints. A string is its number. A struct is the count of its fields that are not zero, and for
// each, in the order of their names, its name (a string) and its value; so a field that a later version adds changes no form without it. A
// list is its count and its values, a map its count and its sorted pairs, a pointer its value. A time is its seconds and
// nanoseconds. A list of files is the list of its entries. True is 1.
const canonicalVersion = 1

// encode returns the canonical form of a value.
func encode(v any) []byte { return new(encoder).encode(v) }

// An encoder encodes one value after another. The zero value is ready to use.
type encoder struct {
	body    []byte
	strings []string
	size    int // of strings
	numbers map[string]uint64
	names   map[*shape][]uint64 // numbers of the names of fields, 0 for those without a number yet
}

func (e *encoder) encode(v any) []byte {
	e.body, e.strings, e.size = e.body[:0], e.strings[:0], 0
	if e.numbers == nil {
		e.numbers, e.names = make(map[string]uint64), make(map[*shape][]uint64)
	}
	clear(e.numbers)
	e.numbers[""] = 0
	for _, list := range e.names {
		clear(list)
	}
	e.value(reflect.ValueOf(v))
	b := make([]byte, 0, 1+(1+len(e.strings))*2+e.size+len(e.body))
	b = binary.AppendUvarint(append(b, canonicalVersion), uint64(len(e.strings)))
	for _, s := range e.strings {
		b = append(binary.AppendUvarint(b, uint64(len(s))), s...)
	}
	return append(b, e.body...)
}

var (
	timeType  = reflect.TypeFor[time.Time]()
	filesType = reflect.TypeFor[analyzer.Files]()
)

func (e *encoder) uint(n uint64) { e.body = binary.AppendUvarint(e.body, n) }

func (e *encoder) string(s string) uint64 {
	n, ok := e.numbers[s]
	if !ok {
		e.strings = append(e.strings, s)
		e.size += len(s)
		n = uint64(len(e.strings))
		e.numbers[s] = n
	}
	e.uint(n)
	return n
}

func (e *encoder) value(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		e.string(v.String())
	case reflect.Bool:
		n := uint64(0)
		if v.Bool() {
			n = 1
		}
		e.uint(n)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		e.body = binary.AppendVarint(e.body, v.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		e.uint(v.Uint())
	case reflect.Pointer:
		e.value(v.Elem())
	case reflect.Slice, reflect.Array:
		e.uint(uint64(v.Len()))
		for i := range v.Len() {
			e.value(v.Index(i))
		}
	case reflect.Map:
		e.uint(uint64(v.Len()))
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
		for _, k := range keys {
			e.string(k.String())
			e.value(v.MapIndex(k))
		}
	case reflect.Struct:
		e.structure(v)
	default: // TestKinds requires that no part has values of other kinds
		e.uint(0)
	}
}

func (e *encoder) structure(v reflect.Value) {
	switch v.Type() {
	case timeType:
		t := v.Interface().(time.Time)
		e.body = binary.AppendVarint(e.body, t.Unix())
		e.uint(uint64(t.Nanosecond()))
		return
	case filesType:
		files := v.Addr().Interface().(*analyzer.Files)
		e.uint(uint64(files.Len()))
		for f := range files.All() {
			e.value(reflect.ValueOf(f))
		}
		return
	}
	s := shapeOf(v.Type())
	names := e.names[s]
	if names == nil {
		names = make([]uint64, len(s.fields))
		e.names[s] = names
	}
	var set uint64 // the fields that are not zero
	n := uint64(0)
	for i, f := range s.fields {
		if !v.Field(f.index).IsZero() {
			set |= 1 << i
			n++
		}
	}
	e.uint(n)
	for ; set != 0; set &= set - 1 {
		i := bits.TrailingZeros64(set)
		if names[i] != 0 {
			e.uint(names[i])
		} else {
			names[i] = e.string(s.fields[i].name)
		}
		e.value(v.Field(s.fields[i].index))
	}
}

// A shape has the fields of a struct in the order of their names.
type shape struct {
	fields []field
	byName map[string]int // index of the field in the struct
}

type field struct {
	name  string
	index int
}

// shapes are those of the few types of parts, by reflect.Type.
var shapes sync.Map

// shapeOf returns the shape of a struct. TestKinds requires that it has at most 64 fields.
func shapeOf(t reflect.Type) *shape {
	if s, ok := shapes.Load(t); ok {
		return s.(*shape)
	}
	s := &shape{byName: make(map[string]int)}
	for i := range t.NumField() {
		name := t.Field(i).Name
		s.fields = append(s.fields, field{name, i})
		s.byName[name] = i
	}
	slices.SortFunc(s.fields, func(a, b field) int { return strings.Compare(a.name, b.name) })
	known, _ := shapes.LoadOrStore(t, s)
	return known.(*shape)
}
