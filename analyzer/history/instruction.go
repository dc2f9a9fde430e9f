package history

import (
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/lazyregexp"
	"github.com/hullmark/hullmark/internal/redact"
)

// An instruction is an entry of a history.
type instruction struct {
	kind      string           // "RUN", or "other" for an entry that no Dockerfile made
	text      string           // in one line, without the wrapping of builders
	script    string           // the command of RUN, with its newlines
	flags     []string         // of ADD and COPY
	args      []string         // of ADD and COPY: sources and the destination
	settings  []redact.Setting // of ENV and ARG
	arguments []redact.Setting // build arguments of RUN
}

// names returns the names of the build arguments. Their values are left out, since they may be secret.
func (in *instruction) names() string {
	var list []string
	for _, a := range in.arguments {
		list = append(list, a.Name)
	}
	return strings.Join(list, ",")
}

var (
	// metadata is what Buildah appends for its cache: "|inheritLabels=false|force-mtime=10".
	metadata = lazyregexp.New(`\s*(?:\|[a-zA-Z]+(?:-[a-z]+)*=[^\s|]*)+$`)

	// shellPrefix is a shell and its options before the command of RUN.
	shellPrefix = lazyregexp.New(`^(?:(?:/\S*/|/bin/busybox )?(?:ba|da|a|z|k)?sh(?:\s+(?:[-+]\w*o\s+\w+|[-+]\w+))*?\s+-\w*c\s+|(?i:cmd(?:\.exe)?\s+/S\s+/C\s+|(?:\S*\\)?(?:powershell|pwsh)(?:\.exe)?\s+(?:-\w+\s+)*?-Command\s+))`)
)

// maxMetadata is the most bytes of metadata.
const maxMetadata = 1 << 10

// kinds are the instructions of a Dockerfile.
func isKind(word string) bool {
	switch word {
	case "ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "MAINTAINER", "ONBUILD", "RUN", "SHELL",
		"STOPSIGNAL", "USER", "VOLUME", "WORKDIR":
		return true
	}
	return false
}

// parse reads CreatedBy of an entry. Builders write it in these forms:
//
//	/bin/sh -c #(nop)  CMD ["bash"]                  the classic builder, Buildah
//	/bin/sh -c apt-get update                        RUN, by them
//	|1 VERSION=3 /bin/sh -c make                     RUN with build arguments
//	RUN |1 VERSION=3 /bin/sh -c make # buildkit      BuildKit
//	COPY . /src # buildkit
//	cmd /S /C #(nop)  CMD ["cmd"]                    Windows
func parse(createdBy string) instruction {
	s := strings.TrimSpace(createdBy)
	s = strings.TrimSpace(strings.TrimSuffix(s, "# buildkit"))
	end := max(0, len(s)-maxMetadata)
	if loc := metadata.Get().FindStringIndex(s[end:]); loc != nil && end+loc[0] > 0 && (s[end+loc[0]] == '|' || strings.Contains(s[:end+loc[0]], "#(nop)")) {
		s = s[:end+loc[0]]
	}
	var in instruction
	command, run := strings.CutPrefix(s, "RUN ")
	if strings.HasPrefix(command, "|") {
		in.arguments, command = redact.Arguments(command)
		run = true
	}
	if prefix := shellPrefix.FindString(command); prefix != "" {
		command = command[len(prefix):]
		if rest, ok := strings.CutPrefix(command, "#(nop)"); ok {
			s, run = strings.TrimSpace(rest), false
		} else {
			run = true
		}
	}
	if run {
		in.kind, in.script = "RUN", command
		in.text = oneLine("RUN " + command)
		return in
	}
	in.kind, in.text = "other", oneLine(s)
	word, rest, _ := strings.Cut(s, " ")
	if !isKind(word) {
		return in
	}
	in.kind = word
	switch word {
	case "ENV", "ARG":
		in.settings = redact.Settings(strings.TrimSpace(rest), len(rest))
		if len(in.settings) > 0 {
			words := []string{word}
			for _, a := range in.settings {
				words = append(words, a.Name+"="+redact.Value(a.Name, a.Value))
			}
			in.text = oneLine(strings.Join(words, " "))
		}
	case "ADD", "COPY":
		for _, w := range strings.Fields(rest) {
			switch {
			case len(in.args) == 0 && strings.HasPrefix(w, "--"):
				in.flags = append(in.flags, w)
			case w == "in" && len(in.args) == 1: // "file:0123 in /"
			default:
				in.args = append(in.args, strings.Trim(w, `[]",`))
			}
		}
	}
	return in
}

// oneLine joins the lines of a text as the report does for layers.
func oneLine(s string) string { return (&analyzer.Layer{CreatedBy: s}).Instruction() }
