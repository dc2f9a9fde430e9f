package jsonstream

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func TestDocument(t *testing.T) {
	for _, c := range []struct{ text, found, err string }{
		{`{"a": [1, 2], "b": {"x": 1}}`, "a:1 a:2", ""},
		{"\ufeff{\"a\": [1]}", "a:1", ""},
		{`[1, 2]`, ":1 :2", ""},
		{`{"a": [1, "x", 3]}`, "a:1 a:0 a:3", "p: byte 13: json: cannot unmarshal string into Go value of type int"},
		{`{"a": [1, 2`, "a:1 a:2", "p: byte 11: unexpected EOF"},
		{`{"a": [1, 2] x`, "a:1 a:2", "p: byte 13: invalid character 'x' after object key:value pair"},
		{`{"a": 1}`, "", "p: byte 7: neither an array nor an object"},
		{`null`, "", "p: byte 4: neither an array nor an object"},
		{``, "", "p: byte 0: unexpected EOF"},
		{`{} {}`, "", "p: byte 4: more after the document"},
		{`{"a": ["x", "x", "x", "x", "x", "x", "x", "x", "x", "x"]}`, "a:0 a:0 a:0 a:0 a:0 a:0 a:0 a:0 a:0 a:0", "p: 2 more errors"},
	} {
		var found []string
		r := New([]byte(c.text))
		value := func(key string) error {
			n := 0
			err := r.Value(&n)
			if err == nil {
				found = append(found, fmt.Sprintf("%s:%d", key, n))
			}
			return err
		}
		err := r.Document("p", func(open json.Delim, key string) error {
			switch {
			case open == '[':
				return value(key)
			case key == "a":
				return r.Members(func(string) error { return value(key) })
			}
			return r.Skip()
		})
		if got := strings.Join(found, " "); got != c.found {
			t.Errorf("%s: found %q, want %q", c.text, got, c.found)
		}
		if (err == nil) != (c.err == "") || err != nil && !strings.HasSuffix(err.Error(), c.err) {
			t.Errorf("%s: error %v, want %q", c.text, err, c.err)
		}
	}
}

func FuzzDocument(f *testing.F) {
	f.Add([]byte(`{"a": [1, "x", {"b": null}], "c": "d"}`))
	f.Add([]byte(`[[[1`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r := New(text)
		err := r.Document("p", func(json.Delim, string) error { return r.Members(func(string) error { return r.Skip() }) })
		if err == nil && !json.Valid([]byte(strings.TrimPrefix(string(text), "\ufeff"))) {
			t.Errorf("no error for what is no JSON: %q", text)
		}
	})
}
