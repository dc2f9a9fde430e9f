// Package openapitest validates responses against the OpenAPI document of another system.
package openapitest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

// A Document is an OpenAPI document, of version 3.0 or 3.1.
type Document struct {
	root     map[string]any
	compiler *jsonschema.Compiler
}

const location = "https://openapi.example/document.json"

// Read reads a document in YAML.
func Read(t testing.TB, file string) *Document {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := yaml.Unmarshal(raw, &v); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	root, ok := plain(v).(map[string]any)
	if !ok {
		t.Fatalf("%s is no object", file)
	}
	d := &Document{root, jsonschema.NewCompiler()}
	d.compiler.AssertFormat()
	d.compiler.DefaultDraft(jsonschema.Draft2020)
	if version, _ := root["openapi"].(string); strings.HasPrefix(version, "3.0") {
		d.compiler.DefaultDraft(jsonschema.Draft4) // the nearest one
	}
	if err := d.compiler.AddResource(location, root); err != nil {
		t.Fatal(err)
	}
	for _, schema := range object(root, "components", "schemas") {
		if s, _ := schema.(map[string]any); s["$id"] != nil {
			if err := d.compiler.AddResource(s["$id"].(string), s); err != nil {
				t.Fatal(err)
			}
		}
	}
	return d
}

// plain returns a value of YAML as one of JSON.
func plain(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = plain(v[k])
		}
	case map[any]any:
		m := make(map[string]any)
		for k, w := range v {
			m[fmt.Sprint(k)] = plain(w)
		}
		return m
	case []any:
		for i := range v {
			v[i] = plain(v[i])
		}
	case int:
		return json.Number(strconv.Itoa(v))
	case float64:
		return json.Number(strconv.FormatFloat(v, 'g', -1, 64))
	}
	return v
}

func object(v map[string]any, path ...string) map[string]any {
	for _, p := range path {
		v, _ = v[p].(map[string]any)
	}
	return v
}

// follow returns the object that a reference is about, or the object itself.
func (d *Document) follow(v map[string]any) map[string]any {
	if ref, ok := v["$ref"].(string); ok {
		return object(d.root, strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
	}
	return v
}

// Response fails the test unless the document has the status for the operation, with this type and a schema that fits.
func (d *Document) Response(t testing.TB, method, path string, res *http.Response, body []byte) {
	t.Helper()
	if err := d.check(strings.ToLower(method), path, res, body); err != nil {
		t.Errorf("%s %s: %d: %v\n%.2000s", method, path, res.StatusCode, err, body)
	}
}

func (d *Document) check(method, path string, res *http.Response, body []byte) error {
	responses := object(d.root, "paths", path, method, "responses")
	if responses == nil {
		return fmt.Errorf("the document has no such operation")
	}
	found, ok := responses[strconv.Itoa(res.StatusCode)].(map[string]any)
	if !ok && res.StatusCode >= 400 {
		found, ok = responses["default"].(map[string]any)
	}
	if !ok {
		return fmt.Errorf("the document has no such status")
	}
	content := object(d.follow(found), "content")
	if content == nil {
		return nil // without a body, or with any
	}
	kind := normal(res.Header.Get("Content-Type"))
	for name, media := range content {
		if normal(name) != kind {
			continue
		}
		m, _ := media.(map[string]any)
		return d.validate(object(m, "schema"), kind, body)
	}
	return fmt.Errorf("the document has no type %q", kind)
}

// normal returns a media type in its normal form.
func normal(text string) string {
	kind, params, err := mime.ParseMediaType(text)
	if err != nil {
		return text
	}
	return mime.FormatMediaType(kind, params)
}

func (d *Document) validate(schema map[string]any, kind string, body []byte) error {
	if schema["type"] == "string" && !strings.Contains(kind, "json") {
		return nil // any text
	}
	ref, _ := schema["$ref"].(string)
	if ref == "" {
		return fmt.Errorf("a schema without a name is not supported")
	}
	at := location + ref
	if id, ok := d.follow(schema)["$id"].(string); ok {
		at = id
	}
	compiled, err := d.compiler.Compile(at)
	if err != nil {
		return err
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return err
	}
	return compiled.Validate(v)
}
