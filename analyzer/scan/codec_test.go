package scan

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"reflect"
	"testing"
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

// FuzzDecodeLayer is about entries whose hash is right: a cache may be written by somebody else.
func FuzzDecodeLayer(f *testing.F) {
	f.Add(encodeLayer(filledLayer())[sha256.Size:])
	f.Add([]byte{})
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
