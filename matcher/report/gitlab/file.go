package gitlab

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/hullmark/hullmark/internal/english"
	"github.com/hullmark/hullmark/matcher/report"
)

// ofFile describes a finding in a file. GitLab knows a vulnerability of a container by the image, the name
// of the dependency and the first identifier, so that the file, the rule and the title keep findings apart. The line does not, because it moves:
// equal findings have numbers. taken has the paths and identifiers of earlier ones.
func ofFile(v *report.Assessment, f *report.FileFinding, taken map[[2]string]bool) vulnerability {
	title := or(f.Title, f.Rule)
	name := or(f.Rule, "finding")
	value := name
	if f.Title != "" {
		value += ": " + f.Title
	}
	first := value
	for n := 2; taken[[2]string{f.Path, value}]; n++ {
		value = fmt.Sprintf("%s (%d)", first, n)
	}
	taken[[2]string{f.Path, value}] = true
	x := vulnerability{
		ID:   uuid(value, f.Path, strconv.Itoa(f.Layer)),
		Name: cut(title+" in "+f.Place(), 255), Description: cut(or(f.Detail, title), 1<<20),
		Severity: severity(f.Level), Details: map[string]detail{},
		Identifiers: []identifier{{Type: "hullmark", Name: name, Value: value}},
	}
	owner, layer := "", ""
	if f.Package != nil {
		owner = f.Package.Label()
	}
	if f.Layer >= 0 {
		layer = strconv.Itoa(f.Layer)
	}
	for key, d := range map[string]detail{
		"place": {"text", "Found in", f.Place()}, "state": {"text", "The file is", f.State()}, "layer": {"text", "Layer", layer},
		"package": {"text", "Of package", owner}, "analyzer": {"text", "Analyzer", f.Analyzer}, "policy": {"text", "Policy", f.Action.String()},
	} {
		if d.Value != "" {
			x.Details[key] = d
		}
	}
	x.Location.Dependency.Package.Name = or(f.Path, "image configuration")
	x.locate(v)
	return x
}

// fileMessages counts the findings for information by rule and the records by kind, and sums up the searches.
func fileMessages(v *report.Assessment) []message {
	rules := make(map[string]int)
	for i := range v.FileFindings {
		if f := &v.FileFindings[i]; f.Informs() && f.Action <= report.Go {
			rules[f.Rule]++
		}
	}
	var list []message
	for _, rule := range slices.Sorted(maps.Keys(rules)) {
		list = append(list, message{"info", english.Count(rules[rule], "finding") + " for information: " + rule})
	}
	var parts []string
	for _, c := range v.RecordCounts() {
		parts = append(parts, fmt.Sprintf("%d %s", c.N, c.Kind))
	}
	if len(parts) > 0 {
		list = append(list, message{"info", "records: " + strings.Join(parts, ", ")})
	}
	return append(list, message{"info", v.Examined()})
}
