package hints

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/license"
)

// A record is one element of the list "packages". Files in the wild write single values as lists and lists as single values.
type record struct {
	Type, Name, Version, Release, Arch, Source, SourcePkg, Origin, Location text
	Versions, License, Licenses, Files                                      texts
}

// A text is a string. Numbers, such as a version 2.1, count as written.
type text struct {
	value string
	bad   bool // it is neither
}

func (t *text) UnmarshalJSON(b []byte) error {
	switch c := b[0]; {
	case c == '"':
		t.bad = json.Unmarshal(b, &t.value) != nil
		t.value = strings.TrimSpace(t.value)
	case c == '-' || '0' <= c && c <= '9':
		t.value = string(b)
	default:
		t.bad = c != 'n'
	}
	if t.value == "N/A" {
		t.value = "" // Anchore's word for an absent value
	}
	return nil
}

// texts is a list of strings, or one string.
type texts struct {
	list []string
	bad  bool
}

func (t *texts) UnmarshalJSON(b []byte) error {
	list := []text{{}}
	if b[0] == '[' {
		list = nil
		t.bad = json.Unmarshal(b, &list) != nil
	} else {
		t.bad = json.Unmarshal(b, &list[0]) != nil
	}
	for _, s := range list {
		t.bad = t.bad || s.bad
		if s.value != "" {
			t.list = append(t.list, s.value)
		}
	}
	return nil
}

// A kind says how the fields of a type become a package.
type kind struct {
	purl   string
	system bool // of a distribution
}

// kinds are the types of Anchore, and further names of them.
var kinds = map[string]kind{
	"rpm": {"rpm", true}, "dpkg": {"deb", true}, "deb": {"deb", true}, "apkg": {"apk", true}, "apk": {"apk", true},
	"gem": {"gem", false}, "npm": {"npm", false}, "python": {"pypi", false}, "pypi": {"pypi", false}, "go": {"golang", false}, "golang": {"golang", false},
	"java": {"maven", false}, "java-jar": {"maven", false}, "java-war": {"maven", false}, "java-ear": {"maven", false}, "java-hpi": {"maven", false},
	"java-jpi": {"maven", false}, "maven": {"maven", false}, "binary": {"generic", false}, "generic": {"generic", false},
	"nuget": {"nuget", false}, "dotnet": {"nuget", false}, "cargo": {"cargo", false}, "rust": {"cargo", false}, "composer": {"composer", false},
	"php": {"composer", false}, "cran": {"cran", false}, "conda": {"conda", false}, "pub": {"pub", false}, "hex": {"hex", false}, "conan": {"conan", false},
	"swift": {"swift", false}, "cocoapods": {"cocoapods", false}, "hackage": {"hackage", false}, "cpan": {"cpan", false},
}

// packages returns the packages of a record, one for each version, and its errors.
func (r *record) packages() (list []analyzer.Package, errs []error) {
	complain := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	for _, f := range []struct {
		name string
		bad  bool
	}{
		{"type", r.Type.bad}, {"name", r.Name.bad}, {"version", r.Version.bad}, {"release", r.Release.bad}, {"arch", r.Arch.bad},
		{"source", r.Source.bad}, {"sourcepkg", r.SourcePkg.bad}, {"origin", r.Origin.bad}, {"location", r.Location.bad},
		{"versions", r.Versions.bad}, {"license", r.License.bad}, {"licenses", r.Licenses.bad}, {"files", r.Files.bad},
	} {
		if f.bad {
			complain("field %s is not a text", f.name)
		}
	}
	versions := r.Versions.list
	if r.Version.value != "" && !slices.Contains(versions, r.Version.value) {
		versions = append([]string{r.Version.value}, versions...)
	}
	k, known := kinds[strings.ToLower(r.Type.value)]
	switch {
	case r.Type.value == "":
		complain("no type")
	case !known:
		complain("type %.50q: %w", r.Type.value, analyzer.ErrUnsupported)
	case !isWord(r.Name.value):
		complain("field name is not a name: %.100q", r.Name.value)
	case len(versions) == 0:
		complain("%.100s: no version", r.Name.value)
	default:
		p := analyzer.Package{Type: k.purl, Name: r.Name.value, System: k.system, Stated: true, Licenses: r.licenses()}
		if k.system {
			p.Arch = architecture(k.purl, r.Arch.value)
		} else {
			p.Namespace, p.Name = r.place(k.purl)
			var err error
			if p.Files, err = r.files(); err != nil {
				complain("%w", err)
			}
		}
		for _, v := range versions {
			if !isWord(v) {
				complain("%.100s: not a version: %.100q", r.Name.value, v)
				continue
			}
			p.Version = v
			if k.system {
				p.Version = r.release(k.purl, v)
				p.SourcePackage = r.source(p.Name, p.Version)
				if k.purl != "deb" && !strings.Contains(p.Version, "-") {
					complain("%.100s: version %.100q has no release", r.Name.value, v)
				}
			}
			list = append(list, p)
		}
	}
	return list, errs
}

// isWord reports whether s can be a name or a version.
func isWord(s string) bool {
	const longest = 512
	return s != "" && len(s) <= longest && !strings.ContainsFunc(s, func(c rune) bool { return unicode.IsSpace(c) || unicode.IsControl(c) || c == unicode.ReplacementChar })
}

// architecture returns the word of a distribution for an architecture. Anchore's own is that of rpm.
func architecture(purl, arch string) string {
	switch {
	case arch == "amd64" && purl != "deb":
		return "x86_64"
	case arch == "x86_64" && purl == "deb":
		return "amd64"
	}
	return arch
}

// release adds the field release to a version that lacks it.
func (r *record) release(purl, version string) string {
	release := r.Release.value
	if release == "" || !isWord(release) || strings.HasSuffix(version, "-"+release) || purl == "deb" && strings.Contains(version, "-") {
		return version
	}
	return version + "-" + release
}

// source returns the source package that the record names: "openssl", "openssl (3.0.1-2)", "openssl-3.0.1-2", or "openssl-3.0.1-2.src.rpm".
func (r *record) source(name, version string) *analyzer.SourcePackage {
	s := cmp.Or(r.Source.value, r.SourcePkg.value)
	of, v := s, ""
	if stem, ok := strings.CutSuffix(s, ".src.rpm"); ok {
		if i := strings.LastIndexByte(stem, '-'); i > 0 {
			if i = strings.LastIndexByte(stem[:i], '-'); i > 0 {
				of, v = stem[:i], stem[i+1:]
			}
		}
	} else if before, after, ok := strings.Cut(s, " ("); ok && strings.HasSuffix(after, ")") {
		of, v = before, strings.TrimSuffix(after, ")")
	} else {
		of = strings.TrimSuffix(s, "-"+version)
	}
	_, plain, _ := strings.Cut(version, ":")
	if v == version || v == plain {
		v = ""
	}
	if !isWord(of) || of == name && v == "" {
		return nil
	}
	return &analyzer.SourcePackage{Name: of, Version: v}
}

// place returns the namespace and the name of a package that no distribution has.
func (r *record) place(purl string) (namespace, name string) {
	name = r.Name.value
	switch purl {
	case "maven":
		if group, artifact, ok := strings.Cut(name, ":"); ok {
			return group, artifact
		}
		if o := r.Origin.value; isWord(o) && strings.Trim(strings.ToLower(o), "abcdefghijklmnopqrstuvwxyz0123456789._-") == "" {
			return o, name
		}
	case "golang", "composer", "swift":
		if i := strings.LastIndexByte(name, '/'); i > 0 && i < len(name)-1 {
			return name[:i], name[i+1:]
		}
	case "npm":
		if scope, rest, ok := strings.Cut(name, "/"); ok && strings.HasPrefix(scope, "@") && rest != "" {
			return scope, rest
		}
	}
	return "", name
}

func (r *record) licenses() []string {
	var list []string
	for _, l := range slices.Concat(r.License.list, r.Licenses.list) {
		l, _ = license.Normalize(l)
		if l != "" && !slices.Contains(list, l) {
			list = append(list, l)
		}
	}
	return list
}

// files returns the paths that the record lists, relative to the root. Anchore gives packages without a place one below /virtual.
func (r *record) files() (list []string, err error) {
	for _, f := range append(slices.Clone(r.Files.list), r.Location.value) {
		if f == "" || strings.HasPrefix(f, "/virtual/") {
			continue
		}
		clean := strings.TrimPrefix(path.Clean("/"+f), "/")
		if !fs.ValidPath(clean) || clean == "." || strings.ContainsRune(clean, 0) {
			err = fmt.Errorf("not a path: %.100q", f)
			continue
		}
		list = append(list, clean)
	}
	slices.Sort(list)
	return slices.Compact(list), err
}
