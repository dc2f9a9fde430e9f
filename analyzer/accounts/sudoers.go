package accounts

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
)

// maxDepth is the most aliases that are followed from one to the next.
const maxDepth = 64

// A sudoRule lets users run one command.
type sudoRule struct {
	*sudoUsers
	hosts   string
	runAs   string // the text in parentheses, or "root"
	command string
	tags    []string
}

// sudoUsers are the users of a line. Its rules share them, since a line may have thousands of both.
type sudoUsers struct {
	line int
	text string
	list []string
}

// sudoersFile is a file of sudoers(5), or several that sudo reads as one.
type sudoersFile struct {
	aliases map[string][]string // members, by kind and name: "User ADMINS"
	found   map[query]bool      // answers of has
	rules   []sudoRule
	steps   []sudoStep
	opens   []int           // lines with "Defaults !authenticate"
	set     map[string]bool // settings for all, of the last line that has each
}

// A sudoStep is a line whose place in the order of lines matters: a file or directory that it includes, or a setting for all: "!authenticate".
type sudoStep struct {
	File, Directory, Setting string `json:",omitempty"`
}

// isSet reports whether one of some settings holds for all.
func (f *sudoersFile) isSet(names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return f.set[name] })
}

// apply applies a setting.
func (f *sudoersFile) apply(setting string) {
	name := strings.TrimLeft(setting, "!")
	if f.set == nil {
		f.set = make(map[string]bool)
	}
	f.set[name] = (len(setting)-len(name))%2 == 0
}

// open reports whether sudo asks for no password at all.
func (f *sudoersFile) open() bool {
	asks, known := f.set["authenticate"]
	return known && !asks
}

// A query asks whether a list contains a word.
type query struct{ kind, list, word string }

// sudoers reads sudoers(5). A faulty line costs itself alone, as since sudo 1.9.3.
func (r *reading) sudoers(text string) {
	f := sudoersFile{aliases: make(map[string][]string), found: make(map[query]bool)}
	for _, l := range r.sudoLines(text) {
		if r.full(l.number) {
			break
		}
		if err := r.sudoLine(&f, l); err != nil {
			r.bad.Line(l.number, "%w", err)
		}
	}
	for _, s := range f.steps {
		if s.Setting != "" {
			f.apply(s.Setting)
		}
	}
	r.result.Fact = r.sudoFact(&f)
	r.judgeSudo(&f)
}

// judgeSudo adds the findings about a file that its other files may change.
func (r *reading) judgeSudo(f *sudoersFile) {
	if f.open() {
		for _, line := range f.opens {
			r.finding("passwordless-sudo", "high", line, "sudo asks for no password: Defaults !authenticate", "")
		}
	}
	for i := range f.rules {
		r.judgeRule(f, &f.rules[i])
	}
}

func (r *reading) sudoLine(f *sudoersFile, l sudoLine) error {
	if directory, name, ok := cutInclude(l.text); ok {
		kind := "file"
		if directory {
			kind = "directory"
		}
		r.record("include", name, l.number, "source", kind, "path", name)
		at, ok := r.includes(name, directory)
		if directory {
			f.steps = append(f.steps, sudoStep{Directory: at})
		} else {
			f.steps = append(f.steps, sudoStep{File: at})
		}
		if !ok {
			return fmt.Errorf("includes %.100q, which is not read: %w", name, analyzer.ErrUnsupported)
		}
		return nil
	}
	word := l.text[:len(l.text)-len(strings.TrimLeft(l.text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"))]
	rest := l.text[len(word):]
	switch word {
	case "Defaults":
		r.sudoDefaults(f, l.number, rest)
		return nil
	case "User_Alias", "Runas_Alias", "Host_Alias", "Cmnd_Alias", "Cmd_Alias":
		if rest != "" && (rest[0] == ' ' || rest[0] == '\t') {
			return f.alias(strings.Replace(strings.TrimSuffix(word, "_Alias"), "Cmd", "Cmnd", 1), rest)
		}
	}
	text, rest, ok := cutUsers(l.text)
	if !ok {
		return errors.New("not a rule: no host")
	}
	list := sudoList(text)
	users := &sudoUsers{line: l.number, text: strings.Join(list, ","), list: list}
	for rest != "" && !r.full(l.number) {
		hosts, list, ok := strings.Cut(rest, "=")
		if !ok {
			return errors.New("not a rule: no \"=\"")
		}
		p := &commandParser{rest: list, rule: sudoRule{sudoUsers: users, hosts: strings.Join(sudoList(hosts), ","), runAs: "root"}}
		err := p.list(func(rule sudoRule) bool {
			r.record("sudo-rule", rule.String(), l.number, "users", users.text, "hosts", rule.hosts, "run-as", rule.runAs,
				"command", rule.command, "tags", strings.Join(rule.tags, ","))
			f.rules = append(f.rules, rule)
			return !r.full(l.number)
		})
		if err != nil {
			return err
		}
		rest = p.rest
	}
	return nil
}

func (s *sudoRule) String() string {
	tags := ""
	for _, t := range s.tags {
		tags += t + ": "
	}
	return fmt.Sprintf("%s %s=(%s) %s%s", s.text, s.hosts, s.runAs, tags, s.command)
}

// sudoDefaults reads the text after "Defaults".
func (r *reading) sudoDefaults(f *sudoersFile, line int, text string) {
	scope := ""
	if text != "" && strings.IndexByte("@:!>", text[0]) >= 0 {
		var settings string
		if users, rest, ok := cutUsers(strings.TrimLeft(text[1:], " \t")); ok {
			scope, settings = text[:1]+users, rest
		}
		text = settings
	}
	text = strings.TrimSpace(text)
	r.record("sudo-default", "Defaults"+scope+" "+text, line, "scope", scope, "settings", text)
	for _, s := range sudoList(text) {
		s = strings.ReplaceAll(s, " ", "")
		switch strings.TrimLeft(s, "!") {
		case "authenticate", "targetpw", "rootpw", "runaspw":
			switch {
			case scope == "" && s == "!authenticate":
				f.opens = append(f.opens, line)
				fallthrough
			case scope == "":
				f.steps = append(f.steps, sudoStep{Setting: clean(s)})
			case s == "!authenticate" && scope != ":root":
				r.finding("passwordless-sudo", "high", line, "sudo asks for no password: Defaults"+short(scope)+" !authenticate", "")
			}
		default:
			if group, ok := strings.CutPrefix(s, "exempt_group="); ok && group != "" && group != "root" {
				r.finding("passwordless-sudo", "high", line, fmt.Sprintf("sudo asks members of group %s for no password: exempt_group", short(group)), "")
			}
		}
	}
}

// alias reads the text after "User_Alias" and the like: "NAME = item, item : NAME = item".
func (f *sudoersFile) alias(kind, text string) error {
	for text != "" {
		if len(f.aliases) == maxRecords {
			return fmt.Errorf("more than %d aliases: %w", maxRecords, analyzer.ErrTooLarge)
		}
		name, rest, ok := strings.Cut(text, "=")
		name = strings.TrimSpace(name)
		if !ok || name == "" || strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != "" {
			return fmt.Errorf("not an alias: %.40q", name)
		}
		end := nextDefinition(rest)
		if _, known := f.aliases[kind+" "+name]; known {
			return fmt.Errorf("%s_Alias %.40s is defined already", kind, name)
		}
		f.aliases[kind+" "+name] = sudoList(rest[:end])
		text = strings.TrimPrefix(rest[end:], ":")
	}
	return nil
}

// nextDefinition returns the index of the colon before the next definition, or the length of s. Members may have colons, too: IPv6
// addresses, digests of commands, groups of "%:".
func nextDefinition(s string) int {
	for at := 0; ; {
		i := at + sudoIndex(s[at:], ":")
		if i >= len(s) {
			return len(s)
		}
		next := strings.TrimLeft(s[i+1:], " \t")
		name := next[:len(next)-len(strings.TrimLeft(next, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"))]
		if name != "" && 'A' <= name[0] && name[0] <= 'Z' && strings.HasPrefix(strings.TrimLeft(next[len(name):], " \t"), "=") {
			return i
		}
		at = i + 1
	}
}

// has reports whether a list contains a word, itself or in an alias.
func (f *sudoersFile) has(kind, list, word string) bool {
	q := query{kind, list, word}
	if found, known := f.found[q]; known {
		return found
	}
	found := slices.ContainsFunc(sudoList(list), func(item string) bool { return f.itemHas(kind, item, word, maxDepth) })
	f.found[q] = found
	return found
}

// itemHas does so for an item of a list.
func (f *sudoersFile) itemHas(kind, item, word string, depth int) bool {
	name, negated := cutNot(item)
	if negated {
		return false
	}
	if name == word {
		return true
	}
	members, ok := f.aliases[kind+" "+name]
	if !ok || depth == 0 {
		return false
	}
	q := query{kind + " alias", name, word}
	if found, known := f.found[q]; known {
		return found
	}
	f.found[q] = false // for an alias that contains itself
	found := slices.ContainsFunc(members, func(item string) bool { return f.itemHas(kind, item, word, depth-1) })
	f.found[q] = found
	return found
}

// cutNot returns a name without the "!" before it. Two of them cancel each other.
func cutNot(item string) (name string, negated bool) {
	for strings.HasPrefix(item, "!") {
		item, negated = strings.TrimLeft(item[1:], " \t"), !negated
	}
	return item, negated
}

// hasOtherUsers reports whether a user of a rule can be another account than root.
func (f *sudoersFile) hasOtherUsers(user string, depth int) bool {
	user, negated := cutNot(user)
	if user == "root" || user == "#0" || negated {
		return false
	}
	members, ok := f.aliases["User "+user]
	if !ok || depth == 0 {
		return true
	}
	q := query{kind: "others", list: user}
	if found, known := f.found[q]; known {
		return found
	}
	f.found[q] = false // for an alias that contains itself
	f.found[q] = slices.ContainsFunc(members, func(member string) bool { return f.hasOtherUsers(member, depth-1) })
	return f.found[q]
}

// includes returns the path in the image of a file or directory that sudoers includes, and reports whether the analyzer reads it. A relative path
// begins at the including file.
func (r *reading) includes(name string, directory bool) (at string, ok bool) {
	if !path.IsAbs(name) {
		name = path.Join("/", path.Dir(r.path), name)
	}
	at = clean(path.Clean(name)[1:])
	if directory {
		return at, at == "etc/sudoers.d" || at == "usr/etc/sudoers.d"
	}
	switch path.Dir(at) {
	case "etc/sudoers.d", "usr/etc/sudoers.d":
		return at, !strings.Contains(path.Base(at), ".") && !strings.HasSuffix(at, "~")
	}
	return at, at == "etc/sudoers" || at == "usr/etc/sudoers"
}

// judgeRule reports a rule without a password, and one that lets everyone become root. A later rule, perhaps of another file, may
// take away the permission of this one: sudo follows the last rule that matches.
func (r *reading) judgeRule(f *sudoersFile, s *sudoRule) {
	others := func(user string) bool { return f.hasOtherUsers(user, maxDepth) }
	if s.command[0] == '!' || !slices.ContainsFunc(s.list, others) {
		return
	}
	targets := s.runAs[:sudoIndex(s.runAs, ":")]
	root := f.has("Runas", targets, "ALL") || f.has("Runas", targets, "root") || f.has("Runas", targets, "#0")
	all := f.has("Cmnd", s.command, "ALL")
	switch {
	case slices.Contains(s.tags, "NOPASSWD"):
		severity := "low"
		if root && all {
			severity = "high"
		} else if root {
			severity = "medium"
		}
		r.finding("passwordless-sudo", severity, s.line, fmt.Sprintf("%s may run %s as %s without a password", short(s.text), short(s.command), short(s.runAs)), "")
	case all && root && f.has("User", s.text, "ALL") && !f.isSet("targetpw", "rootpw", "runaspw") && !f.open():
		r.finding("sudo-for-all", "medium", s.line, "every account may run any command as root with its own password", "")
	}
}
