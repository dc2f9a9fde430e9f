package gem

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/digestsize"
	"github.com/hullmark/hullmark/analyzer/internal/membudget"
	"github.com/hullmark/hullmark/internal/diagnostic"
)

// A lockReader reads a lock file line by line.
type lockReader struct {
	section          string // "GEM", "GIT", "PATH", "CHECKSUMS", ...
	inSpecs          bool
	conflict         bool
	remote, revision string // in the section
	packages         []analyzer.Package
	current          int            // index of the package whose dependencies follow, or -1
	byKey            map[string]int // packages by their text in the file, "name (version-platform)"
	meter            *membudget.Meter
}

// parseLock reads Gemfile.lock or gems.locked. Sections begin at the margin. The "specs" of a source list gems after four
// spaces and their dependencies after six. parseLock ignores gems of a path: they are parts of the application and have
// gemspecs.
func parseLock(text []byte, m *membudget.Meter) (*analyzer.Result, error) {
	var bad diagnostic.List
	var full error
	r := lockReader{current: -1, byKey: make(map[string]int), meter: m}
	for number := 1; len(text) > 0; number++ {
		var line []byte
		line, text = cutLine(text)
		if err := r.line(string(line)); err != nil {
			if m.Err() != nil {
				full = fmt.Errorf("gem: line %d: %w", number, err)
				break
			}
			bad.Line(number, "%w", err)
		}
	}
	for i := range r.packages {
		p := &r.packages[i]
		slices.Sort(p.Depends)
		p.Depends = slices.Compact(p.Depends)
	}
	return &analyzer.Result{Packages: r.packages, Diagnostics: bad.Diagnostics()}, full
}

func (r *lockReader) line(line string) error {
	indent := len(line) - len(strings.TrimLeft(line, " "))
	line = line[indent:]
	switch {
	case line == "":
		return nil
	case indent == 0 && strings.HasPrefix(line, "<<<<<<<"):
		r.conflict = true
		return errors.New("a merge conflict; both sides are ignored")
	case r.conflict:
		r.conflict = indent > 0 || !strings.HasPrefix(line, ">>>>>>>")
		return nil
	case indent == 0:
		*r = lockReader{section: line, packages: r.packages, current: -1, byKey: r.byKey, meter: r.meter}
		return nil
	case indent == 2 && r.section == "CHECKSUMS":
		return r.checksum(line)
	case indent == 2:
		key, value, _ := strings.Cut(line, ":")
		switch value = strings.TrimSpace(value); key {
		case "remote":
			r.remote = value
		case "revision":
			r.revision = value
		case "specs":
			r.inSpecs = true
		}
		return nil
	case !r.inSpecs || r.section != "GEM" && r.section != "GIT":
		return nil
	case indent == 4:
		r.current = -1
		return r.gem(line)
	case indent == 6 && r.current >= 0:
		p := &r.packages[r.current]
		if name, _, _ := strings.Cut(strings.TrimSuffix(line, "!"), " "); isWord(name, "._-") {
			if err := r.meter.List(1, len(line)); err != nil {
				return err
			}
			p.Depends = append(p.Depends, name)
		}
	}
	return nil
}

// gem reads "name (version-platform)".
func (r *lockReader) gem(line string) error {
	name, version, platform, ok := splitGem(line)
	if !ok {
		return fmt.Errorf("not a gem and its version: %.100q", line)
	}
	p, err := newPackage(name, version, platform)
	if p.Name == "" {
		return err
	}
	p.Declared = true
	if u := repositoryURL(r.remote, r.revision); r.section == "GIT" && u != "" {
		if p.Qualifiers == nil {
			p.Qualifiers = make(map[string]string, 1)
		}
		p.Qualifiers["vcs_url"] = u
	}
	const entry = 64 // bytes in byKey
	if err := r.meter.Bytes(entry + int64(len(line))); err != nil {
		return err
	}
	packages, full := r.meter.Append(r.packages, p)
	if full != nil {
		return full
	}
	r.packages, r.current = packages, len(r.packages)
	r.byKey[strings.Clone(line)] = r.current
	return err
}

// splitGem splits "name (version-platform)". As in Bundler, a version has no hyphen.
func splitGem(s string) (name, version, platform string, ok bool) {
	name, rest, ok := strings.Cut(s, " (")
	if !ok || !strings.HasSuffix(rest, ")") {
		return "", "", "", false
	}
	version, platform, _ = strings.Cut(rest[:len(rest)-1], "-")
	return name, version, platform, true
}

// checksum reads "name (version-platform) sha256=HEX,sha512=HEX".
func (r *lockReader) checksum(line string) error {
	gem, sums, ok := strings.Cut(line, ") ")
	if !ok {
		return nil // a gem without a digest
	}
	i, ok := r.byKey[gem+")"]
	if !ok {
		return nil // a gem of a path, or no longer used
	}
	for sum := range strings.SplitSeq(sums, ",") {
		algorithm, digest, _ := strings.Cut(strings.TrimSpace(sum), "=")
		if b, err := hex.DecodeString(digest); err != nil || len(b) == 0 || len(b) != digestsize.Of(algorithm) {
			return fmt.Errorf("not a checksum: %.100q", sum)
		}
		p := &r.packages[i]
		const hash = 512 // bytes of a map with a digest
		if err := r.meter.Bytes(hash); err != nil {
			return err
		}
		if p.Hashes == nil {
			p.Hashes = make(map[string]string, 1)
		}
		p.Hashes[strings.Clone(algorithm)] = strings.ToLower(digest)
	}
	return nil
}

// repositoryURL returns a repository in the form of SPDX, "git+https://host/path@commit", without credentials. It returns ""
// for a local directory.
func repositoryURL(remote, revision string) string {
	if host, path, ok := strings.Cut(strings.TrimPrefix(remote, "git@"), ":"); ok && strings.HasPrefix(remote, "git@") {
		remote = "ssh://git@" + host + "/" + path // the form of scp
	}
	u, err := url.Parse(remote)
	if err != nil || u.Host == "" {
		return ""
	}
	if u.User != nil && u.User.Username() == "git" {
		u.User = url.User("git")
	} else {
		u.User = nil
	}
	if u.Scheme != "git" {
		u.Scheme = "git+" + u.Scheme
	}
	if revision == "" {
		return u.String()
	}
	return u.String() + "@" + revision
}
