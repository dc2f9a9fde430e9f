package dockerfile

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/hullmark/hullmark/analyzer/history/internal/rules"
	"github.com/hullmark/hullmark/internal/redact"
)

// setting reads an instruction of a stage other than FROM.
func (f *file) setting(in *instruction, s *stage) error {
	place := rules.Place{Line: in.line}
	switch in.kind {
	case "ARG":
		return f.arguments(in, s.vars)
	case "RUN", "ADD", "COPY":
		f.checker.NoCache = s.vars["PIP_NO_CACHE_DIR"] != ""
		f.checker.Step(f.step(in))
	case "ONBUILD":
		inner := f.lines.split(in.text)
		if inner.kind == "ONBUILD" || inner.kind == "FROM" || !isKind(inner.kind) {
			return errors.New("ONBUILD: not an instruction that it may have")
		}
		inner.line, inner.documents = in.line, in.documents
		f.record("on-build", strconv.Itoa(f.number), in.line, "text", redact.Text(in.text))
		f.checker.Step(f.step(inner))
	case "USER":
		s.user, s.userLine = expand(unquote(in.text, f.lines.escape), s.vars), in.line
		f.record("user", s.user, in.line, "user", s.user)
	case "EXPOSE":
		for _, w := range list(in.text) {
			port := expand(unquote(w, f.lines.escape), s.vars)
			if !strings.Contains(port, "/") {
				port += "/tcp"
			}
			f.record("port", port, in.line, "port", port)
			f.checker.Port(place, port)
		}
	case "ENV", "LABEL":
		pairs, err := f.lines.pairs(in.text)
		for _, p := range pairs {
			if f.full {
				break
			}
			if in.kind == "LABEL" {
				f.record("label", p.name, in.line, "value", redact.Value(p.name, p.value))
				continue
			}
			value := expand(p.value, s.vars)
			setVariable(s.vars, p.name, value)
			f.record("environment", p.name, in.line, "name", p.name, "value", redact.Value(p.name, value))
			f.checker.Environment(place, p.name, value)
		}
		return err
	case "VOLUME":
		for _, path := range list(in.text) {
			f.record("volume", path, in.line, "path", path)
		}
	case "ENTRYPOINT", "CMD", "SHELL":
		kind := map[string]string{"ENTRYPOINT": "entrypoint", "CMD": "command", "SHELL": "shell"}[in.kind]
		if _, ok := jsonWords(in.text); !ok && kind == "shell" {
			return errors.New("SHELL: want a JSON array of strings")
		}
		f.record(kind, kind, in.line, "text", redact.Text(in.text))
	case "WORKDIR", "STOPSIGNAL":
		kind := map[string]string{"WORKDIR": "workdir", "STOPSIGNAL": "stop-signal"}[in.kind]
		f.record(kind, kind, in.line, "value", unquote(in.text, f.lines.escape))
	case "HEALTHCHECK":
		return f.healthcheck(in, s)
	}
	return nil
}

func (f *file) healthcheck(in *instruction, s *stage) error {
	kind, rest, _ := cutSpace(in.text)
	kind = strings.ToUpper(kind)
	if kind != "NONE" && kind != "CMD" || (kind == "CMD") != (rest != "") {
		return errors.New("HEALTHCHECK: want NONE, or CMD and a command")
	}
	s.health, s.healthAt = kind, in.line
	fields := []string{"kind", kind, "text", redact.Text(rest)}
	for _, flag := range in.flags {
		name, value, _ := strings.Cut(strings.TrimPrefix(flag, "--"), "=")
		if slices.Contains([]string{"interval", "timeout", "start-period", "start-interval", "retries"}, name) {
			fields = append(fields, name, value)
		}
	}
	f.record("healthcheck", "healthcheck", in.line, fields...)
	return nil
}

// step returns an instruction for the rules.
func (f *file) step(in *instruction) *rules.Step {
	s := &rules.Step{Place: rules.Place{Line: in.line}, Kind: in.kind, Flags: in.flags, Text: in.text}
	words, exec := jsonWords(in.text)
	switch {
	case in.kind != "RUN":
		s.Args = list(in.text)
	case exec:
		s.Text = quoted(words)
	case len(in.documents) > 0:
		s.Text = documentScript(in)
	}
	return s
}

// quoted returns words as a shell command.
func quoted(words []string) string {
	var list []string
	for _, w := range words {
		list = append(list, "'"+strings.ReplaceAll(w, "'", `'\''`)+"'")
	}
	return strings.Join(list, " ")
}

// documentScript returns the script of RUN with here documents. "RUN <<EOF" and "RUN bash <<EOF" run the document, unless its first line
// names another interpreter. Other commands read it as data.
func documentScript(in *instruction) string {
	words, _ := shellWords(in.text)
	words = slices.DeleteFunc(slices.Clone(words), func(w string) bool { return strings.HasPrefix(strings.TrimLeft(w, "0123456789"), "<<") })
	command := strings.Join(words, " ")
	script := in.documents[0].content
	switch {
	case command == "" && !otherInterpreter(script):
		return script
	case len(words) > 0 && rules.IsShell(words[0]) && !slices.ContainsFunc(words[1:], func(w string) bool { return w[0] != '-' }):
		return command + "\n" + script
	}
	return command
}

// otherInterpreter reports whether the first line of a script names another interpreter than a shell: "#!/usr/bin/env python3".
func otherInterpreter(script string) bool {
	first, _, _ := strings.Cut(script, "\n")
	line, ok := strings.CutPrefix(first, "#!")
	return ok && !slices.ContainsFunc(strings.Fields(line), rules.IsShell)
}
