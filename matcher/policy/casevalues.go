package policy

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/hullmark/hullmark/analyzer"
)

// setFromYAML sets variables from a YAML mapping of their names to their fields.
func (v *values) setFromYAML(n *yaml.Node) error {
	if n == nil {
		return nil
	}
	if n.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: given must be a mapping of variables, not %s", n.Line, kindOf(n))
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, value := n.Content[i].Value, n.Content[i+1]
		target := map[string]any{
			"image": v.image, "distro": v.distro, "database": v.database, "package": v.pkg, "match": v.match, "finding": v.finding,
			"record": v.record, "file": v.file,
		}[name]
		if target != nil {
			if err := set(reflect.ValueOf(target).Elem(), value, name); err != nil {
				return err
			}
			continue
		}
		known := false
		var names []string
		for _, x := range variables {
			names = append(names, x.name)
			if x.name == name && x.typ != nil {
				list := reflect.New(x.typ)
				if err := set(list.Elem(), value, name); err != nil {
					return err
				}
				v.lists[name], known = list.Elem().Interface(), true
			}
		}
		if !known {
			return fmt.Errorf("line %d: there is no variable %q to give%s", value.Line, name, didYouMean(name, names))
		}
	}
	v.match.Package = v.pkg
	ordered := func(x *versionValue) {
		*x = versionOf(&analyzer.Component{Package: analyzer.Package{Type: v.pkg.Type}}, x.text)
	}
	ordered(&v.pkg.Version)
	ordered(&v.pkg.SourceVersion)
	ordered(&v.match.Fixed)
	return nil
}

// set sets a value of expressions from a node. The name is that of the field, for errors.
func set(to reflect.Value, n *yaml.Node, name string) error {
	fail := func(what string) error {
		return fmt.Errorf("line %d: %s must be %s, not %s", n.Line, name, what, kindOf(n))
	}
	switch x := to.Addr().Interface().(type) {
	case *versionValue:
		x.text = n.Value
		return nil
	case *severityValue:
		if *x = severityOf(n.Value); x.level.String() != strings.ToLower(n.Value) {
			return fmt.Errorf("line %d: %s %q is not a severity", n.Line, name, n.Value)
		}
		return nil
	case *time.Time:
		at, ok := parseInstant(n.Value)
		if !ok {
			return fmt.Errorf("line %d: %s %q is neither a day nor an instant", n.Line, name, n.Value)
		}
		*x = at
		return nil
	}
	switch to.Kind() {
	case reflect.Pointer:
		if to.IsNil() {
			to.Set(reflect.New(to.Type().Elem()))
		}
		return set(to.Elem(), n, name)
	case reflect.Struct:
		if n.Kind != yaml.MappingNode {
			return fail("a mapping of its fields")
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			if err := setField(to, n.Content[i], n.Content[i+1], name); err != nil {
				return err
			}
		}
		return nil
	case reflect.Slice:
		if n.Kind != yaml.SequenceNode {
			return fail("a list")
		}
		for _, element := range n.Content {
			x := reflect.New(to.Type().Elem()).Elem()
			if err := set(x, element, name); err != nil {
				return err
			}
			to.Set(reflect.Append(to, x))
		}
		return nil
	case reflect.Map:
		if n.Kind != yaml.MappingNode {
			return fail("a mapping")
		}
		m := make(map[string]string)
		for i := 0; i+1 < len(n.Content); i += 2 {
			m[n.Content[i].Value] = n.Content[i+1].Value
		}
		to.Set(reflect.ValueOf(m))
		return nil
	}
	if n.Kind != yaml.ScalarNode {
		return fail("a " + nameOf(to.Type()))
	}
	return setScalar(to, n, name)
}

// setScalar is set for a text, a truth value or a number.
func setScalar(to reflect.Value, n *yaml.Node, name string) (err error) {
	switch to.Kind() {
	case reflect.String:
		to.SetString(n.Value)
	case reflect.Bool:
		var b bool
		b, err = strconv.ParseBool(n.Value)
		to.SetBool(b)
	case reflect.Int, reflect.Int64:
		var i int64
		i, err = strconv.ParseInt(n.Value, 0, 64)
		to.SetInt(i)
	case reflect.Float64:
		var f float64
		f, err = strconv.ParseFloat(n.Value, 64)
		to.SetFloat(f)
	default:
		err = errors.New("no value of expressions")
	}
	if err != nil {
		return fmt.Errorf("line %d: %s %q is not a %s", n.Line, name, n.Value, nameOf(to.Type()))
	}
	return nil
}

func setField(to reflect.Value, key, value *yaml.Node, name string) error {
	var names []string
	for i := range to.NumField() {
		field := to.Type().Field(i).Tag.Get("cel")
		if field == key.Value {
			return set(to.Field(i), value, name+"."+field)
		}
		names = append(names, field)
	}
	return fmt.Errorf("line %d: %s has no %q; it has %s%s", key.Line, name, key.Value, strings.Join(names, ", "), didYouMean(key.Value, names))
}
