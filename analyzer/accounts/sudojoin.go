package accounts

import (
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
)

// maxIncludes is how deep files of sudo include one another, as in sudo.
const maxIncludes = 128

// A sudoFact is the part of a file that the judgement of other files needs, and, if that of its own rules needs other files, its rules and its
// result without them.
type sudoFact struct {
	Aliases map[string][]string `json:",omitempty"` // as in sudoersFile
	Steps   []sudoStep          `json:",omitempty"`

	Judged   bool               `json:",omitempty"` // Join judges the rules
	Opens    []int              `json:",omitempty"`
	Users    []savedUsers       `json:",omitempty"`
	Rules    []savedRule        `json:",omitempty"`
	Records  []analyzer.Record  `json:",omitempty"`
	Findings []analyzer.Finding `json:",omitempty"`
}

type savedUsers struct {
	Line int
	List []string
}

type savedRule struct {
	Users   int // index
	RunAs   string
	Command string
	Tags    []string `json:",omitempty"`
}

// sudoFact returns the fact of a file before its rules are judged.
func (r *reading) sudoFact(f *sudoersFile) []byte {
	fact := sudoFact{Aliases: f.aliases, Steps: f.steps, Opens: f.opens}
	fact.Judged = len(f.opens) > 0 || slices.ContainsFunc(f.rules, func(s sudoRule) bool {
		return slices.ContainsFunc(s.list, isAlias) || slices.Contains(s.list, "ALL") || isAlias(s.command) || slices.ContainsFunc(sudoList(s.runAs), isAlias)
	})
	if fact.Judged {
		var last *sudoUsers
		for i := range f.rules {
			s := &f.rules[i]
			if s.sudoUsers != last {
				last = s.sudoUsers
				fact.Users = append(fact.Users, savedUsers{last.line, last.list})
			}
			fact.Rules = append(fact.Rules, savedRule{len(fact.Users) - 1, s.runAs, s.command, s.tags})
		}
		fact.Records, fact.Findings = r.result.Records, r.result.Findings
	} else if len(f.aliases) == 0 && len(f.steps) == 0 {
		return nil
	}
	b, err := json.Marshal(fact)
	if err != nil {
		return nil // cannot happen: the types are plain
	}
	return b
}

// isAlias reports whether an item of a list may be the name of an alias.
func isAlias(item string) bool {
	name, _ := cutNot(item)
	return name != "" && name != "ALL" && 'A' <= name[0] && name[0] <= 'Z' && strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == ""
}

// isSudoers reports whether a path is that of a file of sudo.
func isSudoers(name string) bool {
	return path.Base(name) == "sudoers" || path.Base(path.Dir(name)) == "sudoers.d"
}

// A sudoReader reads the files of an image as sudo does: as one, which begins with /etc/sudoers.
type sudoReader struct {
	facts map[string]*sudoFact
	dirs  map[string][]string // paths by directory, sorted
	file  sudoersFile
	from  map[string]string // path of the file that defines an alias
	read  []string          // paths
	seen  map[string]bool
	twice map[string]string // by path: a problem with its aliases
}

// joinSudo judges the rules of some facts. sudo reads /usr/etc/sudoers, the file of the distribution, only without /etc/sudoers. The rules
// of files that it does not read count, too, because a package may come with the file that includes them.
func joinSudo(facts []analyzer.Fact, list []int, joined []analyzer.Joined) {
	s := sudoReader{
		facts: make(map[string]*sudoFact), dirs: make(map[string][]string), from: make(map[string]string), seen: make(map[string]bool),
		twice: make(map[string]string), file: sudoersFile{aliases: make(map[string][]string)},
	}
	at := make(map[string]int)
	for _, i := range list {
		fact, name := new(sudoFact), facts[i].Path
		if joined[i].Err = json.Unmarshal(facts[i].Data, fact); joined[i].Err != nil {
			continue
		}
		s.facts[name], at[name] = fact, i
		s.dirs[path.Dir(name)] = append(s.dirs[path.Dir(name)], name)
	}
	for _, names := range s.dirs {
		slices.Sort(names)
	}
	for _, start := range []string{"etc/sudoers", "usr/etc/sudoers"} {
		if s.facts[start] != nil {
			s.include(start, maxIncludes)
			break
		}
	}
	s.judgeRead(at, joined)
	for _, name := range slices.Sorted(maps.Keys(s.facts)) {
		s.include(name, 0)
	}
	s.judgeRead(at, joined)
}

// include reads a file, and those that it includes.
func (s *sudoReader) include(name string, depth int) {
	fact := s.facts[name]
	if fact == nil || s.seen[name] {
		return
	}
	s.seen[name] = true
	s.read = append(s.read, name)
	for _, alias := range slices.Sorted(maps.Keys(fact.Aliases)) {
		if first, known := s.from[alias]; known {
			if s.twice[name] == "" {
				kind, alias, _ := strings.Cut(alias, " ")
				s.twice[name] = fmt.Sprintf("%s_Alias %.40s is defined already, in %.200s", kind, alias, first)
			}
			continue
		}
		s.from[alias], s.file.aliases[alias] = name, fact.Aliases[alias]
	}
	for _, step := range fact.Steps {
		switch {
		case step.Setting != "":
			s.file.apply(step.Setting)
		case depth == 0:
		case step.File != "":
			s.include(step.File, depth-1)
		default:
			for _, name := range s.dirs[step.Directory] {
				s.include(name, depth-1)
			}
		}
	}
}

// judgeRead judges the rules of the files that were read since it was last called.
func (s *sudoReader) judgeRead(at map[string]int, joined []analyzer.Joined) {
	s.file.found = make(map[query]bool)
	for _, name := range s.read {
		fact, j := s.facts[name], &joined[at[name]]
		if text := s.twice[name]; text != "" {
			j.Diagnostics = append(j.Diagnostics, analyzer.Diagnostic{Code: analyzer.Malformed, Message: text})
		}
		if !fact.Judged {
			continue
		}
		r := reading{path: name, result: analyzer.Result{Records: fact.Records, Findings: fact.Findings}}
		users := make([]*sudoUsers, len(fact.Users))
		for i, u := range fact.Users {
			users[i] = &sudoUsers{line: u.Line, text: strings.Join(u.List, ","), list: u.List}
		}
		s.file.opens, s.file.rules = fact.Opens, nil
		for _, saved := range fact.Rules {
			if saved.Users >= 0 && saved.Users < len(users) && saved.Command != "" {
				s.file.rules = append(s.file.rules, sudoRule{sudoUsers: users[saved.Users], runAs: saved.RunAs, command: saved.Command, tags: saved.Tags})
			}
		}
		r.judgeSudo(&s.file)
		j.Result = &r.result
	}
	s.read = nil
}
