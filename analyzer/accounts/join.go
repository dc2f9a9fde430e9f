package accounts

import (
	"context"
	"encoding/json"
	"path"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
)

// A shadowFact is the result for a shadow file with empty passwords, and the finding of each by account.
type shadowFact struct {
	Records  []analyzer.Record
	Findings []analyzer.Finding
	Empty    map[string]int
}

// factOf returns the fact of a shadow file, or nil if Join has nothing to decide.
func factOf(r *analyzer.Result, empty map[string]int) []byte {
	if len(empty) == 0 {
		return nil
	}
	b, err := json.Marshal(shadowFact{r.Records, r.Findings, empty})
	if err != nil {
		return nil // cannot happen: the types are plain
	}
	return b
}

// Join removes findings about empty passwords of accounts that cannot log in, or that passwd does not have, and judges rules of sudo that
// depend on other files.
func (accounts) Join(_ context.Context, facts []analyzer.Fact) []analyzer.Joined {
	joined := make([]analyzer.Joined, len(facts))
	logins := make(map[string]map[string]bool) // by directory
	var sudo []int
	for i, f := range facts {
		switch {
		case isSudoers(f.Path):
			sudo = append(sudo, i)
		case path.Base(f.Path) == "passwd":
			names := make(map[string]bool)
			for _, name := range strings.Split(string(f.Data), "\n")[1:] {
				names[name] = true
			}
			logins[path.Dir(f.Path)] = names
		}
	}
	joinSudo(facts, sudo, joined)
	for i, f := range facts {
		if isSudoers(f.Path) || path.Base(f.Path) != "shadow" {
			continue
		}
		// Systems with an immutable /usr have the accounts of packages in /usr/lib/passwd.
		names, system := logins[path.Dir(f.Path)], logins["usr/lib"]
		if names == nil {
			continue
		}
		var s shadowFact
		if joined[i].Err = json.Unmarshal(f.Data, &s); joined[i].Err != nil {
			continue
		}
		drop := make(map[int]bool)
		for name, at := range s.Empty {
			if !names[name] && !system[name] {
				drop[at] = true
			}
		}
		at := -1
		s.Findings = slices.DeleteFunc(s.Findings, func(analyzer.Finding) bool { at++; return drop[at] })
		joined[i].Result = &analyzer.Result{Records: s.Records, Findings: s.Findings}
	}
	return joined
}
