// Package secrets finds secrets in the files of an image, in files that upper layers hide, and in the image's configuration: tokens of
// services, private keys, passwords in configuration files.
//
// A report has the rule, the place and a digest of a secret, never a part of it. The digest is SHA-256 for secrets that a program made. For
// those that people choose it is HMAC-SHA-256 with the SHA-256 of the file as key, so that guesses at a password need the file.
//
// The rules are data: rules.toml. ReadGitleaks reads more of them. Package analyzer/content has this analyzer.
package secrets

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/diagnostic"
)

// Options choose the rules.
type Options struct {
	Rules []*Rule // beside those of this package
	Only  bool    // only Rules
}

const (
	name        = "secrets"
	skippedKind = "secrets-skipped" // of records
)

// New returns the analyzer "secrets". Its findings have the rules "secrets:ID". Records of the kind "secrets-skipped" count the bytes of
// a file that it did not search, with the reason. A report has their sums in Examination.Skipped.
//
// The analyzer is an [analyzer.Finisher]: it drops findings in files that a package of the distribution brought. If package verify takes part in
// the scan, the files must be as the package recorded them.
func New(o Options) analyzer.Analyzer {
	info := analyzer.Info{
		Name: name, Version: 3, Patterns: []string{"**"}, Config: true, Hidden: true, Finds: []string{"secrets"},
	}
	set, err := o.set()
	if err != nil {
		info.Unavailable = err.Error()
		return analyzer.Func(info, func(context.Context, *analyzer.File) (*analyzer.Result, error) {
			return nil, fmt.Errorf("%w: %w", err, analyzer.ErrUnavailable)
		})
	}
	info.Data = "rules " + set.version
	if n := len(o.Rules); n > 0 {
		info.Data += fmt.Sprintf(" and %d of the user", n)
	}
	info.Build = o.fingerprint()
	pool := &sync.Pool{New: func() any { return newSearch(set) }}
	return finisher{analyzer.Func(info, func(ctx context.Context, f *analyzer.File) (*analyzer.Result, error) {
		s := pool.Get().(*search)
		defer pool.Put(s)
		s.ctx = ctx
		r, err := s.file(ctx, f)
		clear(s.windows)
		s.open = s.open[:0]
		if err != nil {
			return r, fmt.Errorf("secrets: %w", err)
		}
		return r, nil
	})}
}

func (o *Options) set() (*ruleSet, error) {
	own, err := ownRules()
	if err != nil || len(o.Rules) == 0 && !o.Only {
		return own, err
	}
	rules := decoders()
	if !o.Only {
		rules = slices.Clone(own.rules)
	}
	return newRuleSet(own.version, append(rules, o.Rules...))
}

func (o *Options) fingerprint() string {
	texts := [][]byte{own}
	for _, r := range o.Rules {
		texts = append(texts, []byte(fmt.Sprintf("%q %v %s %q %q %v %v", r.ID, r.expression.source, r.Severity, r.Keywords, r.source, r.entropy, o.Only)))
	}
	return fingerprint(texts...)
}

// A reading collects the result for one file.
type reading struct {
	file    *analyzer.File
	result  analyzer.Result
	bad     diagnostic.List
	skipped map[string]int64 // bytes by reason
	left    int              // findings that the file may still have
	dropped int64
	digest  []byte // SHA-256 of the file, if it was needed
}

// file searches a file.
func (s *search) file(ctx context.Context, f *analyzer.File) (*analyzer.Result, error) {
	if f.Size() == 0 {
		return nil, nil
	}
	r := &reading{file: f, left: maxFound}
	var err error
	switch {
	case f.Path == "":
		err = s.configuration(ctx, r)
	case isGzip(f):
		err = s.gzip(ctx, r)
	case isSkipped(r):
	case isArchive(f):
		err = s.archive(ctx, r)
	default:
		t := &text{at: f.Open(), size: f.Size(), name: f.Path, origin: -1}
		err = s.text(ctx, r, t)
	}
	if r.dropped > 0 {
		r.bad.Add(fmt.Errorf("%d more secrets: %w", r.dropped, analyzer.ErrTooLarge))
	}
	for _, reason := range sortedKeys(r.skipped) {
		r.result.Records = append(r.result.Records, skippedRecord(reason, "bytes", r.skipped[reason]))
	}
	if r.dropped > 0 {
		r.result.Records = append(r.result.Records, skippedRecord("too-many", "findings", r.dropped))
	}
	r.result.Diagnostics = r.bad.Diagnostics()
	if r.result.Findings == nil && r.result.Records == nil && r.result.Diagnostics == nil {
		return nil, err
	}
	return &r.result, err
}

// skippedRecord counts the bytes or the findings that a reason left out.
func skippedRecord(reason, field string, n int64) analyzer.Record {
	return analyzer.Record{Kind: skippedKind, Key: reason, Fields: map[string]string{"reason": reason, field: strconv.FormatInt(n, 10)}}
}

func sortedKeys(m map[string]int64) []string {
	var list []string
	for k := range m {
		list = append(list, k)
	}
	slices.Sort(list)
	return list
}

func (r *reading) skip(reason string, n int64) {
	if r.skipped == nil {
		r.skipped = make(map[string]int64)
	}
	r.skipped[reason] += n
}

// text searches a text, and the texts in it.
func (s *search) text(ctx context.Context, r *reading, t *text) error {
	t.config = t.config || isConfiguration(t.name)
	t.skip = r.skip
	t.decode = func(offset int64, key string, data []byte) int {
		if r.file.Hold(ctx, 2*int64(len(data))) != nil {
			r.skip("memory", int64(len(data)))
			return 0
		}
		defer r.file.Hold(ctx, -2*int64(len(data)))
		inner := &text{at: bytes.NewReader(data), size: int64(len(data)), name: t.name, inside: t.inside, origin: offset, depth: t.depth + 1, config: t.config}
		if key != "" {
			inner.name, inner.config = key, true
			if inner.value = bytes.IndexByte(bytes.TrimSpace(data), '\n') < 0; inner.value {
				// Rules for values need the name.
				data = append([]byte(key+"="), data...)
				inner.at, inner.size = bytes.NewReader(data), int64(len(data))
			}
		}
		if s.inner == nil {
			s.inner = newSearch(s.set)
		}
		s.inner.ctx = ctx
		if s.inner.text(ctx, r, inner) != nil {
			return 0
		}
		t.found = append(t.found, inner.moved(offset)...)
		return len(inner.found)
	}
	if err := s.run(t); err != nil {
		return err
	}
	if err := s.passwords(ctx, r, t); err != nil {
		return err
	}
	if t.origin >= 0 {
		return nil // the outer text reports
	}
	t.sort()
	return r.report(t)
}

// moved returns the findings of a decoded text at its offset in the outer one.
func (t *text) moved(offset int64) []found {
	list := slices.Clone(t.found)
	for i := range list {
		list[i].offset = offset
	}
	return list
}

// report adds the findings of a text to the result.
func (r *reading) report(t *text) error {
	if len(t.found) == 0 {
		return nil
	}
	inTests := isTestPlace(t.name) || isTestPlace(r.file.Path)
	lines, err := t.lines()
	if err != nil {
		return err
	}
	counts := make(map[string]int)
	for i, f := range t.found {
		if counts[f.rule]++; counts[f.rule] > maxPerRule || r.left == 0 {
			r.dropped++
			continue
		}
		r.left--
		if inTests {
			f.severity = "low" // The path alone is no proof: a person can put a key anywhere. Finish looks for the package.
		}
		digest, err := r.digestOf(&f)
		if err != nil {
			return err
		}
		where := "offset " + strconv.FormatInt(f.offset, 10)
		line := lines[i]
		if t.inside != "" {
			where = t.inside
			if strings.HasPrefix(t.inside, instruction) {
				if where, err = t.argument(f.offset); err != nil {
					return err
				}
			}
			where = shortened(where, maxInside)
			if r.file.Path != "" {
				where += ", line " + strconv.Itoa(line)
			}
			line = 0
		}
		r.result.Findings = append(r.result.Findings, analyzer.Finding{
			Rule: "secrets:" + f.rule, Title: shortened(f.title, maxTitle), Detail: where + ", " + digest, Severity: f.severity, Line: line,
		})
	}
	return nil
}

// argument returns the place of a text with the name of the last build argument or variable before an offset.
func (t *text) argument(offset int64) (string, error) {
	before := make([]byte, min(offset, maxConfiguration))
	if _, err := t.at.ReadAt(before, offset-int64(len(before))); err != nil && err != io.EOF {
		return "", err
	}
	for end := bytes.LastIndexByte(before, '='); end >= 0; end = bytes.LastIndexByte(before[:end], '=') {
		start := end
		for start > 0 && isWordByte(before[start-1]) {
			start--
		}
		if start < end && (start == 0 || before[start-1] == ' ') {
			return t.inside + " " + string(before[start:end]), nil
		}
	}
	return t.inside, nil
}

// A finding has at most 200 bytes: 50 of rule and severity, and those of title, place and digest.
const (
	maxTitle  = 50
	maxInside = 36
)

// shortened returns the end of a text of at most n bytes.
func shortened(s string, n int) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= n {
		return s
	}
	return "..." + strings.ToValidUTF8(s[len(s)-n+3:], "")
}

// lines returns the lines of the findings, which are sorted by offset.
func (t *text) lines() ([]int, error) {
	lines := make([]int, len(t.found))
	buf := make([]byte, 32<<10)
	line, at, next := 1, int64(0), 0
	for next < len(lines) {
		n, err := t.at.ReadAt(buf[:min(int64(len(buf)), t.size-at)], at)
		for next < len(lines) && t.found[next].offset < at+int64(n) {
			lines[next] = line + bytes.Count(buf[:max(0, t.found[next].offset-at)], []byte("\n"))
			next++
		}
		if next == len(lines) {
			break
		}
		if n == 0 {
			return nil, cmp.Or(err, io.ErrUnexpectedEOF)
		}
		line += bytes.Count(buf[:n], []byte("\n"))
		at += int64(n)
	}
	return lines, nil
}

// digestOf returns the digest of a secret.
func (r *reading) digestOf(f *found) (string, error) {
	if !f.password && bitsOf(f.secret) >= 80 {
		sum := sha256.Sum256(f.secret)
		return "sha256:" + hex.EncodeToString(sum[:]), nil
	}
	if r.digest == nil {
		h := sha256.New()
		if _, err := io.Copy(h, r.file.Open()); err != nil {
			return "", err
		}
		r.digest = h.Sum(nil)
	}
	h := hmac.New(sha256.New, r.digest)
	h.Write(f.secret)
	return "hmac-sha256:" + hex.EncodeToString(h.Sum(nil)), nil
}

// bitsOf estimates the information in a secret that a program made.
func bitsOf(secret []byte) int {
	each := 5
	if len(bytes.Trim(secret, "0123456789abcdefABCDEF-")) == 0 {
		each = 4
	}
	return each * len(secret)
}
