package config

import (
	"bytes"
	"encoding"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/netip"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

const maxSize = 1 << 20

// Errors are all errors of a file, in the order of their lines.
type Errors []Error

// Error has each error in a line.
func (e Errors) Error() string {
	var b strings.Builder
	for i, x := range e {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(x.Error())
	}
	return b.String()
}

// An Error is an error of a line.
type Error struct {
	File string
	Line int
	Text string
}

func (e *Error) Error() string { return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Text) }

// A Size is a number of bytes. In a file, it may have a unit: 512MiB, 10GiB.
type Size int64

// Read reads a configuration. Values that it lacks are those of [Default].
func Read(r io.Reader, getenv func(string) (string, bool), feeds []string) (*File, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxSize+1))
	if err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	f := Default()
	f.lines = make(map[string]int)
	d := &decoder{getenv: getenv, lines: f.lines}
	if len(text) > maxSize {
		d.fail(1, "", fmt.Sprintf("more than %d bytes", maxSize))
		return nil, d.errors
	}
	documents := yaml.NewDecoder(bytes.NewReader(text))
	var n yaml.Node
	switch err := documents.Decode(&n); {
	case errors.Is(err, io.EOF): // an empty file
	case err != nil:
		d.syntax(err)
	default:
		d.decode(n.Content[0], "", reflect.ValueOf(f).Elem(), "")
		if err := documents.Decode(&n); err == nil {
			d.fail(n.Line, "", "a second document")
		} else if !errors.Is(err, io.EOF) {
			d.syntax(err)
		}
	}
	f.check(d, feeds)
	if len(d.errors) > 0 {
		slices.SortStableFunc(d.errors, func(a, b Error) int {
			if a.Line != b.Line {
				return a.Line - b.Line
			}
			return strings.Compare(a.Text, b.Text)
		})
		return nil, d.errors
	}
	return f, nil
}

// A decoder collects errors. It names keys and variables but never values, which may be secrets.
type decoder struct {
	getenv func(string) (string, bool)
	lines  map[string]int
	errors Errors
}

func (d *decoder) fail(line int, path, text string) {
	if path != "" {
		text = path + ": " + text
	}
	d.errors = append(d.errors, Error{Line: line, Text: text})
}

var (
	yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)
	variable = regexp.MustCompile(`\$(?:\$|\{([A-Za-z_][A-Za-z0-9_]*)(:-([^}]*))?\}|\{)`)
)

func (d *decoder) syntax(err error) {
	text, line := err.Error(), 1
	if m := yamlLine.FindStringSubmatch(text); m != nil {
		text = text[len(m[0]):]
		if n, err := strconv.Atoi(m[1]); err == nil {
			line = n
		}
	}
	d.fail(line, "", text)
}

// substitute replaces ${NAME} and ${NAME:-default} by variables of the environment, and $$ by $.
func (d *decoder) substitute(n *yaml.Node, path string) (text string, changed, ok bool) {
	ok = true
	text = variable.ReplaceAllStringFunc(n.Value, func(s string) string {
		changed = true
		m := variable.FindStringSubmatch(s)
		if s == "$$" {
			return "$"
		}
		if m[1] == "" {
			d.fail(n.Line, path, "want ${NAME} or ${NAME:-default}")
			ok = false
			return ""
		}
		value, set := d.getenv(m[1])
		if m[2] != "" && value == "" {
			return m[3]
		}
		if !set {
			d.fail(n.Line, path, "the environment has no variable "+m[1])
			ok = false
		}
		return value
	})
	return text, changed, ok
}

// decode stores the value of a node. The tag is that of the field.
func (d *decoder) decode(n *yaml.Node, path string, v reflect.Value, tag reflect.StructTag) {
	if path != "" {
		d.lines[path] = n.Line
	}
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		d.fail(n.Line, path, "aliases and anchors are not supported")
		return
	}
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return // as if the key were missing
	}
	if _, scalar := v.Addr().Interface().(encoding.TextUnmarshaler); scalar {
		d.scalar(n, path, v, tag)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		p := reflect.New(v.Type().Elem())
		d.decode(n, path, p.Elem(), tag)
		v.Set(p)
	case reflect.Struct, reflect.Map:
		d.mapping(n, path, v)
	case reflect.Slice:
		if n.Kind != yaml.SequenceNode {
			d.fail(n.Line, path, "want a list")
			return
		}
		list := reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content))
		for i, item := range n.Content {
			if item.Tag == "!!null" {
				d.fail(item.Line, fmt.Sprintf("%s[%d]", path, i), "an empty item")
			}
			d.decode(item, fmt.Sprintf("%s[%d]", path, i), list.Index(i), tag)
		}
		v.Set(list)
	default:
		d.scalar(n, path, v, tag)
	}
}

func (d *decoder) mapping(n *yaml.Node, path string, v reflect.Value) {
	if n.Kind != yaml.MappingNode {
		d.fail(n.Line, path, "want keys and values")
		return
	}
	seen := make(map[string]bool)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		inner := strings.TrimPrefix(path+"."+key.Value, ".")
		if key.Kind != yaml.ScalarNode || seen[key.Value] {
			d.fail(key.Line, inner, "the key is there twice, or is no text")
			continue
		}
		seen[key.Value] = true
		if v.Kind() == reflect.Map {
			item := reflect.New(v.Type().Elem()).Elem()
			d.decode(value, inner, item, "")
			if v.IsNil() {
				v.Set(reflect.MakeMap(v.Type()))
			}
			v.SetMapIndex(reflect.ValueOf(key.Value), item)
			continue
		}
		field, ok := fieldOf(v.Type(), key.Value)
		if !ok {
			d.fail(key.Line, inner, "unknown key")
			continue
		}
		d.decode(value, inner, v.FieldByIndex(field.Index), field.Tag)
	}
}

func fieldOf(t reflect.Type, key string) (reflect.StructField, bool) {
	for i := range t.NumField() {
		if f := t.Field(i); key != "" && f.Tag.Get("yaml") == key {
			return f, true
		}
	}
	return reflect.StructField{}, false
}

// scalar stores a text, a number or a bool. A text that has variables may become any of them.
func (d *decoder) scalar(n *yaml.Node, path string, v reflect.Value, tag reflect.StructTag) {
	if n.Kind != yaml.ScalarNode {
		d.fail(n.Line, path, "want a single value")
		return
	}
	text, changed, ok := d.substitute(n, path)
	if !ok {
		return
	}
	want := func(what string) { d.fail(n.Line, path, "want "+what) }
	if v.Type() == reflect.TypeFor[string]() {
		choices := tag.Get("want")
		switch {
		case n.Tag != "!!str" && !changed:
			want("a text")
		case strings.ContainsAny(text, "\x00\n\r"):
			want("one line")
		case choices != "" && !slices.Contains(strings.Split(choices, "|"), text):
			want("one of " + strings.ReplaceAll(choices, "|", ", "))
		default:
			v.SetString(text)
		}
		return
	}
	switch p := v.Addr().Interface().(type) {
	case *bool:
		b, err := strconv.ParseBool(text)
		if err != nil || n.Tag != "!!bool" && !changed {
			want("true or false")
			return
		}
		*p = b
	case *int:
		i, err := strconv.Atoi(text)
		if err != nil || n.Tag != "!!int" && !changed {
			want("a whole number")
			return
		}
		d.limit(n, path, int64(i), tag)
		*p = i
	case *Size:
		size, err := ParseSize(text)
		if err != nil {
			want("a number of bytes, such as 512MiB or 10GiB")
			return
		}
		d.limit(n, path, int64(size), tag)
		*p = size
	case *time.Duration:
		t, err := ParseDuration(text)
		if err != nil {
			want("a duration, such as 30m, 6h or 90d")
			return
		}
		*p = t
	case *slog.Level:
		if p.UnmarshalText([]byte(text)) != nil {
			want("one of debug, info, warn, error")
		}
	case *netip.Prefix:
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			want("addresses, such as 10.0.0.0/8")
			return
		}
		*p = prefix.Masked()
	default:
		panic(fmt.Sprintf("config: a field of type %s", v.Type()))
	}
}

// limit checks a number by the tags min and max.
func (d *decoder) limit(n *yaml.Node, path string, i int64, tag reflect.StructTag) {
	if least, err := strconv.ParseInt(tag.Get("min"), 10, 64); err == nil && i < least {
		d.fail(n.Line, path, fmt.Sprintf("want at least %d", least))
	}
	if most, err := strconv.ParseInt(tag.Get("max"), 10, 64); err == nil && i > most {
		d.fail(n.Line, path, fmt.Sprintf("want at most %d", most))
	}
}

// ParseDuration reads a duration as time.ParseDuration does, or days: 90d. It is not negative.
func ParseDuration(s string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.Atoi(days)
		if err == nil && (n < 0 || n > 36500) {
			err = strconv.ErrRange
		}
		return time.Duration(n) * 24 * time.Hour, err
	}
	d, err := time.ParseDuration(s)
	if err == nil && d < 0 {
		err = strconv.ErrRange
	}
	return d, err
}

// ParseSize reads a number of bytes, which may have a unit: 512MiB.
func ParseSize(s string) (Size, error) {
	shift := 0
	for i, unit := range []string{"KiB", "MiB", "GiB", "TiB"} {
		if digits, ok := strings.CutSuffix(s, unit); ok {
			s, shift = strings.TrimSpace(digits), 10*(i+1)
		}
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err == nil && (n < 0 || n > math.MaxInt64>>shift) {
		err = strconv.ErrRange
	}
	return Size(n << shift), err
}
