package policy

import (
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
)

// A Language describes what expressions may name. Documentation, the hints of errors and the JSON Schema come from it.
type Language struct {
	Targets   []string   `json:"targets"` // what rules are on
	Variables []Variable `json:"variables"`
	Types     []Type     `json:"types"`
	Functions []Function `json:"functions"` // beside those of CEL
	Constants []Constant `json:"constants"`
}

// A Variable is a name in expressions.
type Variable struct {
	Name string   `json:"name"`
	Type string   `json:"type"`         // "text", "list of package", or the name of a Type
	On   []string `json:"on,omitempty"` // the targets of rules that have it; all if empty
	Doc  string   `json:"doc"`
}

// A Type is a value with fields.
type Type struct {
	Name   string  `json:"name"`
	Fields []Field `json:"fields"`
}

// A Field is a part of a value.
type Field struct {
	Name   string   `json:"name"`
	Type   string   `json:"type"`
	Doc    string   `json:"doc,omitempty"`
	Values []string `json:"values,omitempty"` // all values of a text; any if empty
}

// A Function is a function of expressions.
type Function struct {
	Name      string `json:"name"`
	Signature string `json:"signature"`
	Doc       string `json:"doc"`
}

// A Constant is a value with a name.
type Constant struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// A variable is a name in expressions and the Go type of its values; nil is that of the time.
type variable struct {
	name string
	typ  reflect.Type
	on   report.Target // "" for rules on all
	doc  string
}

var variables = []variable{
	{"image", reflect.TypeFor[imageValue](), "", "the image and its configuration"},
	{"distro", reflect.TypeFor[distroValue](), "", "the distribution"},
	{"now", nil, "", "the time of the evaluation"},
	{"packages", reflect.TypeFor[[]*packageValue](), "", "all packages"},
	{"matches", reflect.TypeFor[[]*matchValue](), "", "all vulnerabilities that no VEX statement or evidence suppresses"},
	{"findings", reflect.TypeFor[[]*findingValue](), "", "all findings in files"},
	{"records", reflect.TypeFor[[]*recordValue](), "", "all records"},
	{"files", reflect.TypeFor[[]*fileValue](), "", "all files, directories and links, if an analyzer asked for them"},
	{"accounts", reflect.TypeFor[[]*accountValue](), "", "the accounts of etc/passwd"},
	{"database", reflect.TypeFor[databaseValue](), "", "the advisories"},
	{"coverage", reflect.TypeFor[[]coverageValue](), "", "for every ecosystem of the image, the feeds with advisories"},
	{"examined", reflect.TypeFor[[]examinationValue](), "", "what each analyzer looked for"},
	{"package", reflect.TypeFor[packageValue](), report.TargetPackage, "the package; in a rule on match, the one with the vulnerability"},
	{"match", reflect.TypeFor[matchValue](), report.TargetMatch, "the vulnerability"},
	{"finding", reflect.TypeFor[findingValue](), report.TargetFinding, "the finding"},
	{"record", reflect.TypeFor[recordValue](), report.TargetRecord, "the record"},
	{"file", reflect.TypeFor[fileValue](), report.TargetFile, "the file"},
}

// has reports whether a rule on something has a variable of rules on another thing.
func has(on, variable report.Target) bool {
	return variable == "" || variable == on || variable == report.TargetPackage && on == report.TargetMatch
}

// Spec describes the language of expressions. The gates of bundles of Anchore are data of package anchore, which links no CEL:
// anchore.Gates.
func Spec() *Language {
	l := new(Language)
	for _, t := range kinds() {
		l.Targets = append(l.Targets, string(t))
	}
	seen := make(map[string]bool)
	for _, v := range variables {
		x := Variable{Name: v.name, Type: "now", Doc: v.doc}
		if v.typ != nil {
			x.Type = nameOf(v.typ)
			l.add(v.typ, seen)
		}
		for _, t := range kinds() {
			if v.on != "" && has(t, v.on) {
				x.On = append(x.On, string(t))
			}
		}
		l.Variables = append(l.Variables, x)
	}
	l.add(reflect.TypeFor[purlValue](), seen)
	slices.SortFunc(l.Types, func(a, b Type) int { return strings.Compare(a.Name, b.Name) })
	l.Functions = []Function{
		{"age", "age(timestamp) age", "the time since an instant; compares with days, age(match.published) > 30, and with durations. That of an unknown instant is great"},
		{"glob", "glob(text, text) bool", `whether a path matches a pattern: "*" within an element, "**" any text, "**/" any elements`},
		{"purl", "purl(text) purl", "the parts of a package URL"},
		{"severity", "severity(text) severity", `the severity of a word: severity("high")`},
		{"version", "version(text) version", "a version, which has the order of the one beside it"},
	}
	for level := matcher.Unknown; level <= matcher.Critical; level++ {
		l.Constants = append(l.Constants, Constant{constantOf(level), "severity"})
	}
	return l
}

// add adds the type of a value, and those of its fields.
func (l *Language) add(t reflect.Type, seen map[string]bool) {
	t = structOf(t)
	if t == nil || seen[t.Name()] {
		return
	}
	seen[t.Name()] = true
	x := Type{Name: typeWord(t)}
	for i := range t.NumField() {
		f := t.Field(i)
		x.Fields = append(x.Fields, Field{f.Tag.Get("cel"), nameOf(f.Type), f.Tag.Get("doc"), strings.Fields(f.Tag.Get("values"))})
		l.add(f.Type, seen)
	}
	l.Types = append(l.Types, x)
}

// structOf returns the struct that a type is, points to or lists; else nil.
func structOf(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Slice || t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || !strings.HasSuffix(t.Name(), "Value") || t == reflect.TypeFor[versionValue]() || t == reflect.TypeFor[severityValue]() {
		return nil
	}
	return t
}

// typeWord returns the name of a struct in documentation: "package" for packageValue.
func typeWord(t reflect.Type) string { return strings.TrimSuffix(t.Name(), "Value") }

// nameOf returns the name of a Go type in documentation.
func nameOf(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Slice:
		return "list of " + nameOf(t.Elem())
	case reflect.Map:
		return "map of " + nameOf(t.Elem())
	case reflect.Pointer:
		return nameOf(t.Elem())
	case reflect.String:
		return "text"
	case reflect.Float64:
		return "double"
	case reflect.Int, reflect.Int64:
		return "int"
	case reflect.Bool:
		return "bool"
	}
	if t == reflect.TypeFor[time.Time]() {
		return "timestamp"
	}
	return typeWord(t)
}
