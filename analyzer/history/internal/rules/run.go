package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/internal/redact"
)

// run judges the commands of RUN.
func (c *Checker) run(s *Step) {
	commands := script(s.Text)
	var sudo, remote, setID, open bool
	fetched := false // a command before this one in the pipeline fetches something
	managers := make(map[string]*manager)
	var order []string
	for i := range commands {
		words := commands[i].words
		sudo = sudo || base(words[0]) == "sudo"
		if words = unwrapped(words); len(words) == 0 {
			continue
		}
		if i == 0 || !commands[i-1].piped {
			fetched = false
		}
		remote = remote || fromNetwork(words, fetched)
		fetched = fetched || isFetcher(words[0])
		name := base(words[0])
		if name == "chmod" {
			id, all := modes(words[1:])
			setID, open = setID || id, open || all
			continue
		}
		if key := managerOf(name, words); key != "" {
			if managers[key] == nil {
				managers[key] = &manager{name: key}
				order = append(order, key)
			}
			managers[key].use(name, words)
		}
	}
	if sudo {
		c.add(s.Place, "sudo", "low", "", "RUN uses sudo: set USER instead, and leave sudo out of the image")
	}
	if remote {
		c.add(s.Place, "download-to-shell", "medium", "", "RUN executes a script from the network without checking it")
	}
	if setID {
		c.add(s.Place, "set-id", "low", "4.8", "RUN sets a set-user-ID or set-group-ID bit")
	}
	if open {
		c.add(s.Place, "writable-by-everyone", "low", "", "RUN lets every account write a file")
	}
	if redact.HasSecret(s.Text) {
		c.add(s.Place, "secret-in-instruction", "medium", "4.10", "RUN seems to contain a secret, which the image's history keeps")
	}
	if m := managers["pip"]; m != nil && (c.NoCache || strings.Contains(s.Text, noPipCache)) {
		m.noCache = true
	}
	for _, key := range order {
		c.packages(s, managers[key], commands)
	}
}

// noPipCache is the variable that keeps pip from having a cache.
const noPipCache = "PIP_NO_CACHE_DIR="

// unwrapped returns the command that sudo or xargs runs, or the words themselves.
func unwrapped(words []string) []string {
	if base(words[0]) == "sudo" {
		words = withoutSudo(words)
	}
	if len(words) > 0 && base(words[0]) == "xargs" {
		words = withoutXargs(words)
	}
	return words
}

// withoutXargs returns the command that xargs runs, if it is that of a package manager.
func withoutXargs(words []string) []string {
	for i, w := range words {
		if i > 0 && managerOf(base(w), words[i:]) != "" {
			return words[i:]
		}
	}
	return words
}

// withoutSudo returns the command that sudo runs.
func withoutSudo(words []string) []string {
	words = words[1:]
	for len(words) > 0 && strings.HasPrefix(words[0], "-") {
		takesValue := slices.Contains([]string{"-u", "-g", "-U", "-h", "-p", "-C", "-D", "-R", "-T", "-r", "-t"}, words[0])
		words = words[1:]
		if takesValue && len(words) > 0 {
			words = words[1:]
		}
	}
	return trimKeywords(words)
}

// fromNetwork reports whether a command runs a script that another command fetches: "curl ... | sh", "sh -c "$(curl ...)"", "bash <(curl ...)".
func fromNetwork(words []string, fetched bool) bool {
	const enough = 256 // bytes, to see the first command of a substitution
	if !isInterpreter(words[0]) {
		return false
	}
	for _, w := range words[1:] {
		for _, open := range []string{"$(", "<(", "`"} {
			if _, inner, ok := strings.Cut(w, open); ok {
				if list := script(strings.TrimRight(inner[:min(len(inner), enough)], ")`")); len(list) > 0 && isFetcher(list[0].words[0]) {
					return true
				}
			}
		}
	}
	return fetched && readsScript(words)
}

// readsScript reports whether an interpreter reads its script from its input: it has no name of a file, and no script as argument.
func readsScript(words []string) bool {
	for i, w := range words[1:] {
		switch {
		case w == "-" || w == "-s" || w == "/dev/stdin":
			return true
		case w == "-c" || w == "-e", strings.HasPrefix(w, "-m") && !IsShell(words[0]): // "python3 -mjson.tool"
			return false
		case strings.HasPrefix(w, "-") || strings.ContainsAny(w, "<>") || words[i] == "-o":
		default:
			return false
		}
	}
	return true
}

func isInterpreter(program string) bool {
	name := base(program)
	return IsShell(program) || name == "eval" || name == "source" || name == "." || strings.HasPrefix(name, "python") ||
		name == "perl" || name == "ruby" || name == "node" || name == "php"
}

func isFetcher(program string) bool {
	switch base(program) {
	case "curl", "wget", "fetch", "aria2c":
		return true
	}
	return false
}

// modes reports whether the arguments of chmod set a set-ID bit, or let everyone write.
func modes(args []string) (setID, open bool) {
	for _, a := range args {
		if a == "" || a[0] == '-' || strings.ContainsAny(a, "/.$") {
			continue
		}
		if digits := strings.TrimLeft(a, "0"); len(digits) >= 3 && strings.Trim(a, "01234567") == "" {
			bits := digits[len(digits)-1] - '0'
			special := len(digits) == 4 && (digits[0]-'0')&6 != 0
			sticky := len(digits) == 4 && (digits[0]-'0')&1 != 0
			return special, bits&2 != 0 && !sticky
		}
		for clause := range strings.SplitSeq(a, ",") {
			at := strings.IndexAny(clause, "+=")
			if at < 0 || strings.Trim(clause[:at], "ugoa") != "" || strings.Trim(clause[at+1:], "rwxXst") != "" {
				continue
			}
			who, what := clause[:at], clause[at+1:]
			setID = setID || strings.Contains(what, "s") && !strings.Contains(who, "o")
			open = open || strings.Contains(what, "w") && strings.ContainsAny(who, "oa") && !strings.Contains(what, "t")
		}
		return setID, open
	}
	return false, false
}

// packages judges the use of a package manager in one RUN.
func (c *Checker) packages(s *Step, m *manager, commands []command) {
	if m.updates && !m.installs && !m.fetches {
		c.add(s.Place, "update-alone", "low", "4.7", fmt.Sprintf("RUN updates the package index of %s alone: later instructions may install from an old, cached index", m.name))
	}
	if len(m.unpinned) > 0 {
		list := strings.Join(m.unpinned[:min(len(m.unpinned), 5)], ", ")
		if n := len(m.unpinned) - 5; n > 0 {
			list += fmt.Sprintf(" and %d more", n)
		}
		c.add(s.Place, "unpinned-packages", "info", "", fmt.Sprintf("%s installs without a version: %s", m.name, short(list)))
	}
	if m.installs && !m.cleans(s, commands) {
		c.add(s.Place, "package-cache", "info", "", fmt.Sprintf("%s leaves its cache in the layer", m.name))
	}
}
