package history

import (
	"strconv"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/history/internal/rules"
	"github.com/hullmark/hullmark/internal/lazyregexp"
)

// An instruction is an entry of a history.
type instruction struct {
	kind      string     // "RUN", or "other" for an entry that no Dockerfile made
	text      string     // in one line, without the wrapping of builders
	script    string     // the command of RUN, with its newlines
	flags     []string   // of ADD
	args      []string   // of ADD: sources and the destination
	settings  []argument // of ENV and ARG
	arguments []argument // build arguments of RUN
}

type argument struct{ name, value string }

// names returns the names of the build arguments. Their values are left out, since they may be secret.
func (in *instruction) names() string {
	var list []string
	for _, a := range in.arguments {
		list = append(list, a.name)
	}
	return strings.Join(list, ",")
}

var (
	// metadata is what Buildah appends for its cache: "|inheritLabels=false|force-mtime=10".
	metadata = lazyregexp.New(`\s*(?:\|[a-zA-Z]+(?:-[a-z]+)*=[^\s|]*)+$`)

	// shellPrefix is a shell and its options before the command of RUN.
	shellPrefix = lazyregexp.New(`^(?:(?:/\S*/|/bin/busybox )?(?:ba|da|a|z|k)?sh(?:\s+(?:[-+]\w*o\s+\w+|[-+]\w+))*?\s+-\w*c\s+|(?i:cmd(?:\.exe)?\s+/S\s+/C\s+|(?:\S*\\)?(?:powershell|pwsh)(?:\.exe)?\s+(?:-\w+\s+)*?-Command\s+))`)

	// shellWithin finds the shell after build arguments.
	shellWithin = lazyregexp.New(`\s(?:/\S*/(?:ba|da|a|z|k)?sh\s+-|(?i:cmd\s+/S\s+/C\s|(?:powershell|pwsh)(?:\.exe)?\s+-))`)
)

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
	if loc := metadata.Get().FindStringIndex(s); loc != nil && loc[0] > 0 && (s[loc[0]] == '|' || strings.Contains(s[:loc[0]], "#(nop)")) {
		s = s[:loc[0]]
	}
	var in instruction
	command, run := strings.CutPrefix(s, "RUN ")
	if strings.HasPrefix(command, "|") {
		in.arguments, command = cutArguments(command)
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
		in.settings = settings(strings.TrimSpace(rest), len(rest))
		if len(in.settings) > 0 {
			words := []string{word}
			for _, a := range in.settings {
				words = append(words, a.name+"="+rules.RedactValue(a.name, a.value))
			}
			in.text = oneLine(strings.Join(words, " "))
		}
	case "ADD":
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

// cutArguments divides "|2 A=1 B=2 /bin/sh -c command". Values may have blanks, so the shell ends the arguments.
func cutArguments(s string) (list []argument, command string) {
	count, rest, _ := strings.Cut(s[1:], " ")
	n, err := strconv.Atoi(count)
	if err != nil || n < 0 {
		return nil, rest
	}
	values := rest
	if loc := shellWithin.Get().FindStringIndex(" " + rest); loc != nil {
		values, command = rest[:max(loc[0]-1, 0)], strings.TrimSpace(rest[loc[0]:])
	} else { // an unknown shell: the arguments have no blanks
		words := strings.SplitN(rest, " ", min(n, strings.Count(rest, " ")+1)+1)
		if len(words) > n {
			values, command = strings.Join(words[:n], " "), words[n]
		}
	}
	return settings(values, n), command
}

// settings reads at most n settings "A=1 B=2". A value extends to the next name, since builders write values without quotes.
func settings(s string, n int) []argument {
	var list []argument
	start := 0 // of the value of the last setting
	end := func(at int) {
		if len(list) > 0 {
			list[len(list)-1].value = strings.TrimRight(s[start:at], " \t\n")
		}
	}
	for at := 0; at < len(s); {
		next := strings.IndexAny(s[at:], " \t\n")
		if next < 0 {
			next = len(s) - at
		}
		next += at
		if name, _, ok := strings.Cut(s[at:next], "="); ok && isName(name) && len(list) < n {
			end(at)
			list = append(list, argument{name: name})
			start = at + len(name) + 1
		}
		at = next + 1
	}
	end(len(s))
	return list
}

func isName(s string) bool {
	return s != "" && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-") == ""
}
