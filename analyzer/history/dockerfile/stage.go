package dockerfile

import (
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/history/internal/rules"
	"github.com/hullmark/hullmark/internal/diagnostic"
	"github.com/hullmark/hullmark/internal/redact"
)

// A file is a Dockerfile that is read.
type file struct {
	lines   *lineReader
	number  int // number of the last instruction
	stages  []stage
	names   map[string]int    // stages by name, in lower case
	global  map[string]string // ARG before the first FROM
	records []analyzer.Record
	checker rules.Checker
	bad     diagnostic.List
	keys    map[string]int // records by kind and key
	size    int            // bytes of all records
	full    bool           // there are too many records
}

// A stage is the part of a Dockerfile that begins with FROM.
type stage struct {
	line     int
	parent   int // stage that it begins with, or -1
	scratch  bool
	vars     map[string]string // ARG and ENV
	user     string
	userLine int
	health   string // "" without HEALTHCHECK, else "CMD" or "NONE"
	healthAt int
}

// add adds one instruction.
func (f *file) add(in *instruction) error {
	if in.kind == "ARG" && len(f.stages) == 0 {
		f.instruction(in)
		return f.arguments(in, f.global)
	}
	if in.kind == "FROM" {
		return f.from(in)
	}
	if !isKind(in.kind) {
		return fmt.Errorf("unknown instruction %.40q", in.kind)
	}
	f.instruction(in)
	if len(f.stages) == 0 {
		return fmt.Errorf("%s before FROM", in.kind)
	}
	if in.text == "" {
		return fmt.Errorf("%s without arguments", in.kind)
	}
	return f.setting(in, &f.stages[len(f.stages)-1])
}

func isKind(word string) bool {
	switch word {
	case "ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "HEALTHCHECK", "LABEL", "MAINTAINER", "ONBUILD", "RUN", "SHELL", "STOPSIGNAL",
		"USER", "VOLUME", "WORKDIR":
		return true
	}
	return false
}

// instruction adds the record of an instruction, without secrets.
func (f *file) instruction(in *instruction) {
	words := append([]string{in.kind}, in.flags...)
	if in.text != "" {
		words = append(words, f.redact(in))
	}
	f.record("instruction", strconv.Itoa(f.number), in.line, "kind", in.kind, "text", redact.Text(strings.Join(words, " ")))
}

// redact returns the arguments of an instruction. Values of variables are redacted by their names.
func (f *file) redact(in *instruction) string {
	if in.kind != "ENV" && in.kind != "LABEL" {
		return in.text
	}
	pairs, err := f.lines.pairs(in.text)
	if err != nil {
		return in.text
	}
	var words []string
	for _, p := range pairs {
		words = append(words, p.name+"="+redact.Value(p.name, p.value))
	}
	return strings.Join(words, " ")
}

// record adds a record of the current stage. Fields are pairs of name and value; those with an empty value are left out. The key gets
// the number of the stage, and of the record if the stage has others with this key.
func (f *file) record(kind, key string, line int, pairs ...string) {
	if f.full = f.full || len(f.records) >= maxRecords || f.size > maxBytes; f.full {
		return
	}
	f.size += len(key)
	fields := make(map[string]string, len(pairs)/2+1)
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			fields[pairs[i]] = strings.ToValidUTF8(pairs[i+1], "\uFFFD")
			f.size += len(pairs[i+1])
		}
	}
	if n := len(f.stages); n > 0 {
		fields["stage"] = strconv.Itoa(n - 1)
		if kind != "instruction" {
			key = strconv.Itoa(n-1) + " " + key
		}
	}
	if f.keys[kind+" "+key]++; f.keys[kind+" "+key] > 1 {
		key += " #" + strconv.Itoa(f.keys[kind+" "+key])
	}
	f.records = append(f.records, analyzer.Record{Kind: kind, Key: strings.ToValidUTF8(key, "\uFFFD"), Line: line, Fields: fields})
}

// from begins a stage: "FROM image AS name".
func (f *file) from(in *instruction) error {
	words := list(in.text)
	if len(words) != 1 && (len(words) != 3 || !strings.EqualFold(words[1], "AS")) {
		f.stages = append(f.stages, stage{line: in.line, parent: -1, vars: make(map[string]string)})
		f.instruction(in)
		return errors.New("FROM: want an image, or an image AS a name")
	}
	name := ""
	if len(words) == 3 {
		name = words[2]
	}
	image := expand(words[0], f.global)
	s := stage{line: in.line, parent: -1, vars: make(map[string]string), scratch: image == "scratch"}
	pinning := rules.Pinning(image)
	if parent, ok := f.names[strings.ToLower(image)]; ok {
		s.parent = parent
		pinning = "stage"
		maps.Copy(s.vars, f.stages[parent].vars)
	}
	f.stages = append(f.stages, s)
	f.instruction(in)
	platform := ""
	for _, flag := range in.flags {
		if value, ok := strings.CutPrefix(flag, "--platform="); ok {
			platform = value
		}
	}
	f.record("base", image, in.line, "image", image, "name", name, "platform", platform, "pinned", pinning)
	f.checker.Base(rules.Place{Line: in.line}, image, pinning)
	if name != "" {
		f.names[strings.ToLower(name)] = len(f.stages) - 1
	}
	return nil
}

// arguments reads ARG: names, with default values or without.
func (f *file) arguments(in *instruction, vars map[string]string) error {
	words := f.lines.words(in.text)
	if len(words) == 0 {
		return errors.New("ARG without a name")
	}
	for _, w := range words {
		if f.full {
			break
		}
		name, value, ok := strings.Cut(w, "=")
		value = expand(unquote(value, f.lines.escape), vars)
		if global, known := f.global[name]; !ok && known {
			setVariable(vars, name, global)
		} else if ok {
			setVariable(vars, name, value)
		}
		f.record("argument", name, in.line, "name", name, "value", redact.Value(name, value))
		f.checker.Argument(rules.Place{Line: in.line}, name, value)
	}
	return nil
}

// maxVariables is the most variables that later instructions of a stage may use.
const maxVariables = 1024

func setVariable(vars map[string]string, name, value string) {
	if len(vars) < maxVariables {
		vars[name] = value
	}
}

// finish judges the image that the last stage makes, with the settings of the stages that it begins with.
func (f *file) finish() {
	if len(f.stages) == 0 {
		return
	}
	last := len(f.stages) - 1
	user, health := stage{}, stage{}
	unknown := false
	for i := last; i >= 0; i = f.stages[i].parent {
		s := &f.stages[i]
		if user.user == "" && s.user != "" {
			user = *s
		}
		if health.health == "" && s.health != "" {
			health = *s
		}
		unknown = s.parent < 0 && !s.scratch
	}
	at := func(line int) rules.Place {
		if line == 0 {
			line = f.stages[last].line
		}
		return rules.Place{Line: line}
	}
	f.checker.User(at(user.userLine), user.user, unknown)
	f.checker.Healthcheck(at(health.healthAt), health.health)
}
