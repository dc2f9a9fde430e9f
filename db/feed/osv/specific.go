package osv

import (
	"encoding/json"

	"go.yaml.in/yaml/v3"

	"github.com/hullmark/hullmark/matcher"
)

// A specific has the used fields of database_specific and ecosystem_specific. Publishers may give any type to the fields and to their members.
type specific struct {
	Severity  string // a word
	LastKnown string // last_known_affected_version_range, of GitHub: "<= 1.2.3"

	Weaknesses    []string // cwe_ids, of GitHub
	Informational string   // of RustSec: "unmaintained", "unsound", "notice"
	Parts         []matcher.Part
}

// A goImport is an element of imports, of the Go vulnerability database.
type goImport struct {
	Path    string   `json:"path"`
	Symbols []string `json:"symbols"`
	Systems []string `json:"goos"`
}

// UnmarshalJSON implements json.Unmarshaler.
func (s *specific) UnmarshalJSON(b []byte) error {
	var v struct {
		Severity  any `json:"severity"`
		LastKnown any `json:"last_known_affected_version_range"`

		Weaknesses    json.RawMessage `json:"cwe_ids"`
		Informational any             `json:"informational"`
		Imports       json.RawMessage `json:"imports"`
		Affects       json.RawMessage `json:"affects"` // of RustSec
	}
	if json.Unmarshal(b, &v) != nil {
		return nil // not an object
	}
	s.Severity, _ = v.Severity.(string)
	s.LastKnown, _ = v.LastKnown.(string)
	s.Informational, _ = v.Informational.(string)
	s.Weaknesses, _ = decode[[]string](v.Weaknesses)
	imports, _ := decode[[]goImport](v.Imports)
	for _, i := range imports {
		s.Parts = append(s.Parts, matcher.Part(i))
	}
	affects, _ := decode[struct {
		Systems   []string `json:"os"`
		Functions []string `json:"functions"`
	}](v.Affects)
	if len(affects.Systems)+len(affects.Functions) > 0 {
		s.Parts = append(s.Parts, matcher.Part{Symbols: affects.Functions, Systems: affects.Systems})
	}
	return nil
}

// decode decodes a member. It returns false, and the zero value, for one of another type.
func decode[T any](raw json.RawMessage) (T, bool) {
	var v, zero T
	if len(raw) == 0 || json.Unmarshal(raw, &v) != nil {
		return zero, false
	}
	return v, true
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (s *specific) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		v := n.Content[i+1]
		if n.Content[i].Value == "cwe_ids" && v.Decode(&s.Weaknesses) != nil {
			s.Weaknesses = nil
		}
		if v.Kind != yaml.ScalarNode || v.Tag == "!!null" {
			continue
		}
		switch n.Content[i].Value {
		case "severity":
			s.Severity = v.Value
		case "last_known_affected_version_range":
			s.LastKnown = v.Value
		case "informational":
			s.Informational = v.Value
		}
	}
	return nil
}
