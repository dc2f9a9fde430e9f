package binary

import (
	"path"
	"regexp"
	"strings"
	"sync"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/glob"
)

// A class is a program, or the files of one project that have its version.
type class struct {
	name  string // package
	files string // base names with "*", separated by blanks
	cpe   string // vendor:product
	finds []find

	purl  string // type and namespace, if not generic: "golang/k8s.io"
	named string // an expression for the version in the base name, for content without one; or ""
}

// A find is a way to find the version of a class.
type find struct {
	text    string // beside the version, or in it
	version string // an expression, which matches the version as its first group
	window  int    // how many bytes before and after text the expression looks at, if more than usual
}

func at(text, version string) find { return find{text: text, version: version} }

// An index finds classes by base names.
type index struct {
	stems map[string][]pattern
	all   []class

	mu          sync.Mutex
	expressions map[string]*regexp.Regexp
}

// expression returns a compiled expression of the table.
func (x *index) expression(text string) *regexp.Regexp {
	x.mu.Lock()
	defer x.mu.Unlock()
	e := x.expressions[text]
	if e == nil {
		e = regexp.MustCompile(text)
		x.expressions[text] = e
	}
	return e
}

type pattern struct {
	glob  string
	class int
}

// classes returns the table of programs, compiled at the first use.
var classes = sync.OnceValue(func() *index { return newIndex(languages, servers, libraries, tools, kernels) })

func newIndex(parts ...func() []class) *index {
	x := &index{stems: make(map[string][]pattern), expressions: make(map[string]*regexp.Regexp)}
	for _, part := range parts {
		x.all = append(x.all, part()...)
	}
	for i := range x.all {
		for f := range strings.FieldsSeq(x.all[i].files) {
			stem := stemOf(f)
			x.stems[stem] = append(x.stems[stem], pattern{f, i})
		}
	}
	return x
}

// stemOf returns the lower-case letters that a name begins with: "libpython" of "libpython3.12.so.1.0". A pattern has no "*" in them.
func stemOf(name string) string {
	n := 0
	for n < len(name) && 'a' <= name[n] && name[n] <= 'z' {
		n++
	}
	return name[:n]
}

// of returns the numbers of the classes that a file may be of by its name.
func (x *index) of(file string) (list []int) {
	base := path.Base(file)
	stem := stemOf(base)
	if strings.HasSuffix(base, ".ko") {
		stem = ""
	}
	for _, p := range x.stems[stem] {
		if glob.Match(p.glob, base) && (len(list) == 0 || list[len(list)-1] != p.class) {
			list = append(list, p.class)
		}
	}
	return list
}

// pkg returns the package of a version.
func (c *class) pkg(version string) analyzer.Package {
	p := analyzer.Package{Type: "generic", Name: c.name, Version: version}
	if c.purl != "" {
		p.Type, p.Namespace, _ = strings.Cut(c.purl, "/")
	}
	if c.cpe != "" {
		part := "a"
		if c.name == "linux" {
			part = "o"
		}
		p.Qualifiers = map[string]string{"cpe": "cpe:2.3:" + part + ":" + c.cpe + ":" + cpeVersion(version) + ":*:*:*:*:*:*"}
	}
	return p
}

// cpeVersion returns the version and the update of a CPE name: "9.2:p1" of OpenSSH 9.2p1.
// That of a kernel is the one of the project: 6.1.0 of 6.1.0-21-amd64.
func cpeVersion(v string) string {
	update := "*"
	if i := strings.IndexByte(v, '-'); i > 0 && strings.Count(v, "-") > 1 {
		v = v[:i]
	}
	if i := strings.LastIndexByte(v, 'p'); i > 0 && strings.Trim(v[i+1:], "0123456789") == "" && i+1 < len(v) && '0' <= v[i-1] && v[i-1] <= '9' {
		v, update = v[:i], v[i:]
	}
	return strings.NewReplacer("+", `\+`, "~", `\~`).Replace(v) + ":" + update
}
