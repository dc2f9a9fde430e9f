package ci_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

// schemas returns the folder with what the platforms publish: node_modules with GitHub's parser of workflows and GitLab's schema, and
// task.yaml, Tekton's definition of tasks. .ci/run makes it.
func schemas(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("HULLMARK_CI_SCHEMAS")
	if dir == "" {
		t.Skip("HULLMARK_CI_SCHEMAS is not set")
	}
	return dir
}

// TestSchemas holds the recipes, and the workflows of this repository, against the schemas of their platforms. Each schema must also find
// a misspelt key.
func TestSchemas(t *testing.T) {
	dir := schemas(t)
	workflows, err := filepath.Glob("../../.github/workflows/*.yml")
	if err != nil || len(workflows) == 0 {
		t.Fatalf("no workflows: %v", err)
	}
	for _, tt := range []struct {
		files    []string
		validate func(t *testing.T, dir, file string) (errs string)
		key      string // which every file has
	}{
		{append(workflows, "github-actions.yml"), githubErrors, "runs-on:"},
		{[]string{"gitlab-ci.yml"}, gitlabErrors, "artifacts:"},
		{[]string{"tekton-task.yml"}, tektonErrors, "script:"},
	} {
		for _, file := range tt.files {
			if errs := tt.validate(t, dir, file); errs != "" {
				t.Errorf("%s: %s", file, errs)
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			wrong := filepath.Join(t.TempDir(), "wrong.yml")
			if err := os.WriteFile(wrong, bytes.Replace(text, []byte(tt.key), []byte("x"+tt.key), 1), 0o666); err != nil {
				t.Fatal(err)
			}
			if errs := tt.validate(t, dir, wrong); !strings.Contains(errs, "x"+strings.TrimSuffix(tt.key, ":")) {
				t.Errorf("%s with x%s: errors: %q", file, tt.key, errs)
			}
		}
	}
}

func node(t *testing.T, dir string, args ...string) []byte {
	t.Helper()
	var stderr bytes.Buffer
	c := exec.CommandContext(t.Context(), "node", args...)
	c.Dir, c.Stderr = dir, &stderr
	out, err := c.Output()
	if err != nil {
		t.Fatalf("node: %v\n%s", err, &stderr)
	}
	return out
}

// githubErrors asks GitHub's parser, which also checks expressions.
func githubErrors(t *testing.T, dir, file string) string {
	t.Helper()
	script, err := filepath.Abs("testdata/github.mjs")
	if err != nil {
		t.Fatal(err)
	}
	file, err = filepath.Abs(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(node(t, dir, script, file))
}

// gitlabErrors takes GitLab's schema from a program that contains it.
func gitlabErrors(t *testing.T, dir, file string) string {
	t.Helper()
	text := node(t, dir, "--input-type=module", "--eval",
		`import {schema} from "./node_modules/gitlab-ci-local/src/schema/schema.js"; console.log(JSON.stringify(schema))`)
	schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return schemaErrors(t, schema, file)
}

// tektonErrors uses the OpenAPI schema in the definition of tasks. It forbids unknown keys, as kubectl does.
func tektonErrors(t *testing.T, dir, file string) string {
	t.Helper()
	var definition struct {
		Spec struct {
			Versions []struct {
				Name   string
				Schema struct {
					OpenAPI map[string]any `yaml:"openAPIV3Schema"`
				}
			}
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, "task.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, &definition); err != nil {
		t.Fatal(err)
	}
	for _, version := range definition.Spec.Versions {
		if version.Name == "v1" {
			schema := version.Schema.OpenAPI
			closed(schema)
			return schemaErrors(t, plain(t, schema), file)
		}
	}
	t.Fatal("task.yaml has no version v1")
	return ""
}

// closed forbids keys that a schema does not have.
func closed(schema any) {
	switch x := schema.(type) {
	case map[string]any:
		_, properties := x["properties"].(map[string]any)
		_, additional := x["additionalProperties"]
		if properties && !additional && x["x-kubernetes-preserve-unknown-fields"] != true {
			x["additionalProperties"] = false
		}
		for _, child := range x {
			closed(child)
		}
	case []any:
		for _, child := range x {
			closed(child)
		}
	}
}

// plain returns what JSON makes of a value.
func plain(t *testing.T, value any) any {
	t.Helper()
	b, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	x, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func schemaErrors(t *testing.T, schema any, file string) string {
	t.Helper()
	const at = "https://schemas.example/schema.json"
	c := jsonschema.NewCompiler()
	if err := c.AddResource(at, schema); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile(at)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var document any
	if err := yaml.Unmarshal(text, &document); err != nil {
		return err.Error()
	}
	if err := compiled.Validate(plain(t, document)); err != nil {
		return err.Error()
	}
	return ""
}
