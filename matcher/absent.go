package matcher

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/symbols"
)

// EvidenceSymbols is the [Analysis.Evidence] of a match in a program without a function that has the vulnerability.
const EvidenceSymbols = "symbols"

// codeNotPresent is the justification, as OpenVEX spells it, of a vulnerability in code that a component does not have.
const codeNotPresent = "vulnerable_code_not_present"

// maxNamed is the number of functions that an Analysis names.
const maxNamed = 3

// absenceOf returns an Analysis if a program lacks all functions that the advisories of a match name, or nil. An advisory without functions,
// such as GitHub's about the vulnerability that the Go project described with them, says nothing about them. All others must agree.
func absenceOf(c *analyzer.Component, advisories []Advisory) *Analysis {
	if c.Functions == nil || c.Functions.Linked == "" {
		return nil
	}
	var ids, names []string
	for i := range advisories {
		a := &advisories[i]
		if len(a.Parts) == 0 {
			continue
		}
		more, ok := a.absentFunctions(c)
		if !ok {
			return nil
		}
		ids, names = append(ids, a.ID), append(names, more...)
	}
	if len(ids) == 0 {
		return nil
	}
	slices.Sort(ids)
	slices.Sort(names)
	ids, names = slices.Compact(ids), slices.Compact(names)
	named := strings.Join(names[:min(len(names), maxNamed)], ", ")
	if more := len(names) - maxNamed; more > 0 {
		named += fmt.Sprintf(" and %d more", more)
	}
	return &Analysis{
		Status: NotAffected, Justification: codeNotPresent, Evidence: EvidenceSymbols,
		Detail: fmt.Sprintf("the program has no function that %s names: %s", strings.Join(ids, ", "), named),
	}
}

// settleAbsent gives the explanations of a vulnerability in a component the outcome OutcomeNotPresent if it lacks all functions.
func settleAbsent(c *analyzer.Component, list []Explanation) {
	var advisories []Advisory
	holds := func(x *Explanation) bool { return x.Outcome == OutcomeAffected || x.Outcome == OutcomeUncertain }
	for i := range list {
		if holds(&list[i]) {
			advisories = append(advisories, *list[i].Advisory)
		}
	}
	a := absenceOf(c, advisories)
	if a == nil {
		return
	}
	for i := range list {
		if x := &list[i]; holds(x) {
			x.Outcome, x.Doubt, x.Evidence = OutcomeNotPresent, "", a.Detail
		}
	}
}

// absentFunctions returns the functions that an advisory names, and true if it names some in all parts of the module, and a component lacks them
// all. Parts for other operating systems count, too: their functions are not in the program.
func (a *Advisory) absentFunctions(c *analyzer.Component) (names []string, ok bool) {
	module := strings.TrimPrefix(a.Key.Namespace+"/"+a.Key.Name, "/")
	var hashes, inlined []symbols.Hash
	for i := range a.Parts {
		p := &a.Parts[i]
		path, inside := pathInModule(p.Path, module)
		if !inside || len(p.Symbols) == 0 {
			return nil, false
		}
		for _, s := range p.Symbols {
			hashes = append(hashes, symbols.In(path).Named(s))
			inlined = append(inlined, symbols.In(symbols.Any).Named(s))
			names = append(names, p.Path+"."+s)
		}
	}
	return names, !symbols.Has(c.Functions.Linked, hashes) && !symbols.Has(c.Functions.Inlined, inlined)
}

// pathInModule returns the path of a package in its module. Keys of advisories have lower-case letters.
func pathInModule(pkg, module string) (path string, ok bool) {
	if module == "stdlib" {
		return pkg, pkg != ""
	}
	if len(pkg) < len(module) || !strings.EqualFold(pkg[:len(module)], module) {
		return "", false
	}
	path, ok = strings.CutPrefix(pkg[len(module):], "/")
	return path, ok || path == ""
}
