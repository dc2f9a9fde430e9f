package rules

import (
	"slices"
	"strings"
)

// A manager is the use of a package manager in one RUN.
type manager struct {
	name     string // "apt", "apk", "dnf", "pip", "npm"
	updates  bool   // updates the index
	installs bool
	fetches  bool // downloads, upgrades or searches: the index is used
	noCache  bool // an option keeps the cache out
	clean    bool // a command removes the cache
	unpinned []string
}

// managerOf returns the package manager of a command, or "". The words begin with the program.
func managerOf(program string, words []string) string {
	switch program {
	case "apt-get", "apt", "aptitude":
		return "apt"
	case "apk", "npm":
		return program
	case "dnf", "yum", "microdnf", "tdnf":
		return "dnf"
	case "pip", "pip3":
		return "pip"
	}
	if strings.HasPrefix(program, "python") && len(words) > 2 && words[1] == "-m" && words[2] == "pip" {
		return "pip"
	}
	return ""
}

// use notes a command of the package manager.
func (m *manager) use(program string, words []string) {
	args := words[1:]
	if strings.HasPrefix(program, "python") {
		args = words[3:]
	}
	verb, rest := "", []string(nil)
	for i := 0; i < len(args); i++ {
		if a := args[i]; !strings.HasPrefix(a, "-") {
			verb, rest = a, args[i+1:]
			break
		}
		if takesValue(m.name, args[i]) {
			i++
		}
	}
	m.noCache = m.noCache || slices.ContainsFunc(args, func(a string) bool {
		return a == "--no-cache" || a == "--no-cache-dir" || strings.HasPrefix(a, "--no-cache-dir=") || strings.HasPrefix(a, "--cache-dir")
	})
	switch verb {
	case "update", "makecache", "check-update":
		m.updates = true
		if m.name == "npm" || m.name == "dnf" && verb == "update" {
			m.updates, m.fetches = false, true // upgrades packages
		}
	case "install", "add", "i", "ci", "reinstall", "localinstall", "groupinstall", "build-dep":
		if m.name == "npm" && !slices.Contains(args, "-g") && !slices.Contains(args, "--global") {
			return // by package.json and its lock file
		}
		m.installs = true
		if verb != "build-dep" && verb != "groupinstall" {
			m.targets(rest)
		}
	case "upgrade", "dist-upgrade", "full-upgrade", "safe-upgrade", "download", "source", "search", "list", "show", "policy", "fix":
		m.fetches = true
	case "clean", "cache":
		m.clean = m.clean || m.name != "apt" // apt-get clean leaves the index
	}
}

// takesValue reports whether the next word belongs to an option. The last of short options in one word may have a value: "-qr requirements.txt".
func takesValue(manager, option string) bool {
	if len(option) > 2 && option[0] == '-' && strings.Trim(option[1:], "abcdefghijklmnopqrstuvwxyz") == "" {
		option = "-" + option[len(option)-1:]
	}
	switch manager {
	case "apt":
		return slices.Contains([]string{"-t", "--target-release", "--default-release", "-o", "--option", "-c", "--config-file", "-a"}, option)
	case "apk":
		return slices.Contains([]string{"-t", "--virtual", "-X", "--repository", "-p", "--root", "--arch", "--keys-dir", "--repositories-file", "--wait", "--cache-dir"}, option)
	case "dnf":
		return slices.Contains([]string{"-c", "--config", "-x", "--exclude", "--releasever", "--installroot", "--setopt", "--repo", "--enablerepo", "--disablerepo", "-d", "-e", "-R"}, option)
	case "pip":
		return strings.HasPrefix(option, "-") && slices.Contains([]string{
			"-r", "--requirement", "-c", "--constraint", "-e", "--editable", "-t", "--target", "-i", "--index-url", "--extra-index-url", "-f", "--find-links",
			"--trusted-host", "--prefix", "--root", "--platform", "--python-version", "--timeout", "--retries", "--proxy", "--cert", "--log", "--progress-bar",
		}, option)
	case "npm":
		return slices.Contains([]string{"--prefix", "--registry", "--cache", "--loglevel", "--omit"}, option)
	}
	return false
}

// targets notes the packages without a version. Files, addresses, variables and substitutions are no names.
func (m *manager) targets(args []string) {
	for i := 0; i < len(args); i++ {
		a := args[i]
		switch {
		case strings.HasPrefix(a, "-"):
			if takesValue(m.name, a) {
				i++
			}
		case strings.TrimLeft(a, "0123456789") == "" || strings.ContainsAny(a, "<>") && m.name != "pip" && m.name != "apk":
			i += redirected(a)
		case a == "", a == "\\", strings.ContainsAny(a, "$`*{"), strings.Contains(a, "://"), a[0] == '.', a[0] == '@' && m.name != "npm", a[0] == '>':
		case strings.Contains(a, "/") && m.name != "npm", strings.HasSuffix(a, ".deb"), strings.HasSuffix(a, ".rpm"), strings.HasSuffix(a, ".apk"), strings.HasSuffix(a, ".whl"):
		case !m.pinned(a):
			m.unpinned = append(m.unpinned, a)
		}
	}
}

// redirected returns the number of words after a redirection such as ">" that belong to it.
func redirected(word string) int {
	if strings.HasSuffix(word, ">") || strings.HasSuffix(word, "<") {
		return 1
	}
	return 0
}

func (m *manager) pinned(target string) bool {
	switch m.name {
	case "apt", "apk":
		return strings.ContainsAny(target, "=~<>")
	case "pip":
		return strings.Contains(target, "==") || strings.Contains(target, "@") || strings.Contains(target, "~=")
	case "npm":
		at := strings.LastIndexByte(target, '@')
		return at > 0 && target[at:] != "@latest"
	case "dnf": // a name and a version: "curl-7.61.1"
		i := strings.LastIndexByte(target, '-')
		return i >= 0 && i+1 < len(target) && '0' <= target[i+1] && target[i+1] <= '9'
	}
	return true
}

// cleans reports whether the layer keeps no cache of the package manager.
func (m *manager) cleans(s *Step, commands []command) bool {
	if m.noCache || m.clean || m.name == "npm" { // npm keeps its cache outside most images
		return true
	}
	places := map[string][]string{
		"apt": {"/var/lib/apt"}, "apk": {"/var/cache/apk", "/etc/apk/cache"}, "dnf": {"/var/cache/dnf", "/var/cache/yum", "/var/cache/tdnf"},
		"pip": {"/.cache"},
	}[m.name]
	within := func(text string) bool {
		return slices.ContainsFunc(places, func(p string) bool { return strings.Contains(text, p) || strings.Contains(text, "/var/cache/*") })
	}
	for _, f := range s.Flags {
		if strings.HasPrefix(f, "--mount=") && (strings.Contains(f, "type=cache") || strings.Contains(f, "type=tmpfs")) && within(f) {
			return true
		}
	}
	for _, c := range commands {
		if name := base(c.words[0]); (name == "rm" || name == "find") && within(strings.Join(c.words, " ")) {
			return true
		}
	}
	return false
}
