package ignore

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/hullmark/hullmark/matcher/report"
)

// ReadAny reads a list of this package, or one of another tool, which it recognizes by the file's name and content:
//
//	.grype.yaml            the rules below "ignore"
//	.trivyignore           identifiers, with exp:DATE
//	.trivyignore.yaml      vulnerabilities and secrets
//	osv-scanner.toml       IgnoredVulns and PackageOverrides
//
// The notes name the rules that were not carried over, with the reason. No rule is carried over without one of its conditions, since it
// would hide more than its author wanted.
func ReadAny(r io.Reader, name string) (list []report.Ignore, notes []string, err error) {
	base := strings.ToLower(path.Base(strings.ReplaceAll(name, `\`, "/")))
	switch {
	case strings.HasSuffix(base, ".toml"), strings.HasSuffix(base, ".yaml"), strings.HasSuffix(base, ".yml"):
	case base == ".trivyignore", strings.HasSuffix(base, ".trivyignore"):
		list, notes, err = readTrivyLines(r, name)
		return list, notes, err
	default:
		list, err = Read(r, name)
		return list, nil, err
	}
	text, err := io.ReadAll(io.LimitReader(r, maxBytes+1))
	switch {
	case err != nil:
		return nil, nil, fmt.Errorf("%s: %w", name, err)
	case len(text) > maxBytes:
		return nil, nil, fmt.Errorf("%s: more than %d bytes", name, maxBytes)
	}
	o := &other{name: name}
	if strings.HasSuffix(base, ".toml") {
		err = o.osv(text)
	} else {
		err = o.yaml(text)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", name, err)
	}
	return o.list, o.notes, nil
}

// An other reads a list of another tool.
type other struct {
	name  string
	list  []report.Ignore
	notes []string
}

// maxNotes bounds the notes. The last one counts the others.
const maxNotes = 1000

func (o *other) note(place, format string, args ...any) {
	if len(o.notes) < maxNotes {
		o.notes = append(o.notes, o.name+":"+place+": "+fmt.Sprintf(format, args...))
	}
}

// maxEntries bounds the entries of a list, which the paths and packages of a rule multiply.
const maxEntries = 100_000

func (o *other) add(g report.Ignore, place string) error {
	if len(o.list) == maxEntries {
		return fmt.Errorf("more than %d entries", maxEntries)
	}
	if g.Path != "" {
		if err := (report.Exclusion{Path: g.Path}).Check(); err != nil {
			o.note(place, "not carried over: the pattern %.100q is malformed", g.Path)
			return nil
		}
	}
	g.Origin = o.name + ":" + place
	o.list = append(o.list, g)
	return nil
}

// yaml reads a YAML file of grype or trivy.
func (o *other) yaml(text []byte) error {
	var doc yaml.Node
	if err := yaml.NewDecoder(bytes.NewReader(text)).Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			return nil
		}
		return errors.New(strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if len(doc.Content) != 1 || doc.Content[0].Kind != yaml.MappingNode {
		return fmt.Errorf("not a list of grype or trivy: %w", ErrSyntax)
	}
	root := doc.Content[0]
	known := false
	for i := 0; i+1 < len(root.Content); i += 2 {
		key, value := root.Content[i].Value, root.Content[i+1]
		var err error
		switch key {
		case "ignore":
			known, err = true, o.each(value, o.grype)
		case "vulnerabilities", "secrets":
			known, err = true, o.each(value, func(n *yaml.Node) error { return o.trivy(n, key == "secrets") })
		case "misconfigurations", "licenses":
			known = true
			err = o.each(value, func(n *yaml.Node) error {
				o.note(fmt.Sprint(n.Line), "not carried over: an entry of %s, which this program does not report", key)
				return nil
			})
		}
		if err != nil {
			return err
		}
	}
	if !known && len(root.Content) > 0 {
		o.note(fmt.Sprint(root.Line), "there are no rules of grype or trivy")
	}
	return nil
}

// each calls a function for each element of a list.
func (o *other) each(n *yaml.Node, do func(*yaml.Node) error) error {
	if n.Tag == "!!null" {
		return nil
	}
	if n.Kind != yaml.SequenceNode {
		return fmt.Errorf("line %d: not a list: %w", n.Line, ErrSyntax)
	}
	for _, e := range n.Content {
		if e.Kind != yaml.MappingNode {
			return fmt.Errorf("line %d: not a rule: %w", e.Line, ErrSyntax)
		}
		if err := do(e); err != nil {
			return err
		}
	}
	return nil
}

// texts returns the values of a mapping by their keys, in order. Lists give several.
type field struct {
	key    string
	values []string
	line   int
	table  *yaml.Node
}

// fields returns the fields of a rule that are not empty.
func fields(n *yaml.Node) ([]field, error) {
	var list []field
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		f := field{key: k.Value, line: k.Line}
		switch v.Kind {
		case yaml.ScalarNode:
			if v.Value == "" || v.Tag == "!!null" {
				continue
			}
			f.values = []string{v.Value}
		case yaml.SequenceNode:
			for _, e := range v.Content {
				if e.Kind != yaml.ScalarNode {
					return nil, fmt.Errorf("line %d: not a text: %w", e.Line, ErrSyntax)
				}
				f.values = append(f.values, e.Value)
			}
		case yaml.MappingNode:
			f.table = v
		default:
			return nil, fmt.Errorf("line %d: an alias: %w", v.Line, ErrSyntax)
		}
		list = append(list, f)
	}
	return list, nil
}

// readTrivyLines reads a .trivyignore file. Trivy takes the first word of a line, and the date behind exp:.
func readTrivyLines(r io.Reader, name string) ([]report.Ignore, []string, error) {
	o := &other{name: name}
	limited := &io.LimitedReader{R: r, N: maxBytes + 1}
	lines := bufio.NewScanner(limited)
	lines.Buffer(nil, maxLine)
	reason := ""
	for n := 1; lines.Scan(); n++ {
		place := fmt.Sprint(n)
		entry, comment := cutComment(strings.TrimPrefix(lines.Text(), "\ufeff"))
		words := strings.Fields(entry)
		if len(words) == 0 {
			reason = comment
			continue
		}
		date := ""
		for _, w := range words[1:] {
			if d, ok := strings.CutPrefix(w, "exp:"); ok {
				date = " exp:" + d
			} else {
				o.note(place, "the word %.100q has no meaning", w)
			}
		}
		g, err := Parse(words[0] + date)
		if err != nil { // such as a rule of trivy's own
			if date == "" && !strings.Contains(words[0], ":") {
				o.note(place, "not carried over: %.100q is no identifier of a vulnerability", words[0])
				continue
			}
			return nil, nil, fmt.Errorf("%s:%d: %w", name, n, err)
		}
		if g.Reason = comment; comment == "" {
			g.Reason = reason
		}
		reason = ""
		if err := o.add(g, place); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", name, err)
	}
	if limited.N == 0 {
		return nil, nil, fmt.Errorf("%s: more than %d bytes", name, maxBytes)
	}
	return o.list, o.notes, nil
}
