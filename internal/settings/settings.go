// Package settings gives flags of a cobra command the values of environment variables and of a YAML file.
//
// A flag has the value of the first of these that has one:
//
//  1. the command line,
//  2. the variable of the flag of this command, TOOL_SCAN_FAIL_ON,
//  3. the variable of the flag of every command, TOOL_FAIL_ON,
//  4. the section of the command in the file,
//  5. the top of the file,
//  6. the flag's default.
//
// Values are not joined: a repeatable flag on the command line replaces those of the environment. A variable that is empty counts as
// unset. The file names flags without hyphens before them; a mapping is the section of a command:
//
//	fail-on: high
//	exclude: [/opt/tools, "*.jar"]
//	scan:
//	  format: [table, json=report.json]
//	db:
//	  update:
//	    mirror: https://mirror.example
//
// A name that no command knows is an error: a typing error would switch a setting off in silence.
package settings

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"

	"github.com/hullmark/hullmark/internal/suggest"
)

// Settings are the values that the environment and a file give to the flags of all commands.
type Settings struct {
	prefix  string // of variables: "TOOL"
	env     map[string]string
	file    string
	values  map[string]value // of the file, by command and flag: "scan fail-on", " fail-on"
	origins map[*pflag.Flag]string
}

// A value is the value of a flag in one place.
type value struct {
	list   []string
	many   bool // a list
	origin string
}

const maxFile = 1 << 20

// ErrFile reports a mistake in a file of settings.
var ErrFile = errors.New("invalid settings")

// Load reads the environment, "NAME=VALUE" each, and the file. A missing file is an error only if it is required. Root is the command that
// has all others, whose name is the prefix of variables.
func Load(root *cobra.Command, env []string, file string, required bool) (*Settings, error) {
	s := &Settings{
		prefix: variable(root.Name()), env: make(map[string]string), values: make(map[string]value), origins: make(map[*pflag.Flag]string),
	}
	for _, line := range env {
		if name, text, _ := strings.Cut(line, "="); strings.HasPrefix(name, s.prefix+"_") && text != "" {
			s.env[name] = text
		}
	}
	if file == "" {
		return s, nil
	}
	text, err := read(file)
	if err != nil {
		if errors.Is(err, os.ErrNotExist) && !required {
			return s, nil
		}
		return nil, err
	}
	s.file = file
	return s, s.parse(root, text)
}

// Environ returns the variables of the environment. Windows ignores the letter case of their names: there they are in upper case.
func Environ() []string {
	list := os.Environ()
	if runtime.GOOS == "windows" {
		for i, line := range list {
			name, text, _ := strings.Cut(line, "=")
			list[i] = strings.ToUpper(name) + "=" + text
		}
	}
	return list
}

func read(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(text) > maxFile {
		err = fmt.Errorf("%s: more than %d bytes: %w", file, maxFile, ErrFile)
	}
	return text, err
}

// File returns the name of the file that was read, "" if there was none.
func (s *Settings) File() string { return s.file }

func variable(name string) string {
	return strings.ToUpper(strings.NewReplacer("-", "_", " ", "_").Replace(name))
}

// path returns the words of a command without the root: "db update".
func path(c *cobra.Command) string {
	_, rest, _ := strings.Cut(c.CommandPath(), " ")
	return rest
}

// Settable reports whether the environment and a file can set a flag.
func Settable(f *pflag.Flag) bool {
	return f.Name != "help" && f.Name != "version" && f.Name != "config" && !f.Hidden
}

// Apply sets the flags of a command that the command line did not set.
func (s *Settings) Apply(c *cobra.Command) error {
	var errs []error
	c.Flags().VisitAll(func(f *pflag.Flag) {
		switch {
		case s.origins[f] != "": // a flag of every command, set before
			return
		case f.Changed:
			s.origins[f] = "command line"
			return
		case !Settable(f):
			return
		}
		v, ok := s.lookup(path(c), f.Name)
		if !ok {
			return
		}
		if err := v.set(f); err != nil {
			errs = append(errs, fmt.Errorf("%s: --%s: %w", v.origin, f.Name, err))
			return
		}
		s.origins[f] = v.origin
	})
	return errors.Join(errs...)
}

// Origin tells where the value of a flag comes from, after Apply: "command line", "TOOL_FAIL_ON", "config.yaml:3" or "default".
func (s *Settings) Origin(f *pflag.Flag) string {
	if s == nil || s.origins[f] == "" {
		return "default"
	}
	return s.origins[f]
}

// lookup returns the value of a flag of a command in the most important place.
func (s *Settings) lookup(command, flag string) (value, bool) {
	for _, name := range []string{s.prefix + "_" + variable(command) + "_" + variable(flag), s.prefix + "_" + variable(flag)} {
		if text, ok := s.env[name]; ok {
			return value{list: []string{text}, origin: name}, true
		}
	}
	for _, key := range []string{command + " " + flag, " " + flag} {
		if v, ok := s.values[key]; ok {
			return v, true
		}
	}
	return value{}, false
}

// set gives a value to a flag. The text of a variable for a repeatable flag has its values in lines, or else between commas.
func (v value) set(f *pflag.Flag) error {
	list := v.list
	slice, repeatable := f.Value.(pflag.SliceValue)
	if !repeatable {
		if v.many {
			list = []string{strings.Join(list, ",")}
		}
		if len(list) == 0 {
			return errors.New("no value")
		}
		f.Changed = true
		if err := f.Value.Set(list[0]); err == nil || f.Value.Type() != "bool" {
			return err
		}
		return fmt.Errorf("%q is not true or false", list[0])
	}
	if !v.many {
		separator := ","
		if strings.Contains(list[0], "\n") {
			separator = "\n"
		}
		var parts []string
		for part := range strings.SplitSeq(list[0], separator) {
			if part = strings.TrimSpace(part); part != "" {
				parts = append(parts, part)
			}
		}
		list = parts
	}
	f.Changed = true
	return slice.Replace(list)
}

// parse reads a file.
func (s *Settings) parse(root *cobra.Command, text []byte) error {
	var doc yaml.Node
	documents := yaml.NewDecoder(bytes.NewReader(text))
	if err := documents.Decode(&doc); errors.Is(err, io.EOF) {
		return nil // nothing, or comments only
	} else if err != nil {
		return fmt.Errorf("%s: %w: %w", s.file, ErrFile, err)
	}
	if err := documents.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: %w: more than one document", s.file, ErrFile)
	}
	if len(doc.Content) == 0 {
		return nil
	}
	return s.section(root, root, doc.Content[0])
}

// section reads the mapping of a command.
func (s *Settings) section(root, c *cobra.Command, n *yaml.Node) error {
	fail := func(n *yaml.Node, format string, args ...any) error {
		return fmt.Errorf("%s:%d: %w: %s", s.file, n.Line, ErrFile, fmt.Sprintf(format, args...))
	}
	if n.Kind != yaml.MappingNode {
		return fail(n, "not a mapping of names to values")
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, v := n.Content[i], n.Content[i+1]
		if key.Kind != yaml.ScalarNode {
			return fail(key, "not a name")
		}
		if v.Kind == yaml.MappingNode {
			sub := child(c, key.Value)
			if sub == nil {
				return fail(key, "no command %.100q", key.Value)
			}
			if err := s.section(root, sub, v); err != nil {
				return err
			}
			continue
		}
		if !has(c, key.Value, c == root) {
			return fail(key, "no flag %.100q of %s", key.Value, c.CommandPath())
		}
		got := value{origin: fmt.Sprintf("%s:%d", filepath.Base(s.file), key.Line)}
		items := []*yaml.Node{v}
		if v.Kind == yaml.SequenceNode {
			got.many, items = true, v.Content
		}
		for _, item := range items {
			if item.Kind != yaml.ScalarNode || item.Tag == "!!null" {
				return fail(item, "%s has no value that a flag can have", key.Value)
			}
			got.list = append(got.list, item.Value)
		}
		at := path(c) + " " + key.Value
		if _, twice := s.values[at]; twice {
			return fail(key, "%s is set twice", key.Value)
		}
		s.values[at] = got
	}
	return nil
}

// child returns the subcommand with a name, or nil.
func child(c *cobra.Command, name string) *cobra.Command {
	for _, sub := range c.Commands() {
		if sub.Name() == name {
			return sub
		}
	}
	return nil
}

// has reports whether a command has a flag that can be set, or with deep one below it.
func has(c *cobra.Command, name string, deep bool) bool {
	for _, flags := range []*pflag.FlagSet{c.Flags(), c.InheritedFlags()} {
		if f := flags.Lookup(name); f != nil && Settable(f) {
			return true
		}
	}
	return deep && slices.ContainsFunc(c.Commands(), func(sub *cobra.Command) bool { return has(sub, name, true) })
}

// Unknown returns the variables with the prefix that no flag has, and that differ little from one that a flag has, with that one.
func (s *Settings) Unknown(root *cobra.Command) map[string]string {
	if len(s.env) == 0 {
		return nil
	}
	known := make(map[string]bool)
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		for _, flags := range []*pflag.FlagSet{c.Flags(), c.PersistentFlags(), c.InheritedFlags()} {
			flags.VisitAll(func(f *pflag.Flag) {
				known[s.prefix+"_"+variable(f.Name)] = true
				if p := path(c); p != "" {
					known[s.prefix+"_"+variable(p)+"_"+variable(f.Name)] = true
				}
			})
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(root)
	unknown := make(map[string]string)
	for name := range s.env {
		if known[name] {
			continue
		}
		best, distance := "", 3
		for k := range known {
			if d := suggest.Distance(name, k); d < distance || d == distance && best != "" && k < best {
				best, distance = k, d
			}
		}
		if best != "" {
			unknown[name] = best
		}
	}
	return unknown
}
