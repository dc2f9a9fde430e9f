package verify

import (
	"bytes"
	"cmp"
	"context"
	"encoding/hex"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/membudget"
	"github.com/hullmark/hullmark/internal/diagnostic"
)

// The sizes in bytes of the largest files that are read, and of their largest results.
const (
	maxSize   = 96 << 20
	maxResult = 96 << 20
)

const (
	typeDeb   = "deb"
	typeAPK   = "apk"
	stringLen = 16 // memory of a string in bytes, beside its characters
)

// newDpkg reads what dpkg(1) has about the files of its packages:
//
//	info/NAME.list       paths of files, directories and links
//	info/NAME.md5sums    MD5 digests of regular files, except configuration files
//	status               MD5 digests of configuration files, in the field Conffiles
//	diversions           paths that a package moves aside; records
//	statoverride         owners and modes that the administrator set; records
//	etc/dpkg/dpkg.cfg    paths that dpkg does not unpack; records
//
// status.d/NAME.md5sums is that of distroless images.
func newDpkg() analyzer.Analyzer {
	return analyzer.Func(analyzer.Info{
		Name:      "verify-dpkg",
		Completes: "dpkg",
		Version:   1,
		Patterns: []string{
			"var/lib/dpkg/status",
			"var/lib/dpkg/status.d/*.md5sums",
			"var/lib/dpkg/info/*.list",
			"var/lib/dpkg/info/*.md5sums",
			"var/lib/dpkg/diversions",
			"var/lib/dpkg/statoverride",
			"usr/lib/dpkg/status",
			"usr/lib/dpkg/info/*.list",
			"usr/lib/dpkg/info/*.md5sums",
			"usr/lib/dpkg/diversions",
			"usr/lib/dpkg/statoverride",
			"etc/dpkg/dpkg.cfg",
			"etc/dpkg/dpkg.cfg.d/*",
		},
		MaxSize: maxSize,
		Finds:   []string{finds},
	}, analyzeDpkg)
}

func analyzeDpkg(ctx context.Context, f *analyzer.File) (*analyzer.Result, error) {
	text, err := f.Bytes()
	if err != nil {
		return nil, err
	}
	var bad diagnostic.List
	m := membudget.New(ctx, f, maxResult)
	r := new(analyzer.Result)
	base := path.Base(f.Path)
	switch ext := path.Ext(base); {
	case strings.HasPrefix(f.Path, "etc/dpkg/dpkg.cfg.d/") && strings.Trim(base, configName) != "":
		return nil, nil // such as docker.dpkg-old
	case strings.HasPrefix(f.Path, "etc/"):
		r.Records, err = parseConfig(text, m)
	case base == "diversions":
		r.Records, err = parseDiversions(text, &bad, m)
	case base == "statoverride":
		r.Records, err = parseOverrides(text, &bad, m)
	case base == "status":
		r.Fragments, err = parseConffiles(text, &bad, m)
	case ext == ".list" || ext == ".md5sums":
		parse := parseList
		if ext == ".md5sums" {
			parse = parseMD5Sums
		}
		p := analyzer.Package{Type: typeDeb}
		p.Name, p.Arch, _ = strings.Cut(strings.TrimSuffix(base, ext), ":")
		if p.Recorded, err = parse(text, &bad, m); p.Recorded != "" {
			r.Fragments = []analyzer.Package{p}
		}
	}
	r.Diagnostics = bad.Diagnostics()
	if err != nil {
		return &analyzer.Result{Diagnostics: r.Diagnostics}, fmt.Errorf("verify: %w", err)
	}
	return r, nil
}

// configName are the characters in names of files in dpkg.cfg.d that dpkg reads.
const configName = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"

// rows returns the lines of a text without their ends, and an error if m has no room for them.
func rows(text []byte, m *membudget.Meter) ([]string, error) {
	n := bytes.Count(text, []byte{'\n'}) + 1
	if err := m.Bytes(stringLen*int64(n) + 2*int64(len(text))); err != nil { // the rows and the result
		return nil, err
	}
	list := make([]string, 0, n)
	for row := range strings.SplitSeq(string(text), "\n") {
		list = append(list, strings.TrimSuffix(row, "\r"))
	}
	return list, nil
}

// parseList reads the .list of a package. A line is an absolute path; the first is "/.".
func parseList(text []byte, _ *diagnostic.List, m *membudget.Meter) (analyzer.Recorded, error) {
	list, err := rows(text, m)
	if err != nil {
		return "", err
	}
	for i, row := range list {
		list[i] = relative(row)
	}
	slices.Sort(list)
	return analyzer.RecordedOf(func(yield func(analyzer.RecordedFile) bool) {
		for _, p := range list {
			if !yield(analyzer.RecordedFile{Path: p}) {
				return
			}
		}
	}), nil
}

// relative returns a path relative to the root, or "" for the root itself.
func relative(p string) string {
	p = strings.TrimPrefix(strings.TrimLeft(p, "/"), "./")
	if p == "" || p[0] == '.' || p[0] == '/' || strings.Contains(p, "//") || strings.Contains(p, "/.") || strings.HasSuffix(p, "/") {
		p = path.Clean("/" + p)[1:]
	}
	return p
}

const md5Len = 32 // digits

// parseMD5Sums reads the .md5sums of a package. A line has 32 hexadecimal digits, two blanks and a relative path. dpkg refuses a file
// with other lines. Here they are diagnostics.
func parseMD5Sums(text []byte, bad *diagnostic.List, m *membudget.Meter) (analyzer.Recorded, error) {
	list, err := rows(text, m)
	if err != nil {
		return "", err
	}
	kept := list[:0]
	for i, row := range list {
		if row == "" {
			continue
		}
		if len(row) < md5Len+2 || row[md5Len] != ' ' || !isDigest(row[:md5Len]) {
			bad.Line(i+1, "not a digest and a path: %.60q", row)
			continue
		}
		kept = append(kept, row)
	}
	slices.SortStableFunc(kept, func(a, b string) int { return cmp.Compare(md5Path(a), md5Path(b)) })
	return analyzer.RecordedOf(func(yield func(analyzer.RecordedFile) bool) {
		for _, row := range kept {
			digest, _ := hex.DecodeString(row[:md5Len])
			if !yield(regular(md5Path(row), digest)) {
				return
			}
		}
	}), nil
}

// md5Path returns the path in a line of an .md5sums. The character before it is a blank, or "*" of md5sum --binary.
func md5Path(row string) string {
	p := row[md5Len+1:]
	return relative(strings.TrimLeft(p[:1], " *") + p[1:])
}

func isDigest(s string) bool {
	_, err := hex.DecodeString(s)
	return err == nil
}

// hasList reports whether the .list of a package is among its records. dpkg verifies only files that it has: if a package replaces a file of
// another one, dpkg removes the file from the other's .list, but not from its .md5sums.
func hasList(r analyzer.Recorded) bool {
	for f := range r.All() {
		if !f.Optional && !f.Config {
			return true
		}
	}
	return false
}

// regular returns a regular file with an MD5 digest. dpkg verifies that it is a regular file with this content. It is optional until a .list
// has it.
func regular(p string, digest []byte) analyzer.RecordedFile {
	return analyzer.RecordedFile{
		Path:       p,
		Optional:   true,
		Attributes: analyzer.AttrType | analyzer.AttrContent,
		Algorithm:  "md5",
		Digest:     string(digest),
	}
}
