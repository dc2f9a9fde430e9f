package plantedsecrets

import (
	"math/rand/v2"
	"regexp"
	"strings"
)

// A Format is a kind of secret, as its issuer documents it.
type Format struct {
	Name     string // in kebab-case
	Issuer   string
	Document string // address of the issuer's document
	Form     string // RE2 expression that all values match in full; a group "secret" is the part to keep secret
	Checksum string // how the last characters are computed, if they are a checksum

	// Distinct tells that the form alone identifies the secret. All others need the name of a variable, a key of the file, or
	// another value beside them.
	Distinct bool

	// Read tells that the form was compared with the document, or a stored copy of it, on 2026-11-29. All others are from memory.
	Read bool

	name    string                                   // usual name of the variable
	partner [2]string                                // name and form of a public variable beside it
	make    func(r *rand.Rand) string                // the value; nil to fill Form
	file    func(r *rand.Rand) (path string, d *doc) // a whole file instead of a value
}

// A Var is a named value.
type Var struct {
	Name, Value string
	Secret      bool
}

// A Secret holds the variables that a carrier writes, or a whole file.
type Secret struct {
	Vars  []Var
	Path  string   // name of the file, if the secret is one
	Text  string   // content of the file
	Parts []string // strings that no output may have
}

// doc is the content of a file that holds secrets.
type doc struct {
	text  string
	parts []string
}

// Value returns a random secret of the format. Equal sources give equal secrets.
func (f *Format) Value(r *rand.Rand) Secret {
	if f.file != nil {
		path, d := f.file(r)
		return Secret{Path: path, Text: d.text, Parts: d.parts}
	}
	value := ""
	if f.make != nil {
		value = f.make(r)
	} else {
		value = fill(r, f.Form)
	}
	var s Secret
	if f.partner[0] != "" {
		s.Vars = append(s.Vars, Var{Name: f.partner[0], Value: fill(r, f.partner[1])})
	}
	s.Vars = append(s.Vars, Var{Name: f.name, Value: value, Secret: true})
	s.Parts = parts(value)
	if strings.Contains(f.Form, "(?P<secret>") {
		re := regexp.MustCompile("^(?:" + f.Form + ")$")
		s.Parts = []string{re.FindStringSubmatch(value)[re.SubexpIndex("secret")]}
	}
	return s
}

// parts returns the strings of a value that no output may have: the value, or the lines of a key without its armour.
func parts(value string) []string {
	if !strings.Contains(value, "\n") {
		return []string{value}
	}
	var list []string
	for line := range strings.Lines(value) {
		line = strings.TrimSpace(line)
		if len(line) >= 16 && !strings.HasPrefix(line, "-----") && !strings.Contains(line, ": ") {
			list = append(list, line)
		}
	}
	return list
}
