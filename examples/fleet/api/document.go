package api

import (
	_ "embed"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/hullmark/hullmark/examples/fleet/store"
)

// Document is the description of the API, OpenAPI 3.1. The server takes its routes, scopes and parameters from it.
//
//go:embed openapi.yaml
var Document []byte

// An operation is a method of a path.
type operation struct {
	ID         string                `yaml:"operationId"`
	Security   []map[string][]string `yaml:"security"`
	Parameters []parameter           `yaml:"parameters"`
	Body       string                `yaml:"x-body"`

	method, path string
}

// public reports whether an operation needs no token.
func (o *operation) public() bool { return o.Security != nil && len(o.Security) == 0 }

// any reports whether each token will do, whatever its scopes.
func (o *operation) any() bool {
	return len(o.Security) == 1 && o.Security[0]["token"] != nil && len(o.Security[0]["token"]) == 0
}

// scope returns the scope that a token needs.
func (o *operation) scope() store.Scope {
	for _, s := range o.Security {
		if list := s["token"]; len(list) == 1 {
			return store.Scope(list[0])
		}
	}
	return ""
}

// A parameter is a parameter of a query, a path or a header.
type parameter struct {
	Ref    string `yaml:"$ref"`
	Name   string `yaml:"name"`
	In     string `yaml:"in"`
	Schema schema `yaml:"schema"`
}

// A schema is as much of a JSON Schema as parameters have.
type schema struct {
	Ref       string   `yaml:"$ref"`
	Type      string   `yaml:"type"`
	Enum      []string `yaml:"enum"`
	Minimum   *int     `yaml:"minimum"`
	Maximum   *int     `yaml:"maximum"`
	MinLength int      `yaml:"minLength"`
	MaxLength int      `yaml:"maxLength"`
}

// operations reads the document.
func operations() ([]operation, error) {
	var d struct {
		Paths      map[string]map[string]operation `yaml:"paths"`
		Components struct {
			Parameters map[string]parameter `yaml:"parameters"`
			Schemas    map[string]schema    `yaml:"schemas"`
		} `yaml:"components"`
	}
	if err := yaml.Unmarshal(Document, &d); err != nil {
		return nil, fmt.Errorf("api: document: %w", err)
	}
	var list []operation
	for path, methods := range d.Paths {
		for method, o := range methods {
			o.method, o.path = strings.ToUpper(method), path
			for i := range o.Parameters {
				p := &o.Parameters[i]
				if p.Ref != "" {
					*p = d.Components.Parameters[p.Ref[strings.LastIndexByte(p.Ref, '/')+1:]]
				}
				if p.Schema.Ref != "" {
					p.Schema = d.Components.Schemas[p.Schema.Ref[strings.LastIndexByte(p.Schema.Ref, '/')+1:]]
				}
				if p.Name == "" || p.Schema.Type == "" {
					return nil, fmt.Errorf("api: document: %s %s: parameter %d has no name or type", o.method, path, i)
				}
			}
			if !o.public() && !o.any() && o.scope() == "" {
				return nil, fmt.Errorf("api: document: %s %s has no scope", o.method, path)
			}
			list = append(list, o)
		}
	}
	return list, nil
}

// check returns the first fault of the parameters of a query, or "".
func (o *operation) check(query url.Values) string {
	for name, values := range query {
		i := slices.IndexFunc(o.Parameters, func(p parameter) bool { return p.In == "query" && p.Name == name })
		if i < 0 {
			return fmt.Sprintf("unknown parameter %q", name)
		}
		if len(values) > 1 {
			return fmt.Sprintf("parameter %q is given %d times", name, len(values))
		}
		if fault := o.Parameters[i].Schema.check(values[0]); fault != "" {
			return fmt.Sprintf("parameter %q %s", name, fault)
		}
	}
	return ""
}

func (s *schema) check(value string) string {
	switch {
	case s.Type == "integer":
		n, err := strconv.Atoi(value)
		switch {
		case err != nil || value[0] == '+':
			return "is no integer"
		case s.Minimum != nil && n < *s.Minimum:
			return fmt.Sprintf("is less than %d", *s.Minimum)
		case s.Maximum != nil && n > *s.Maximum:
			return fmt.Sprintf("is more than %d", *s.Maximum)
		}
	case s.Type == "boolean":
		if value != "true" && value != "false" {
			return "is neither true nor false"
		}
	case len(s.Enum) > 0 && !slices.Contains(s.Enum, value):
		return "is not one of " + strings.Join(s.Enum, ", ")
	case len(value) < s.MinLength:
		return "is too short"
	case s.MaxLength > 0 && len(value) > s.MaxLength:
		return fmt.Sprintf("has more than %d bytes", s.MaxLength)
	}
	return ""
}
