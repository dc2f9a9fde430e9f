package admission

import (
	"slices"
	"strings"
)

// Platforms are the platforms on which a pod may run. The zero value is all.
type Platforms struct {
	OS            []string // nil is any
	Architectures []string // nil is any
}

// Selects reports whether a pod may run on a platform, "linux/arm/v7". It does if the name lacks a part that would decide.
func (p Platforms) Selects(platform string) bool {
	os, rest, _ := strings.Cut(platform, "/")
	architecture, _, _ := strings.Cut(rest, "/")
	architecture, _, _ = strings.Cut(architecture, ":") // before the version of the system
	allows := func(list []string, value string) bool {
		return list == nil || value == "" || slices.Contains(list, value)
	}
	return allows(p.OS, os) && allows(p.Architectures, architecture)
}

// String returns a text that differs for other platforms.
func (p Platforms) String() string {
	return strings.Join(p.OS, ",") + "/" + strings.Join(p.Architectures, ",")
}

// Labels that the kubelet sets on its node.
const (
	labelOS           = "kubernetes.io/os"
	labelArchitecture = "kubernetes.io/arch"
)

// platforms returns the platforms that the specification of a pod requires. All that it doesn't understand allows any platform, and so do
// requirements that no node meets.
func platforms(spec map[string]any) (p Platforms) {
	terms, _ := child(spec, "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution")["nodeSelectorTerms"].([]any)
	required := func(label string) []string {
		var of [][]string
		if v, ok := child(spec, "nodeSelector")[label].(string); ok {
			of = append(of, []string{v})
		}
		if label == labelOS {
			if v, ok := child(spec, "os")["name"].(string); ok { // the kubelet of another system refuses the pod
				of = append(of, []string{v})
			}
		}
		if any := anyTerm(terms, label); any != nil {
			of = append(of, any)
		}
		if len(of) == 0 {
			return nil
		}
		list := slices.DeleteFunc(slices.Clone(of[0]), func(v string) bool {
			return v == "" || slices.ContainsFunc(of, func(other []string) bool { return !slices.Contains(other, v) })
		})
		slices.Sort(list)
		if list = slices.Compact(list); len(list) == 0 {
			return nil
		}
		return list
	}
	return Platforms{required(labelOS), required(labelArchitecture)}
}

// anyTerm returns the values of a label that one of the terms of a node affinity allows, or nil if a term allows any.
func anyTerm(terms []any, label string) (values []string) {
	for _, t := range terms {
		term, _ := t.(map[string]any)
		list, _ := term["matchExpressions"].([]any)
		var of []string
		for _, e := range list {
			expression, _ := e.(map[string]any)
			if expression["key"] != label || expression["operator"] != "In" {
				continue
			}
			allowed, _ := expression["values"].([]any)
			for _, v := range allowed {
				if s, ok := v.(string); ok {
					of = append(of, s)
				}
			}
		}
		if of == nil {
			return nil
		}
		values = append(values, of...)
	}
	return values
}
