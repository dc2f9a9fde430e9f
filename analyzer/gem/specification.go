package gem

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/license"
)

// A specification holds the literals that a gemspec assigns.
type specification struct {
	variable  string              // "s" in "Gem::Specification.new do |s|"
	constants map[string][]string // assigned before the block
	values    map[string][]string // by attribute
	depends   []string
}

// parseSpecification reads a gemspec. If a generated gemspec lacks a literal name or version, they come from the stub. RubyGems
// finds gems by this comment without loading them: "# stub: NAME VERSION PLATFORM PATHS".
func parseSpecification(text string, generated bool) (analyzer.Package, error) {
	s := specification{constants: make(map[string][]string), values: make(map[string][]string)}
	s.read(text, generated)
	name, version, platform := s.first("name"), s.first("version"), s.first("platform")
	if generated && (name == "" || version == "") {
		if stub, ok := stubOf(text); ok {
			name, version, platform = stub[0], stub[1], stub[2]
		}
	}
	if s.variable == "" && name == "" {
		return analyzer.Package{}, fmt.Errorf("gem: %w", errNoSpecification)
	}
	p, err := newPackage(name, strings.TrimSpace(version), platform)
	if err != nil {
		err = fmt.Errorf("gem: %w", err)
	}
	seen := make(map[string]bool)
	for _, declared := range slices.Concat(s.values["licenses"], s.values["license"]) {
		if e, _ := license.Normalize(declared); e != "" && !seen[e] {
			seen[e] = true
			p.Licenses = append(p.Licenses, e)
		}
	}
	slices.Sort(s.depends)
	p.Depends = slices.Compact(s.depends)
	return p, err
}

// stubOf returns name, version and platform of the stub in the first lines.
func stubOf(text string) (fields []string, ok bool) {
	for range 5 {
		var line string
		line, text, _ = strings.Cut(text, "\n")
		if stub, found := strings.CutPrefix(line, "# stub: "); found {
			fields = strings.Fields(stub)
			return fields, len(fields) >= 3
		}
	}
	return nil, false
}

// read reads the statements. Only arrays span lines.
//
// For versions of RubyGems without development dependencies, older generated files repeat all dependencies after "else". read
// ignores these.
func (s *specification) read(text string, generated bool) {
	repeated := false
	for text != "" {
		statement := text
		var line string
		line, text, _ = strings.Cut(text, "\n")
		line = strings.TrimSpace(line)
		statement = strings.TrimLeft(statement, " \t")
		switch {
		case s.variable == "":
			s.variable = blockVariable(line)
			if s.variable == "" {
				s.constant(statement)
			}
		case generated && line == "else":
			repeated = true
		default:
			if call, ok := strings.CutPrefix(statement, s.variable+"."); ok {
				s.statement(call, repeated)
			}
		}
	}
}

// blockVariable returns the variable of "Gem::Specification.new do |s|".
func blockVariable(line string) string {
	_, after, ok := strings.Cut(line, "Gem::Specification.new")
	if !ok {
		return ""
	}
	_, after, _ = strings.Cut(after, "|")
	name, _, ok := strings.Cut(after, "|")
	if name = strings.TrimSpace(name); !ok || !isWord(name, "_") {
		return ""
	}
	return name
}

// constant reads the assignment of a literal to a constant.
func (s *specification) constant(statement string) {
	if statement == "" || statement[0] < 'A' || statement[0] > 'Z' {
		return
	}
	name, value, ok := strings.Cut(statement, "=")
	if name = strings.TrimSpace(name); !ok || !isWord(name, "_") {
		return
	}
	if values, ok := parseLiteral(strings.TrimLeft(value, " \t")); ok {
		s.constants[name] = values
	}
}

// statement reads the rest of a statement after "s.": an assignment, or the declaration of a dependency.
func (s *specification) statement(call string, repeated bool) {
	end := 0
	for end < len(call) && (call[end] == '_' || 'a' <= call[end] && call[end] <= 'z') {
		end++
	}
	method, rest := call[:end], strings.TrimLeft(call[end:], " \t")
	switch method {
	case "add_dependency", "add_runtime_dependency":
		if repeated {
			return
		}
		rest = strings.TrimLeft(strings.TrimPrefix(rest, "("), " \t")
		if values, _, ok := literalAt(rest, false); ok && isWord(values[0], "._-") {
			s.depends = append(s.depends, values[0])
		}
	case "name", "version", "platform", "license", "licenses":
		value, ok := strings.CutPrefix(rest, "=")
		if !ok || strings.HasPrefix(value, "=") {
			return
		}
		value = strings.TrimLeft(value, " \t")
		if values, ok := parseLiteral(value); ok {
			s.values[method] = values
			return
		}
		line, _, _ := strings.Cut(value, "\n")
		word, _, _ := strings.Cut(line, "#")
		if values, ok := s.constants[strings.TrimSuffix(strings.TrimSpace(word), ".freeze")]; ok {
			s.values[method] = values
		}
	}
}

func (s *specification) first(attribute string) string {
	if v := s.values[attribute]; len(v) > 0 {
		return v[0]
	}
	return ""
}
