package sbom_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/sbom"
)

// Packages of language ecosystems are meant by their whole names: what needs "@scope/a" does not need "a".
func TestDependsOnWholeName(t *testing.T) {
	npm := func(id, namespace, name string, depends ...string) analyzer.Component {
		return analyzer.Component{ID: id, PURL: "pkg:npm/" + id + "@1", Analyzer: "npm", Path: "node_modules/" + id + "/package.json",
			Package: analyzer.Package{Type: "npm", Namespace: namespace, Name: name, Version: "1", Depends: depends}}
	}
	scanned := &analyzer.Report{Components: []analyzer.Component{
		npm("plain", "", "a"), npm("scoped", "@scope", "a"), npm("user", "", "b", "@scope/a"),
	}}
	var b bytes.Buffer
	if err := sbom.Encode(&b, &report.Assessment{Report: scanned}, sbom.Options{}); err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Dependencies []struct {
			Ref       string
			DependsOn []string
		}
	}
	if err := json.Unmarshal(b.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	for _, d := range doc.Dependencies {
		if d.Ref == "user" && strings.Join(d.DependsOn, " ") != "scoped" {
			t.Errorf("user needs %v, want scoped", d.DependsOn)
		}
	}
}
