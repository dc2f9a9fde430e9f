package json

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write schema.json anew")

// TestSchema requires that schema.json is the schema of the Go types, with the descriptions of JSON.md and EXPLAIN.md. The codes that a
// field may have are those that the pages list.
func TestSchema(t *testing.T) {
	s := &schemaMaker{t: t, definitions: map[string]any{}}
	s.describe("JSON.md")
	top := s.object(reflect.TypeFor[document](), "")
	s.describe("EXPLAIN.md")
	explain := s.object(reflect.TypeFor[explanations](), "")
	s.definitions["assessment"], s.definitions["explanations"] = top, explain
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(map[string]any{
		"$schema": "https://json-schema.org/draft/2020-12/schema",
		"title":   "Hullmark's JSON forms of an assessment, version 3, and of explanations, version 2",
		"oneOf":   []any{map[string]any{"$ref": "#/$defs/assessment"}, map[string]any{"$ref": "#/$defs/explanations"}},
		"$defs":   s.definitions,
	}); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("schema.json", b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(b.Bytes(), schema) {
		t.Error("schema.json is not the schema of the Go types; run the test with -update")
	}
}

// A schemaMaker makes a schema of Go types.
type schemaMaker struct {
	t            *testing.T
	descriptions map[string]string // by path
	definitions  map[string]any    // types that refer to themselves or occur several times
}

// describe reads the descriptions of fields from a page.
func (s *schemaMaker) describe(page string) {
	text, err := os.ReadFile(page)
	if err != nil {
		s.t.Fatal(err)
	}
	s.descriptions = make(map[string]string)
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)`(?: \\?)? \\| [^|]* \\| (.*?) ?\\|$").FindAllStringSubmatch(string(text), -1) {
		s.descriptions[m[1]] = m[2]
	}
}

func (s *schemaMaker) object(typ reflect.Type, prefix string) map[string]any {
	properties := map[string]any{}
	required := []string{}
	s.fields(typ, prefix, properties, &required)
	return map[string]any{"type": "object", "properties": properties, "required": required}
}

func (s *schemaMaker) fields(typ reflect.Type, prefix string, properties map[string]any, required *[]string) {
	for f := range typ.Fields() {
		if f.Anonymous {
			s.fields(f.Type, "components[].", properties, required)
			continue
		}
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		p := s.value(f.Type, prefix+name)
		if d := s.descriptions[strings.TrimSuffix(prefix+name, "[]")] + s.descriptions[prefix+name+"[]"]; d != "" {
			p["description"] = d
		}
		properties[name] = p
		if options != "omitempty" {
			*required = append(*required, name)
		}
	}
}

// value returns the schema of a field with a path.
func (s *schemaMaker) value(typ reflect.Type, path string) map[string]any {
	switch typ.Kind() {
	case reflect.Pointer:
		inner := s.value(typ.Elem(), path)
		if path == "distro" || path == "verdict" || path == "base" || path == "base.newer" || path == "gate.failOn" { // the others are left out
			return map[string]any{"anyOf": []any{inner, map[string]any{"type": "null"}}}
		}
		return inner
	case reflect.Slice:
		return map[string]any{"type": "array", "items": s.value(typ.Elem(), path+"[]")}
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": s.value(typ.Elem(), path+".*")}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Float64:
		return map[string]any{"type": "number"}
	case reflect.Int, reflect.Int64:
		return map[string]any{"type": "integer"}
	case reflect.Struct:
		return s.reference(typ, path)
	}
	v := map[string]any{"type": "string"}
	if codes := s.codes(typ, path); len(codes) > 0 {
		v["enum"] = codes
	}
	if strings.HasSuffix(path, ".date") || strings.HasSuffix(path, ".time") {
		v["format"] = "date-time"
	}
	return v
}

// codes returns the values of a field of a named type: the codes in its description.
func (s *schemaMaker) codes(typ reflect.Type, path string) []string {
	if typ.PkgPath() == "" || typ.Name() == "DiagnosticCode" {
		return nil // any text; analyzers have codes of their own
	}
	var codes []string
	for _, m := range regexp.MustCompile("`([a-z-]+)`").FindAllStringSubmatch(s.enumeration(typ), -1) {
		codes = append(codes, m[1])
	}
	if len(codes) == 0 {
		s.t.Errorf("%s: no page lists the codes of %s", path, typ)
	}
	return codes
}

// enumeration lists the codes of a type. The pages must list the same ones.
func (s *schemaMaker) enumeration(typ reflect.Type) string {
	list := enumerations[typ.Name()]
	for _, m := range regexp.MustCompile("`[a-z-]+`").FindAllString(list, -1) {
		pages := ""
		for _, page := range []string{"JSON.md", "EXPLAIN.md"} {
			text, err := os.ReadFile(page)
			if err != nil {
				s.t.Fatal(err)
			}
			pages += string(text)
		}
		if !strings.Contains(pages, m) {
			s.t.Errorf("no page lists code %s of %s", m, typ)
		}
	}
	return list
}

var enumerations = map[string]string{
	"Place":       "`installed` `vendored` `cached` `test-data` `lock-file`",
	"Kind":        "`vulnerability` `malware` `unmaintained` `unsound` `notice`",
	"Status":      "`affected` `fixed` `not-affected` `will-not-fix` `deferred` `under-investigation` `end-of-life`",
	"Level":       "`unknown` `negligible` `low` `medium` `high` `critical`",
	"SkipReason":  "`owned-by-distro` `only-declared` `cached` `test-data` `no-version`",
	"ReasonCode":  "`vex` `policy` `status` `no-fix` `not-new` `headers` `ignored` `severity` `evidence`",
	"FailureCode": "`policy` `severity` `findings` `uncovered` `nothing-judged` `unread` `not-run`",
	"NoteCode":    "`uncovered` `sampled` `end-of-life` `nothing` `base` `unread` `lazy` `excluded` `expired` `not-run` `stated`",
	"BaseOrigin":  "`given` `annotations` `labels` `history`",
	"Action":      "`go` `warn` `stop`",
	"Target":      "`image` `distro` `package` `match` `finding` `record`",
	"Outcome":     "`affected` `uncertain` `fixed` `not-affected` `not-present` `out-of-range` `other-system` `skipped` `other-release` `not-installed` `no-advisory`",
	"Bound":       "`introduced` `fixed` `last-affected` `listed`",
}

// reference returns the schema of a struct, by name if it occurs several times.
func (s *schemaMaker) reference(typ reflect.Type, path string) map[string]any {
	name, home := typ.Name(), ""
	switch typ {
	case reflect.TypeFor[match]():
		home = "matches[]."
	case reflect.TypeFor[analysis]():
		home = "matches[].analysis."
	case reflect.TypeFor[advisory]():
		home = "matches[].advisories[]."
	case reflect.TypeFor[severity]():
		home = "matches[].severity."
	case reflect.TypeFor[enrichment]():
		home = "matches[].threat."
	case reflect.TypeFor[entry]():
		home = "verdict.expired[]."
	case reflect.TypeFor[image]():
		home = "image."
	default:
		return s.object(typ, path+".")
	}
	if _, known := s.definitions[name]; !known {
		s.definitions[name] = true // ends recursion
		s.definitions[name] = s.object(typ, home)
	}
	return map[string]any{"$ref": "#/$defs/" + name}
}
