package json

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestDocumented requires that JSON.md and EXPLAIN.md name every field, and no other, and tell which can be left out.
func TestDocumented(t *testing.T) {
	testDocumented(t, "JSON.md", reflect.TypeFor[document]())
	testDocumented(t, "EXPLAIN.md", reflect.TypeFor[explanations](), reflect.TypeFor[image](), reflect.TypeFor[enrichment](),
		reflect.TypeFor[advisory](), reflect.TypeFor[component]())
}

func testDocumented(t *testing.T, file string, typ reflect.Type, elsewhere ...reflect.Type) {
	t.Helper()
	text, err := os.ReadFile(file)
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
	jsonFields(t, fields, "", typ, elsewhere)
	for name, optional := range fields {
		got, ok := documented[name]
		if !ok {
			t.Errorf("%s is not documented in %s", name, file)
		} else if got != optional {
			t.Errorf("%s can be left out: %v; %s says %v", name, optional, file, got)
		}
	}
	for name := range documented {
		if _, ok := fields[name]; !ok {
			t.Errorf("%s is documented in %s, and does not exist", name, file)
		}
	}
}

// jsonFields collects the paths of the fields of a struct, and whether they can be left out. The path of a list ends in []. It skips
// types that are described elsewhere.
func jsonFields(t *testing.T, fields map[string]bool, prefix string, typ reflect.Type, elsewhere []reflect.Type) {
	for f := range typ.Fields() {
		if f.Anonymous && slices.Contains(elsewhere, f.Type) {
			continue
		}
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
		if elem.Kind() == reflect.Struct && !slices.Contains(elsewhere, elem) && !described(name, elem) {
			jsonFields(t, fields, name+".", elem, elsewhere)
		}
	}
}

// described reports whether the fields of a type are documented in another place, to which the page refers.
func described(name string, typ reflect.Type) bool {
	place := map[reflect.Type]string{
		reflect.TypeFor[match](): "matches[]", reflect.TypeFor[analysis](): "matches[].analysis", reflect.TypeFor[entry](): "verdict.expired[]",
	}[typ]
	return place != "" && place != name
}
