package policy_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/hullmark/hullmark/matcher/policy"
)

var update = flag.Bool("update", false, "write LANGUAGE.md")

// TestLanguage holds LANGUAGE.md to what Spec says.
func TestLanguage(t *testing.T) {
	var b strings.Builder
	b.WriteString("# The language of policies\n\n`hullmark policy spec` prints this page as JSON, and `go test ./matcher/policy -run TestLanguage -update` writes it.\n\n## Variables\n\n| name | type | rules on | |\n|---|---|---|---|\n")
	spec := policy.Spec()
	known := map[string]bool{"text": true, "int": true, "bool": true, "double": true, "timestamp": true, "version": true, "severity": true, "now": true, "age": true}
	for _, x := range spec.Types {
		known[x.Name] = true
	}
	check := func(where, typ string) {
		if !known[strings.TrimPrefix(strings.TrimPrefix(typ, "list of "), "map of ")] {
			t.Errorf("%s has the type %q, which is not described", where, typ)
		}
	}
	for _, v := range spec.Variables {
		on := strings.Join(v.On, ", ")
		if on == "" {
			on = "all"
		}
		check(v.Name, v.Type)
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", v.Name, v.Type, on, v.Doc)
	}
	b.WriteString("\n## Functions\n\nBeside those of CEL:\n\n| signature | |\n|---|---|\n")
	for _, f := range spec.Functions {
		fmt.Fprintf(&b, "| `%s` | %s |\n", f.Signature, f.Doc)
	}
	b.WriteString("\nConstants are ")
	for i, c := range spec.Constants {
		if i > 0 {
			b.WriteString(" < ")
		}
		b.WriteString("`" + c.Name + "`")
	}
	b.WriteString(".\n\n## Types\n")
	for _, x := range spec.Types {
		fmt.Fprintf(&b, "\n### %s\n\n| field | type | |\n|---|---|---|\n", x.Name)
		for _, f := range x.Fields {
			check(x.Name+"."+f.Name, f.Type)
			doc := f.Doc
			if len(f.Values) > 0 {
				doc = strings.TrimPrefix(doc+"; one of `"+strings.Join(f.Values, "`, `")+"`", "; ")
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", f.Name, f.Type, doc)
		}
	}
	if *update {
		if err := os.WriteFile("LANGUAGE.md", []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile("LANGUAGE.md")
	if err != nil || string(got) != b.String() {
		t.Errorf("LANGUAGE.md is out of date (%v); run with -update", err)
	}
}

// TestSchema checks documents with the JSON Schema: all that Load accepts are valid, and a misspelled key is not.
func TestSchema(t *testing.T) {
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(policy.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("policy.json", parsed); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("policy.json")
	if err != nil {
		t.Fatal(err)
	}
	validate := func(text string) error {
		var v any
		if err := yaml.Unmarshal([]byte(text), &v); err != nil {
			t.Fatal(err)
		}
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		return schema.Validate(value)
	}
	documents := []string{"version: 2\n" + sixProblems, strings.ReplaceAll(good, "2026-12-31", "'2026-12-31'")}
	for _, name := range policy.Presets() {
		text, err := policy.Preset(name)
		if err != nil {
			t.Fatal(err)
		}
		documents = append(documents, text)
	}
	for _, text := range documents {
		if err := validate(text); err != nil {
			t.Errorf("%v\n%s", err, text)
		}
	}
	for _, change := range [][2]string{{"otherwise: go", "otherwize: go"}, {"action: stop", "action: halt"}, {"on: image", "on: layer"}} {
		if validate(strings.Replace("version: 2\n"+sixProblems, change[0], change[1], 1)) == nil {
			t.Errorf("%s is valid", change[1])
		}
	}
}
