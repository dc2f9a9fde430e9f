package plugin

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/pluginpb"
)

// ErrClaim is wrapped by errors about a plugin that says or wants what it must not. It is not started again.
var ErrRejected = errors.New("refused")

// claims checks what a plugin says of its analyzers.
func (c *Command) checkAnalyzers(list []analyzer.Info) error {
	bad := func(format string, args ...any) error {
		return fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), ErrRejected)
	}
	if len(list) == 0 {
		return bad("it has no analyzers")
	}
	patterns := 0
	names := make(map[string]bool)
	for i := range list {
		info := &list[i]
		if !validName(info.Name) {
			return bad("%.100q is no name for an analyzer", info.Name)
		}
		if names[info.Name] {
			return bad("two analyzers are named %q", info.Name)
		}
		names[info.Name] = true
		if len(info.Patterns) == 0 {
			return bad("analyzer %s wants no files", info.Name)
		}
		if patterns += len(info.Patterns) + len(info.With); patterns > c.Limits.Patterns {
			return bad("its analyzers have more than %d patterns", c.Limits.Patterns)
		}
		if info.MaxSize < 0 {
			return bad("analyzer %s has a MaxSize of %d", info.Name, info.MaxSize)
		}
		for _, p := range info.Patterns {
			if p == "**" && info.MaxSize == 0 {
				return bad("analyzer %s wants every file, of any size: pattern ** needs a MaxSize", info.Name)
			}
			if c.Patterns != nil && !slices.Contains(c.Patterns, p) {
				return bad("analyzer %s wants %.200q, which it may not have", info.Name, p)
			}
			if len(p) > 4096 {
				return bad("analyzer %s has a pattern of %d bytes", info.Name, len(p))
			}
		}
		for _, base := range info.With {
			if base == "" || base == "." || base == ".." || strings.ContainsAny(base, "/*") || len(base) > 255 {
				return bad("analyzer %s wants the sibling %.100q, which is no base name", info.Name, base)
			}
		}
		if err := info.Validate(); err != nil {
			return bad("%v", err)
		}
	}
	return nil
}

// plainName reports whether a name can stand in reports and in file names.
func validName(s string) bool {
	return s != "" && len(s) <= 100 && !strings.HasPrefix(s, ".") && !strings.ContainsFunc(s, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-_.+:/", r))
	})
}

// answer checks what a plugin says of a file. What an honest plugin may have read in a hostile file, such as strange paths in
// lists of files, is not refused: it is as harmless as it is from an analyzer in the same process.
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
			return fmt.Errorf("a finding of rule %.100q, severity %.100q, line %d: %w", f.Rule, f.Severity, f.Line, ErrRejected)
		}
	}
	if a.Distro != nil && c.Types != nil && !c.System {
		return fmt.Errorf("it names the distribution: %w", ErrRejected)
	}
	return nil
}

func (c *Command) checkPackage(p *pluginpb.Package) error {
	if !validType(p.Type) {
		return fmt.Errorf("a package of type %.100q, which is no PURL type: %w", p.Type, ErrRejected)
	}
	if c.Types != nil && !slices.Contains(c.Types, p.Type) {
		return fmt.Errorf("a package of type %.100q, which it may not report: %w", p.Type, ErrRejected)
	}
	if p.System && c.Types != nil && !c.System {
		return fmt.Errorf("a system package, which it may not report: %.100q: %w", p.Name, ErrRejected)
	}
	return nil
}

// purlType reports whether s is of the form that the package-url specification gives to types.
func validType(s string) bool {
	if s == "" || len(s) > 64 || '0' <= s[0] && s[0] <= '9' {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return !('a' <= r && r <= 'z' || '0' <= r && r <= '9' || r == '.' || r == '-' || r == '+')
	})
}
