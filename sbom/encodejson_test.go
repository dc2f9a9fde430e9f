package sbom

import (
	"testing"

	"github.com/CycloneDX/cyclonedx-go"
)

// TestComponentJSON compares components with what encoding/json makes of them: with every field that a jsonWriter writes, in texts that
// need escapes, and with other fields.
func TestComponentJSON(t *testing.T) {
	const odd = "<a & b> \"\\\x01\u2028\xff\nž"
	sure, ack := float32(0.9), cyclonedx.LicenseAcknowledgementDeclared
	full := func() *cyclonedx.Component {
		return &cyclonedx.Component{
			BOMRef: odd, Type: cyclonedx.ComponentTypeLibrary, Supplier: &cyclonedx.OrganizationalEntity{Name: odd}, Group: odd, Name: odd,
			Version: odd, Scope: cyclonedx.ScopeOptional, Hashes: &[]cyclonedx.Hash{{Algorithm: cyclonedx.HashAlgoMD5, Value: "00"}, {}},
			Licenses: &cyclonedx.Licenses{
				{License: &cyclonedx.License{ID: "MIT", Acknowledgement: ack}}, {License: &cyclonedx.License{Name: odd}},
				{Expression: odd, Acknowledgement: &ack},
			},
			PackageURL: odd, Properties: &[]cyclonedx.Property{{Name: odd, Value: odd}, {}},
			Evidence: &cyclonedx.Evidence{
				Identity: &cyclonedx.EvidenceIdentityChoice{Identities: &[]cyclonedx.EvidenceIdentity{{
					Field: cyclonedx.EvidenceIdentityFieldTypePURL, Confidence: &sure,
					Methods: &[]cyclonedx.EvidenceIdentityMethod{{Technique: cyclonedx.EvidenceIdentityTechniqueManifestAnalysis, Confidence: &sure}},
				}}},
				Occurrences: &[]cyclonedx.EvidenceOccurrence{{Location: odd, AdditionalContext: odd}},
			},
		}
	}
	line := 7
	for name, change := range map[string]func(*cyclonedx.Component){
		"all":           func(*cyclonedx.Component) {},
		"none":          func(c *cyclonedx.Component) { *c = cyclonedx.Component{} },
		"empty lists":   func(c *cyclonedx.Component) { c.Hashes, c.Licenses = &[]cyclonedx.Hash{}, &cyclonedx.Licenses{} },
		"other field":   func(c *cyclonedx.Component) { c.Description = odd },
		"supplier":      func(c *cyclonedx.Component) { c.Supplier.URL = &[]string{odd} },
		"license":       func(c *cyclonedx.Component) { (*c.Licenses)[0].License.URL = odd },
		"choice":        func(c *cyclonedx.Component) { (*c.Licenses)[2].BOMRef = odd },
		"copyright":     func(c *cyclonedx.Component) { c.Evidence.Copyright = &[]cyclonedx.Copyright{{Text: odd}} },
		"identity":      func(c *cyclonedx.Component) { (*c.Evidence.Identity.Identities)[0].ConcludedValue = odd },
		"method":        func(c *cyclonedx.Component) { (*(*c.Evidence.Identity.Identities)[0].Methods)[0].Value = odd },
		"occurrence":    func(c *cyclonedx.Component) { (*c.Evidence.Occurrences)[0].Line = &line },
		"no identity":   func(c *cyclonedx.Component) { c.Evidence.Identity = nil },
		"no occurrence": func(c *cyclonedx.Component) { c.Evidence.Occurrences = nil },
	} {
		c := full()
		change(c)
		want, err := compact(c)
		if err != nil {
			t.Fatal(name, err)
		}
		var w jsonWriter
		w.component(c)
		if got := string(w.b); got != string(want)+"," || w.err != nil {
			t.Errorf("%s: %v\n got %s\nwant %s", name, w.err, got, want)
		}
		if isSimple(c) != (name == "all" || name == "none" || name == "empty lists") {
			t.Errorf("%s: plain is %t", name, isSimple(c))
		}
	}
	for _, d := range []cyclonedx.Dependency{{}, {Ref: odd, Dependencies: &[]string{odd, ""}}, {Ref: "a", Dependencies: &[]string{}}, {Ref: "a", Provides: &[]string{odd}}} {
		want, err := compact(d)
		var w jsonWriter
		w.dependency(&d)
		if string(w.b) != string(want)+"," || err != nil {
			t.Errorf("got %s\nwant %s", w.b, want)
		}
	}
	bad := &cyclonedx.Component{Licenses: &cyclonedx.Licenses{{License: &cyclonedx.License{}}}}
	var w jsonWriter
	if w.component(bad); w.err == nil {
		t.Error("no error for a license without a name")
	}
}
