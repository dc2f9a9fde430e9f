package osv

import (
	"encoding/json"

	"go.yaml.in/yaml/v3"
)

// A specific has the used fields of database_specific and ecosystem_specific. Publishers may give any type to the fields and to their members.
type specific struct {
	Severity  string // a word
	LastKnown string // last_known_affected_version_range, of GitHub: "<= 1.2.3"
}

// UnmarshalJSON implements json.Unmarshaler.
func (s *specific) UnmarshalJSON(b []byte) error {
	var v struct {
		Severity  any `json:"severity"`
		LastKnown any `json:"last_known_affected_version_range"`
	}
	if json.Unmarshal(b, &v) == nil { // an object
		s.Severity, _ = v.Severity.(string)
		s.LastKnown, _ = v.LastKnown.(string)
	}
	return nil
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (s *specific) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		v := n.Content[i+1]
		if v.Kind != yaml.ScalarNode || v.Tag == "!!null" {
			continue
		}
		switch n.Content[i].Value {
		case "severity":
			s.Severity = v.Value
		case "last_known_affected_version_range":
			s.LastKnown = v.Value
		}
	}
	return nil
}
