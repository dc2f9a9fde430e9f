package catalog

import (
	"encoding/binary"
	"reflect"
	"slices"
	"strings"
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
func encode(v any) []byte {
	e := encoder{numbers: map[string]uint64{"": 0}}
	e.value(reflect.ValueOf(v))
	b := binary.AppendUvarint([]byte{canonicalVersion}, uint64(len(e.strings)))
	for _, s := range e.strings {
		b = append(binary.AppendUvarint(b, uint64(len(s))), s...)
	}
	return append(b, e.body...)
}

type encoder struct {
	body    []byte
	strings []string
	numbers map[string]uint64
}

var (
	timeType  = reflect.TypeFor[time.Time]()
	filesType = reflect.TypeFor[analyzer.Files]()
)

func (e *encoder) uint(n uint64) { e.body = binary.AppendUvarint(e.body, n) }

func (e *encoder) string(s string) {
	n, ok := e.numbers[s]
	if !ok {
		e.strings = append(e.strings, s)
		n = uint64(len(e.strings))
		e.numbers[s] = n
	}
	e.uint(n)
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
	fields := fieldsOf(v.Type())
	n := uint64(0)
	for _, f := range fields {
		if !v.Field(f.index).IsZero() {
			n++
		}
	}
	e.uint(n)
	for _, f := range fields {
		if x := v.Field(f.index); !x.IsZero() {
			e.string(f.name)
			e.value(x)
		}
	}
}

type field struct {
	name  string
	index int
}

// fieldsOf returns the fields of a struct in the order of their names.
func fieldsOf(t reflect.Type) []field {
	list := make([]field, t.NumField())
	for i := range list {
		list[i] = field{t.Field(i).Name, i}
	}
	slices.SortFunc(list, func(a, b field) int { return strings.Compare(a.name, b.name) })
	return list
}
