package sbom_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/sbom"
)

var versions = []string{"1.4", "1.5", "1.6", "1.7"}

// schemaDir returns the folder of the official schemas, which come with the source of cyclonedx-go.
var schemaDir = sync.OnceValues(func() (string, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/CycloneDX/cyclonedx-go").Output()
	return filepath.Join(strings.TrimSpace(string(out)), "schema"), err
})

// A schemaLoader finds schemas by the last element of their address, without a network.
type schemaLoader struct{ dir string }

func (l schemaLoader) Load(address string) (any, error) {
	name := address[strings.LastIndexByte(address, '/')+1:]
	switch name {
	case "jsf-0.82.schema.json": // of signatures; cyclonedx-go ships it under another name
		name = "jsf-0.82.schemax.json"
	case "cryptography-defs.schema.json": // which it does not ship, and nothing here refers to
		return jsonschema.UnmarshalJSON(strings.NewReader(`{"definitions": {"algorithmFamiliesEnum": false, "ellipticCurvesEnum": false}}`))
	}
	text, err := os.ReadFile(filepath.Join(l.dir, name))
	if err != nil {
		return nil, err
	}
	return jsonschema.UnmarshalJSON(bytes.NewReader(text))
}

// schemaOf returns the official schema of a version of CycloneDX JSON, with formats asserted.
func schemaOf(t testing.TB, version string) *jsonschema.Schema {
	t.Helper()
	dir, err := schemaDir()
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.UseLoader(schemaLoader{dir})
	c.AssertFormat()
	s, err := c.Compile("http://cyclonedx.org/schema/bom-" + version + ".schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// validate fails the test if a document is not valid.
func validate(t testing.TB, s *jsonschema.Schema, document []byte) {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		t.Fatalf("%v\n%s", err, document)
	}
	if err := s.Validate(v); err != nil {
		t.Fatalf("%v\n%s", err, document[:min(len(document), 20000)])
	}
}

// TestXMLSchema asks the official XML schemas, through xmllint of libxml2, as there is no validator in Go.
func TestXMLSchema(t *testing.T) {
	xmllint, err := exec.LookPath("xmllint")
	if err != nil {
		t.Skipf("no validator of XML schemas: %v", err)
	}
	dir, err := schemaDir()
	if err != nil {
		t.Fatal(err)
	}
	r, m, o := everything()
	o.Format = sbom.CycloneDXXML
	for _, o.Version = range versions {
		tmp := t.TempDir()
		for _, name := range []string{"bom-" + o.Version + ".xsd", "spdx.xsd"} {
			text, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			text = bytes.ReplaceAll(text, []byte(`schemaLocation="http://cyclonedx.org/schema/spdx"`), []byte(`schemaLocation="spdx.xsd"`))
			if err := os.WriteFile(filepath.Join(tmp, name), text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		for _, result := range []*matcher.Result{m, nil} {
			cmd := exec.Command(xmllint, "--nonet", "--noout", "--schema", filepath.Join(tmp, "bom-"+o.Version+".xsd"), "-")
			cmd.Stdin = bytes.NewReader(encode(t, r, result, o))
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%s: %v\n%s", o.Version, err, out)
			}
		}
	}
}
