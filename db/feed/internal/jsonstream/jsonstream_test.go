package jsonstream

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/db/feed"
)

// told returns what a reader says of a document, an object at the top, as lines.
func told(doc string) (list []string, err error) {
	r := New(strings.NewReader(doc))
	err = r.Object(func(key string) error {
		switch key {
		case "list":
			return r.List(func() error {
				raw, err := r.Raw()
				list = append(list, fmt.Sprintf("element %s", raw))
				return err
			})
		case "object":
			return r.Object(func(key string) error {
				s, err := r.String()
				list = append(list, fmt.Sprintf("%s=%q", key, s))
				return err
			})
		}
		return r.Skip()
	})
	if err == nil {
		err = r.End()
	}
	return list, err
}

func TestReader(t *testing.T) {
	for _, tt := range []struct {
		doc, err string
		want     []string
	}{
		{doc: `{}`},
		{doc: "\xef\xbb\xbf {\"list\": [1, {\"a\": [2]}, \"x\"]} \n", want: []string{"element 1", `element {"a": [2]}`, `element "x"`}},
		{doc: `{"skipped": {"list": [[[]], {}]}, "list": null, "object": {"a": "b", "c": 1, "d": null}}`, want: []string{`a="b"`, `c=""`, `d=""`}},
		{doc: `{"list": {"a": 1}}`, err: `at byte 10: "{" instead of a list`},
		{doc: `{"object": null}`, err: `at byte 15: null instead of an object`},
		{doc: `["a"]`, err: `at byte 1: "[" instead of an object`},
		{doc: `{"list": [1, 2`, want: []string{"element 1", "element 2"}, err: "unexpected EOF"},
		{doc: `{"a": "b`, err: "unexpected EOF"},
		{doc: ``, err: "at byte 0: unexpected EOF"},
		{doc: `{} {}`, err: "data after the end"},
		{doc: `{"a": tru}`, err: "at byte 6: invalid character '}' in literal true"},
		{doc: `<html>`, err: "at byte 0: invalid character '<'"},
	} {
		got, err := told(tt.doc)
		if (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%s: %v, want %q", tt.doc, err, tt.err)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.doc, got, tt.want)
		}
	}
}

// A value that is held in memory is bounded, one that is passed over is not.
func TestTooLarge(t *testing.T) {
	doc := func() io.Reader {
		parts := []io.Reader{strings.NewReader(`{"a": [`)}
		element := `"` + strings.Repeat("x", 1<<20) + `",`
		for range MaxValue>>20 + 1 {
			parts = append(parts, strings.NewReader(element))
		}
		return io.MultiReader(append(parts, strings.NewReader(`0]}`))...)
	}
	r := New(doc())
	if err := r.Object(func(string) error { return r.Skip() }); err != nil {
		t.Errorf("passed over: %v", err)
	}
	r = New(doc())
	err := r.Object(func(string) error {
		_, err := r.Raw()
		return err
	})
	if !errors.Is(err, feed.ErrTooLarge) {
		t.Errorf("held: %v", err)
	}
}

func TestList(t *testing.T) {
	for doc, want := range map[string]string{`["a","b"]`: `["a","b"]`, `"a"`: `["a"]`, `null`: `null`, `[]`: `[]`} {
		var l List[string]
		err := json.Unmarshal([]byte(doc), &l)
		got, err2 := json.Marshal(l)
		if err != nil || err2 != nil || string(got) != want {
			t.Errorf("%s: %s, %v, %v", doc, got, err, err2)
		}
	}
	var l List[string]
	if json.Unmarshal([]byte(`1`), &l) == nil {
		t.Error("a number is a list of strings")
	}
}

// FuzzReader asks that every document is valid to a Reader that is to encoding/json, and that nothing is lost of it.
func FuzzReader(f *testing.F) {
	for _, doc := range []string{`{"list": [1, {"a": null}], "object": {"a": "\u00e9"}, "b": true}`, `{"list": null}`, `{"object": {}} x`} {
		f.Add(doc)
	}
	f.Fuzz(func(t *testing.T, doc string) {
		told(doc) // does not panic
		r := New(strings.NewReader(doc))
		err := r.Skip()
		if err == nil {
			err = r.End()
		}
		if json.Valid([]byte(doc)) && err != nil {
			t.Errorf("%q: %v", doc, err)
		}
		r = New(strings.NewReader(doc))
		if raw, err := r.Raw(); err == nil && !json.Valid(raw) {
			t.Errorf("%q: %q", doc, raw)
		}
	})
}
