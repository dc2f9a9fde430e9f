// Package ignore reads lists of vulnerabilities and findings that a person decided to ignore, such as a .hullmarkignore file.
//
// A line names a vulnerability, the rule of findings in files, or the digest of a secret, and may limit the entry to a package, to files and to a time. The text after "#" is the reason; an
// entry without one has the comment lines directly above it as its reason.
//
//	CVE-2024-1234                              # not reachable: we do not parse XML
//	CVE-2024-1235 until:2026-12-31             # fixed in the next release
//	GHSA-jfh8-c2jp-5v3q package:log4j-core     # used by the build only
//	CVE-2024-1236 package:pkg:npm/lodash@4.17.20 path:/opt/tools/**
//	clamav:Eicar-Test-Signature path:/srv/tests/**  # a file for tests
//	rule:writable                              # a rule without colon, hyphen or digit
//	sha256:3bb6c91a...                         # a secret by the digest in its finding, whatever the rule and the file
//
// "exp:" stands for "until:", so that the lines of a .trivyignore file keep their meaning. An entry holds until the end of its day,
// in UTC. Any other word is an error, because an entry that ignores too much hides vulnerabilities.
package ignore

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/hullmark/hullmark/matcher/report"
)

// ErrSyntax reports a line that is not an entry.
var ErrSyntax = errors.New("not an entry of an ignore list")

const (
	maxBytes = 4 << 20
	maxLine  = 64 << 10
)

// Read reads a list. The name is for origins and errors: ".hullmarkignore".
func Read(r io.Reader, name string) ([]report.Ignore, error) {
	limited := &io.LimitedReader{R: r, N: maxBytes + 1}
	lines := bufio.NewScanner(limited)
	lines.Buffer(nil, maxLine)
	var list []report.Ignore
	var comments []string
	for n := 1; lines.Scan(); n++ {
		text := lines.Text()
		if n == 1 {
			text = strings.TrimPrefix(text, "\ufeff")
		}
		entry, comment := cutComment(text)
		if entry == "" {
			if comments = append(comments, comment); comment == "" {
				comments = nil
			}
			continue
		}
		g, err := Parse(entry)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, n, err)
		}
		if g.Reason = comment; comment == "" {
			g.Reason = strings.Join(comments, " ")
		}
		g.Origin = fmt.Sprintf("%s:%d", name, n)
		list = append(list, g)
		comments = nil
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if limited.N == 0 {
		return nil, fmt.Errorf("%s: more than %d bytes", name, maxBytes)
	}
	return list, nil
}

// cutComment separates an entry and its comment. A "#" within a word begins none.
func cutComment(text string) (entry, comment string) {
	for i, r := range text {
		if r == '#' && (i == 0 || text[i-1] == ' ' || text[i-1] == '\t') {
			return strings.TrimSpace(text[:i]), strings.TrimSpace(text[i+1:])
		}
	}
	return strings.TrimSpace(text), ""
}

// names reports whether a word is the identifier of a vulnerability, such as RHSA-2024:1234, or the rule of a finding, such as
// clamav:Eicar-Test-Signature. A word that limits an entry, or looks like it, names nothing.
func names(word string) bool {
	prefix, rest, ok := strings.Cut(word, ":")
	if strings.ContainsAny(prefix, "-0123456789") {
		return true
	}
	if _, err := time.Parse(time.DateOnly, rest); err == nil {
		return false // expires:2026-12-31
	}
	return ok && prefix != "" && rest != "" && !slices.Contains([]string{"until", "exp", "package", "pkg", "path", "rule"}, prefix)
}

// Parse reads one entry, without a comment.
func Parse(entry string) (report.Ignore, error) {
	fail := func(format string, args ...any) (report.Ignore, error) {
		return report.Ignore{}, fmt.Errorf("ignore: "+format+": %w", append(args, ErrSyntax)...)
	}
	words := strings.Fields(entry)
	if len(words) == 0 {
		return fail("no identifier")
	}
	g := report.Ignore{ID: words[0]}
	for _, key := range []string{"until", "exp", "package", "path"} {
		if id, value, ok := strings.Cut(g.ID, ":"+key+":"); ok {
			return fail("%.100q has no space before %[2]s: write %.100[3]s %[2]s:%.100[4]s", g.ID, key, id, value)
		}
	}
	if rule, ok := strings.CutPrefix(g.ID, "rule:"); ok && rule != "" && !strings.ContainsAny(rule, "*?") {
		g.ID = rule
	} else if strings.ContainsAny(g.ID, "*?/") || !names(g.ID) {
		return fail("%.100q is neither the identifier of a vulnerability nor rule:NAME", g.ID)
	}
	if algorithm, digits, ok := strings.Cut(g.ID, ":"); ok && (algorithm == "sha256" || algorithm == "hmac-sha256") {
		if b, err := hex.DecodeString(digits); err != nil || len(b) != sha256.Size {
			return fail("%.100q is not a whole digest", g.ID)
		}
	}
	seen := make(map[string]bool)
	for _, word := range words[1:] {
		key, value, _ := strings.Cut(word, ":")
		if key == "exp" {
			key = "until"
		}
		if seen[key] {
			return fail("%.100q is the second %.100s", word, key)
		}
		seen[key] = true
		if value == "" {
			return fail("%.100q is not one of until:DATE, package:NAME and path:PATTERN", word)
		}
		switch key {
		case "until":
			day, err := time.Parse(time.DateOnly, value)
			if err != nil {
				return fail("%.100q is not a date like 2026-12-31", value)
			}
			g.Expires = day.AddDate(0, 0, 1).Add(-time.Second)
		case "package":
			g.Package = value
		case "path":
			if (report.Exclusion{Path: value}).Check() != nil {
				return fail("%.100q is a malformed pattern", value)
			}
			g.Path = value
		default:
			return fail("%.100q is not one of until:DATE, package:NAME and path:PATTERN", word)
		}
	}
	return g, nil
}
