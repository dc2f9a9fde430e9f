package main

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// JSON.md names every field of the JSON form, says of each whether it can be left out, and names no other.
func TestJSONDocumented(t *testing.T) {
	text, err := os.ReadFile("JSON.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := make(map[string]bool) // whether it can be left out
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)`( \\?)? \\|").FindAllSubmatch(text, -1) {
		name := string(m[1])
		if _, twice := documented[name]; twice {
			t.Errorf("%s is documented twice", name)
		}
		documented[name] = len(m[2]) > 0
	}
	fields := make(map[string]bool)
	jsonFields(t, fields, "", reflect.TypeFor[jsonDocument]())
	for name, optional := range fields {
		got, ok := documented[name]
		if !ok {
			t.Errorf("%s is not documented", name)
		} else if got != optional {
			t.Errorf("%s can be left out: %v; JSON.md says %v", name, optional, got)
		}
	}
	for name := range documented {
		if _, ok := fields[name]; !ok {
			t.Errorf("%s is documented, and does not exist", name)
		}
	}
}

// jsonFields collects the paths of the fields of a struct, and whether they can be left out. The path of a list ends in [].
func jsonFields(t *testing.T, fields map[string]bool, prefix string, typ reflect.Type) {
	for f := range typ.Fields() {
		tag := strings.Split(f.Tag.Get("json"), ",")
		if tag[0] == "" || tag[0] == "-" {
			t.Errorf("%s.%s has no name in JSON", typ, f.Name)
		}
		name, elem := prefix+tag[0], f.Type
		switch elem.Kind() {
		case reflect.Slice:
			name, elem = name+"[]", elem.Elem()
		case reflect.Pointer:
			elem = elem.Elem()
		}
		fields[name] = slices.Contains(tag, "omitempty")
		if elem.Kind() == reflect.Struct {
			jsonFields(t, fields, name+".", elem)
		}
	}
}
