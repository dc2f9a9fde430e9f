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

// An xmlSchemas checks documents by the official XML schemas, through xmllint of libxml2, as there is no validator in Go:
// many at once, since a schema takes longer to read than a document.
type xmlSchemas struct {
	xmllint, dir string
	files        map[string][]string // by version
}

func newXMLSchemas(t testing.TB) *xmlSchemas {
	t.Helper()
	xmllint, err := exec.LookPath("xmllint")
	if err != nil {
		t.Skipf("no validator of XML schemas: %v", err)
	}
	dir, err := schemaDir()
	if err != nil {
		t.Fatal(err)
	}
	x := &xmlSchemas{xmllint: xmllint, dir: t.TempDir(), files: make(map[string][]string)}
	names := []string{"spdx.xsd"}
	for _, version := range versions {
		names = append(names, "bom-"+version+".xsd")
	}
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		text = bytes.ReplaceAll(text, []byte(`schemaLocation="http://cyclonedx.org/schema/spdx"`), []byte(`schemaLocation="spdx.xsd"`))
		if err := os.WriteFile(filepath.Join(x.dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return x
}

func (x *xmlSchemas) add(t testing.TB, version, name string, document []byte) {
	t.Helper()
	file := filepath.Join(x.dir, strings.ReplaceAll(name, "/", "_")+"-"+version+".xml")
	if err := os.WriteFile(file, document, 0o600); err != nil {
		t.Fatal(err)
	}
	x.files[version] = append(x.files[version], file)
}

// check validates all that was added.
func (x *xmlSchemas) check(t testing.TB) {
	t.Helper()
	for version, files := range x.files {
		args := append([]string{"--nonet", "--noout", "--huge", "--schema", filepath.Join(x.dir, "bom-"+version+".xsd")}, files...)
		out, err := exec.Command(x.xmllint, args...).CombinedOutput()
		if err != nil {
			var lines []string
			for line := range strings.Lines(string(out)) {
				if !strings.HasSuffix(line, " validates\n") && len(lines) < 20 {
					lines = append(lines, line)
				}
			}
			t.Errorf("%s: %v\n%s", version, err, strings.Join(lines, ""))
		}
		t.Logf("%d documents of %s", len(files), version)
	}
}

// TestXMLSchema asks the official XML schemas about documents with everything that there can be.
func TestXMLSchema(t *testing.T) {
	x := newXMLSchemas(t)
	r, m, o := everything()
	o.Format = sbom.CycloneDXXML
	for _, o.Version = range versions {
		x.add(t, o.Version, "matched", encode(t, r, m, o))
		x.add(t, o.Version, "scanned", encode(t, r, nil, o))
	}
	x.check(t)
}
