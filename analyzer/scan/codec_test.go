package scan

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer/internal/attribute"
	"github.com/hullmark/hullmark/analyzer/internal/walk"
)

// fill gives every field that v reaches a value of its own, so that one that the codec forgets makes a difference.
func fill(v reflect.Value, n *int) {
	*n++
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprint("s", *n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Uint8, reflect.Uint64:
		v.SetUint(uint64(*n) << 40 >> (64 - v.Type().Bits()))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fill(v.Index(i), n)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range 2 {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			fill(key, n)
			fill(value, n)
			v.SetMapIndex(key, value)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() || f.Anonymous { // others are of a run, and not kept
				fill(v.Field(i), n)
			}
		}
	default:
		panic("the test does not know how to fill a " + v.Kind().String())
	}
}

func filledLayer() *layerData {
	d, n := new(layerData), 0
	fill(reflect.ValueOf(d).Elem(), &n)
	var w journalWriter
	w.directory("usr")
	w.add(kindFile, "usr/a", "")
	w.add(kindSymlink, "usr/b", "a")
	w.add(kindOpaque, "usr/c/", "")
	d.Journal = w.finish()
	var a attributeWriter
	a.add(&walk.Entry{Kind: walk.Dir, Mode: fs.ModeDir | 0o755}, nil)
	a.add(&walk.Entry{Mode: 0o644, Size: 5}, []attribute.Digest{{Algorithm: "md5", Sum: strings.Repeat("x", 16)}})
	a.add(&walk.Entry{Kind: walk.Symlink, Mode: fs.ModeSymlink}, nil)
	a.skip()
	d.Attributes = a.finish()
	return d
}

func TestCodec(t *testing.T) {
	for _, d := range []*layerData{
		filledLayer(),
		{Results: map[string][]fileResult{}},
		{Results: map[string][]fileResult{"none": nil}},
	} {
		got, err := decodeLayer(encodeLayer(d))
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, d) {
			t.Errorf("got  %+v\nwant %+v", got, d)
		}
	}
}

func TestCodecDamage(t *testing.T) {
	good := encodeLayer(filledLayer())
	for i := range good {
		bad := append([]byte(nil), good...)
		bad[i] ^= 0x10
		if _, err := decodeLayer(bad); !errors.Is(err, errDamaged) {
			t.Fatalf("byte %d changed: error %v", i, err)
		}
		if _, err := decodeLayer(good[:i]); !errors.Is(err, errDamaged) {
			t.Fatalf("cut off after %d bytes: error %v", i, err)
		}
	}
}

// hostileLayers returns what hostile layers leave behind.
func hostileLayers() (list []*layerData) {
	layer := func(add func(w *journalWriter)) *layerData {
		w, d := new(journalWriter), &layerData{Results: map[string][]fileResult{}}
		add(w)
		d.Journal = w.finish()
		list = append(list, d)
		return d
	}
	layer(func(w *journalWriter) { w.add(kindFile, strings.Repeat("d/", 500)+"a", "") })
	layer(func(w *journalWriter) { w.add(kindSymlink, "a", strings.Repeat("x/", 2000)) })
	layer(func(w *journalWriter) { w.add(kindWhiteout, strings.Repeat("n", 255), "") })
	layer(func(w *journalWriter) {
		for range 50 {
			w.add(kindOpaque, "d/", "")
			w.directory("d")
			w.add(kindHardlink, "d/a", "d/a")
		}
	})
	layer(func(w *journalWriter) {
		for i := range 20 {
			w.add(kindFile, strings.Repeat("ab/", i)+"x", "")
			w.add(kindOther, strings.Repeat("ab/", 20-i)+"b/x", "")
		}
	}).Opaque = true
	d := layer(func(w *journalWriter) { w.add(kindFile, "a", "") })
	for i := range 20 { // answers for entries that the layer lacks, and for one entry again
		d.Results["a"] = append(d.Results["a"], fileResult{Entry: i / 2, Name: strings.Repeat("../", i)})
	}
	d.Problems = append(d.Problems, entryProblem("no-code", strings.Repeat("p", 4096), "\x00"))
	return list
}

// FuzzDecodeLayer is about entries whose hash is right: a cache may be written by somebody else.
func FuzzDecodeLayer(f *testing.F) {
	f.Add([]byte{})
	for _, d := range append(hostileLayers(), filledLayer()) {
		entry := encodeLayer(d)[sha256.Size:]
		f.Add(entry)
		f.Add(entry[:len(entry)/2])
		for at := 0; at < min(len(entry), 40); at += 6 { // a number, often a length, that claims much
			claim := append(bytes.Clone(entry[:at]), 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f)
			f.Add(append(claim, entry[at:]...))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		sum := sha256.Sum256(b)
		d, err := decodeLayer(append(sum[:], b...))
		if err != nil {
			return
		}
		again, err := decodeLayer(encodeLayer(d))
		if err != nil || !reflect.DeepEqual(again, d) {
			t.Errorf("decoded %+v, and again %+v, %v", d, again, err)
		}
	})
}
