package redact

import (
	"strconv"
	"strings"

	"github.com/hullmark/hullmark/internal/lazyregexp"
)

// A Setting is a variable, a build argument or a label of an instruction, with its value.
type Setting struct{ Name, Value string }

// CreatedBy returns an entry of an image's history without secrets. The values of build arguments go, whatever their names are.
func CreatedBy(text string) string {
	start := len(text) - len(strings.TrimLeft(text, " \t\r\n"))
	if rest, ok := strings.CutPrefix(text[start:], "RUN "); ok {
		start = len(text) - len(strings.TrimLeft(rest, " \t"))
	}
	if strings.HasPrefix(text[start:], "|") {
		list, command := Arguments(text[start:])
		count, _, _ := strings.Cut(text[start:], " ")
		words := []string{text[:start] + Text(count)}
		for _, a := range list {
			if a.Value != "" {
				a.Value = Mark
			}
			words = append(words, a.Name+"="+a.Value)
		}
		if command != "" {
			words = append(words, Text(command))
		}
		return strings.Join(words, " ")
	}
	before, rest := "", text
	if at := strings.Index(text[:min(len(text), maxShell)], "#(nop)"); at >= 0 {
		before, rest = text[:at+len("#(nop)")], text[at+len("#(nop)"):]
	}
	trimmed := strings.TrimLeft(rest, " \t")
	before += rest[:len(rest)-len(trimmed)]
	kind, settings, _ := strings.Cut(trimmed, " ")
	if kind == "ENV" || kind == "ARG" || kind == "LABEL" {
		if list := Settings(settings, len(settings)); len(list) > 0 && strings.HasPrefix(strings.TrimLeft(settings, " \t"), list[0].Name) {
			words := []string{before + kind}
			for _, a := range list {
				words = append(words, a.Name+"="+Value(a.Name, a.Value))
			}
			return strings.Join(words, " ")
		}
	}
	return Text(text)
}

// maxShell is the most bytes before "#(nop)": a shell and its options.
const maxShell = 200

// shellWithin finds the shell after build arguments.
var shellWithin = lazyregexp.New(`\s(?:/\S*/(?:ba|da|a|z|k)?sh\s+-|(?i:cmd\s+/S\s+/C\s|(?:powershell|pwsh)(?:\.exe)?\s+-))`)

// Arguments divides "|2 A=1 B=2 /bin/sh -c command". Values may have blanks, so the shell ends the arguments.
func Arguments(s string) (list []Setting, command string) {
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
	return Settings(values, n), command
}

// Settings reads at most n settings "A=1 B=2". A value extends to the next name, since builders write values without quotes.
func Settings(s string, n int) []Setting {
	var list []Setting
	start := 0 // start of the value of the last setting
	end := func(at int) {
		if len(list) > 0 {
			list[len(list)-1].Value = strings.TrimRight(s[start:at], " \t\n")
		}
	}
	for at := 0; at < len(s); {
		next := strings.IndexAny(s[at:], " \t\n")
		if next < 0 {
			next = len(s) - at
		}
		next += at
		if name, _, ok := strings.Cut(s[at:next], "="); ok && name != "" && run(name, 0, isKey) == len(name) && len(list) < n {
			end(at)
			list = append(list, Setting{Name: name})
			start = at + len(name) + 1
		}
		at = next + 1
	}
	end(len(s))
	return list
}
