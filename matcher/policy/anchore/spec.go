package anchore

import "slices"

// A Gate is a group of triggers.
type Gate struct {
	Name        string    `json:"name"`
	Description string    `json:"description"`
	State       State     `json:"state"`
	Successor   string    `json:"successor,omitempty"` // the gate to use instead, of one that reached its end of life; else ""
	Triggers    []Trigger `json:"triggers"`
}

// A Trigger is a kind of rule.
type Trigger struct {
	Name        string      `json:"name"`
	Aliases     []string    `json:"aliases,omitempty"` // former names, which bundles may have
	Description string      `json:"description"`       // when a rule fires
	ID          string      `json:"id,omitempty"`      // form of the trigger IDs that whitelists name; "" for the MD5 digest of gate, trigger and message
	Needs       string      `json:"needs,omitempty"`   // the facts in a report, for a person; "" for those that every scan collects
	Differs     string      `json:"differs,omitempty"` // from Anchore's trigger, unless Options.Compat is set; "" for nothing
	Parameters  []Parameter `json:"parameters,omitempty"`

	evaluate func(*evaluation, *rule) error
}

// A Parameter is a setting of a rule. Its value is always a text.
type Parameter struct {
	Name        string    `json:"name"`
	Aliases     []string  `json:"aliases,omitempty"`
	Description string    `json:"description"`
	Required    bool      `json:"required,omitempty"`
	Validator   Validator `json:"validator"`
	Values      []string  `json:"values,omitempty"`  // for Enum and Linked
	Default     string    `json:"default,omitempty"` // "" for none
	Example     string    `json:"example,omitempty"`
	By          string    `json:"by,omitempty"` // the parameter that decides the form, for Linked
}

// A State says whether a gate is in use.
type State string

// States of gates.
const (
	Active    State = "active"
	EndOfLife State = "eol" // rules have no effect in Anchore
)

// A Validator is a form of values.
type Validator string

// Forms of values.
const (
	Text       Validator = "string"
	Enum       Validator = "enum"    // one of Parameter.Values
	Boolean    Validator = "boolean" // "true" or "false", in any letter case
	Integer    Validator = "integer"
	Float      Validator = "float"
	List       Validator = "list"    // texts with commas between them
	Numbers    Validator = "numbers" // integers with commas between them
	Expression Validator = "regex"
	Linked     Validator = "linked" // the form depends on the value of Parameter.By
	Mode       Validator = "mode"
	Digest     Validator = "sha256"
)

// Gates returns the language: gates, triggers and parameters, in the order of the documentation. The caller may change the result.
func Gates() []Gate {
	list := slices.Clone(gates())
	for i := range list {
		list[i].Triggers = slices.Clone(list[i].Triggers)
	}
	return list
}

// gateOf returns a gate by its name.
func gateOf(list []Gate, name string) *Gate {
	i := slices.IndexFunc(list, func(g Gate) bool { return g.Name == name })
	if i < 0 {
		return nil
	}
	return &list[i]
}

// trigger returns a trigger by its name or a former name.
func (g *Gate) trigger(name string) *Trigger {
	i := slices.IndexFunc(g.Triggers, func(t Trigger) bool { return t.Name == name || slices.Contains(t.Aliases, name) })
	if i < 0 {
		return nil
	}
	return &g.Triggers[i]
}

// parameter returns a parameter by its name or a former name.
func (t *Trigger) parameter(name string) *Parameter {
	i := slices.IndexFunc(t.Parameters, func(p Parameter) bool { return p.Name == name || slices.Contains(p.Aliases, name) })
	if i < 0 {
		return nil
	}
	return &t.Parameters[i]
}
