package anchore

import (
	"regexp"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/license"
)

// licensesExact is licenses.blacklist_exact_match.
func (e *evaluation) licensesExact(r *rule) error {
	var wanted []string
	for _, name := range r.values["licenses"].list {
		wanted = append(wanted, name)
		if normal, ok := license.Normalize(name); ok && !e.options.Compat {
			wanted = append(wanted, normal)
		}
	}
	return e.licenses(r, "LICFULLMATCH", func(name string) bool { return slices.Contains(wanted, name) })
}

// licensesPartial is licenses.blacklist_partial_match.
func (e *evaluation) licensesPartial(r *rule) error {
	return e.licenses(r, "LICSUBMATCH", func(name string) bool {
		spellings := []string{name}
		if !e.options.Compat {
			spellings = append(spellings, oldGNUNames(name)...)
		}
		return slices.ContainsFunc(r.values["licenses"].list, func(part string) bool {
			return slices.ContainsFunc(spellings, func(s string) bool { return strings.Contains(s, part) })
		})
	})
}

// licenses fires once with all packages that have a forbidden licence.
func (e *evaluation) licenses(r *rule, word string, forbidden func(string) bool) error {
	var found []string
	f := onImage()
	for i := range e.in.Report.Components {
		c := &e.in.Report.Components[i]
		if c.Declared || e.options.Compat && (c.Type == "npm" || c.Type == "gem") {
			continue
		}
		for _, name := range e.licensesOf(c) {
			if forbidden(name) {
				found = append(found, c.Name+"("+name+")")
				f.also = append(f.also, r.trigger.Name+"+"+c.Name+"+"+name)
			}
		}
	}
	if len(found) == 0 {
		if why := e.packagesMissed(); why != "" {
			return e.factsMissing(r, "%s", why)
		}
		return nil
	}
	f.Message = word + " Packages are installed that have blacklisted licenses: " + strings.Join(found, ", ")
	if len(found) > 1 {
		f.also = nil // an item about one package must not allow the others
	}
	e.fire(r, f)
	return nil
}

// licensesOf returns the licences of a package, each as declared and without the operators of expressions.
func (e *evaluation) licensesOf(c *analyzer.Component) []string {
	var names []string
	add := func(s string) {
		if s != "" && !slices.Contains(names, s) {
			names = append(names, s)
		}
	}
	for _, declared := range c.Licenses {
		if e.options.Compat {
			names = append(names, strings.Fields(declared)...)
			continue
		}
		if _, ok := license.Normalize(declared); !ok {
			add(declared) // a name with spaces
		}
		for _, word := range strings.FieldsFunc(declared, func(r rune) bool { return strings.ContainsRune(" \t\n(),;", r) }) {
			if !slices.Contains([]string{"AND", "OR", "WITH"}, strings.ToUpper(word)) {
				add(word)
			}
		}
	}
	return names
}

var gnu = regexp.MustCompile(`^([AL]?GPL|GFDL)-(\d+)(?:\.(\d+))?(-only|-or-later|\+)?$`)

// oldGNUNames returns the names of a GNU licence in the words of rpm and dpkg, from which SPDX expressions were made.
func oldGNUNames(name string) []string {
	m := gnu.FindStringSubmatch(name)
	if m == nil {
		return nil
	}
	numbers := []string{m[2]}
	if m[3] != "" {
		numbers = append(numbers, m[2]+"."+m[3])
	}
	suffix := ""
	if m[4] == "-or-later" || m[4] == "+" {
		suffix = "+"
	}
	var list []string
	for _, n := range numbers {
		list = append(list, m[1]+"v"+n+suffix, m[1]+"-"+n+suffix)
	}
	return list
}
