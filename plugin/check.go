package plugin

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/diagnostic"
	"github.com/hullmark/hullmark/internal/pluginpb"
)

// ErrRejected reports a plugin that violates its Command, its Limits or the protocol. Such a plugin is not restarted.
var ErrRejected = errors.New("rejected")

// checkAnalyzers checks the analyzers of a plugin.
func (c *Command) checkAnalyzers(list []analyzer.Info) error {
	err := c.findBadAnalyzer(list)
	if err != nil {
		return fmt.Errorf("%w: %w", err, ErrRejected)
	}
	return nil
}

// findBadAnalyzer returns an error about the first analyzer that breaks a rule.
func (c *Command) findBadAnalyzer(list []analyzer.Info) error {
	if len(list) == 0 {
		return errors.New("no analyzers")
	}
	patterns := 0
	names := make(map[string]bool)
	for i := range list {
		info := &list[i]
		if !validName(info.Name) {
			return fmt.Errorf("invalid analyzer name %.100q", info.Name)
		}
		if names[info.Name] {
			return fmt.Errorf("two analyzers are named %q", info.Name)
		}
		names[info.Name] = true
		if err := c.checkAllowed(info); err != nil {
			return err
		}
		if err := checkExamination(info); err != nil {
			return fmt.Errorf("analyzer %s: %v", info.Name, err)
		}
		if patterns += len(info.Patterns) + len(info.Siblings) + len(info.Magic) + len(info.Contains) + len(info.Early) + len(info.Digests) + len(info.DigestsIf); patterns > c.Limits.Patterns {
			return fmt.Errorf("more than %d patterns", c.Limits.Patterns)
		}
		if err := c.checkSelection(info); err != nil {
			return err
		}
		if err := info.Validate(); err != nil {
			return err
		}
	}
	return nil
}

// checkAllowed checks that a Command allows the things that an analyzer asks for.
func (c *Command) checkAllowed(info *analyzer.Info) error {
	switch {
	case len(info.Patterns) == 0 && !info.Config && info.Unavailable == "":
		return fmt.Errorf("analyzer %s has no patterns", info.Name)
	case info.Config && c.Patterns != nil && !c.Config:
		return fmt.Errorf("analyzer %s: the image's configuration is not allowed", info.Name)
	case info.Completes != "" && info.Completes != info.Name && c.Types != nil && !c.System:
		return fmt.Errorf("analyzer %s: completing the packages of %.100q is not allowed", info.Name, info.Completes)
	}
	return nil
}

// checkSelection checks how an analyzer selects files.
func (c *Command) checkSelection(info *analyzer.Info) error {
	if info.MaxSize < 0 {
		return fmt.Errorf("analyzer %s has a MaxSize of %d", info.Name, info.MaxSize)
	}
	choosy := info.NamesOnly || info.Entries || info.List || len(info.Magic)+len(info.Contains) > 0
	for _, p := range info.Patterns {
		if (p == "**" || p == "**/*.") && !choosy && info.MaxSize == 0 {
			return fmt.Errorf("analyzer %s: pattern %s needs a MaxSize", info.Name, p)
		}
		if c.Patterns != nil && !slices.Contains(c.Patterns, p) {
			return fmt.Errorf("analyzer %s: pattern %.200q is not allowed", info.Name, p)
		}
		if len(p) > 4096 {
			return fmt.Errorf("analyzer %s has a pattern of %d bytes", info.Name, len(p))
		}
	}
	for _, base := range info.Siblings {
		if base == "" || base == "." || base == ".." || strings.ContainsAny(base, "/*") || len(base) > 255 {
			return fmt.Errorf("analyzer %s: sibling %.100q is not a base name", info.Name, base)
		}
	}
	return nil
}

// checkExamination checks what reports repeat about an analyzer.
func checkExamination(info *analyzer.Info) error {
	if len(info.Finds) > 100 {
		return fmt.Errorf("it finds %d kinds of things", len(info.Finds))
	}
	for _, kind := range info.Finds {
		if !diagnostic.IsCode(kind) {
			return fmt.Errorf("its kind of finding %.100q is not kebab-case", kind)
		}
	}
	for _, text := range []string{info.Data, info.Unavailable} {
		if len(text) > 1000 || !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
			return fmt.Errorf("text %.100q is not one line of at most 1,000 bytes", text)
		}
	}
	return nil
}

// validName reports whether a name is safe in reports and file names.
func validName(s string) bool {
	return s != "" && len(s) <= 100 && !strings.HasPrefix(s, ".") && !strings.ContainsFunc(s, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-_.+:/", r))
	})
}

// checkAnswer checks an answer to a file. It accepts data that an honest plugin may read in a hostile file, such as strange
// paths in lists of files. Hosts must handle such data from analyzers in their own process, too.
func (c *Command) checkAnswer(a *pluginpb.Answer) error {
	for _, p := range a.Packages {
		if p.Name == "" {
			return fmt.Errorf("a package without a name: %w", ErrRejected)
		}
		if err := c.checkPackage(p); err != nil {
			return err
		}
	}
	for _, p := range a.Fragments {
		if err := c.checkPackage(p); err != nil {
			return err
		}
	}
	for _, f := range a.Findings {
		if f.Rule == "" || f.Line < 0 || !slices.Contains([]string{"", "critical", "high", "medium", "low", "info"}, f.Severity) {
			return fmt.Errorf("invalid finding: rule %.100q, severity %.100q, line %d: %w", f.Rule, f.Severity, f.Line, ErrRejected)
		}
	}
	for _, r := range a.Records {
		if err := checkRecord(r); err != nil {
			return err
		}
	}
	for _, p := range a.Problems {
		if p.Line < 0 || p.Code != "" && !diagnostic.IsCode(p.Code) {
			return fmt.Errorf("invalid problem: code %.100q, line %d: %w", p.Code, p.Line, ErrRejected)
		}
	}
	if a.Distro != nil && c.Types != nil && !c.System {
		return fmt.Errorf("a distribution is not allowed: %w", ErrRejected)
	}
	return nil
}

// maxFields is the largest number of fields of a record.
const maxFields = 1000

func checkRecord(r *pluginpb.Record) error {
	if !diagnostic.IsCode(r.Kind) || r.Line < 0 || len(r.Fields) > maxFields {
		return fmt.Errorf("invalid record: kind %.100q, %d fields, line %d: %w", r.Kind, len(r.Fields), r.Line, ErrRejected)
	}
	for name := range r.Fields {
		if !diagnostic.IsCode(name) {
			return fmt.Errorf("invalid record: field %.100q: %w", name, ErrRejected)
		}
	}
	return nil
}

// answerCost returns the number of bytes that an answer counts against Limits.Answer. Records may be much smaller in a message
// than in memory.
func answerCost(a *pluginpb.Answer) int64 {
	n := int64(proto.Size(a)) + 64*int64(len(a.Records))
	for _, r := range a.Records {
		n += 32 * int64(len(r.Fields))
	}
	return n
}

func (c *Command) checkPackage(p *pluginpb.Package) error {
	if !validType(p.Type) {
		return fmt.Errorf("package type %.100q is not a PURL type: %w", p.Type, ErrRejected)
	}
	if c.Types != nil && !slices.Contains(c.Types, p.Type) {
		return fmt.Errorf("package type %.100q is not allowed: %w", p.Type, ErrRejected)
	}
	if p.System && c.Types != nil && !c.System {
		return fmt.Errorf("system package %.100q is not allowed: %w", p.Name, ErrRejected)
	}
	return nil
}

// validType reports whether s has the form of a type in the package-url specification.
func validType(s string) bool {
	if s == "" || len(s) > 64 || '0' <= s[0] && s[0] <= '9' {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return !('a' <= r && r <= 'z' || '0' <= r && r <= '9' || r == '.' || r == '-' || r == '+')
	})
}
