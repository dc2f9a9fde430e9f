package admission

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A Mode is the effect of a verdict against an image.
type Mode string

const (
	Enforce Mode = "enforce" // refuses
	Warn    Mode = "warn"    // admits with a warning
	Record  Mode = "record"  // admits, and records an event
)

// An Unknown is the decision about an image without a verdict.
type Unknown string

const (
	Deny  Unknown = "deny"
	Allow Unknown = "allow"
	Scan  Unknown = "scan" // allows, and submits the image
)

// A Failure is the decision if the verdict can't be read in time.
type Failure string

const (
	Closed Failure = "closed" // refuses
	Open   Failure = "open"   // admits
)

// A Config has the rules, and the annotation that bypasses them.
type Config struct {
	Rules      []Rule     `yaml:"rules"` // the first one that selects a workload counts
	BreakGlass BreakGlass `yaml:"breakGlass"`
}

// A Rule says how to judge the workloads that it selects.
type Rule struct {
	Name    string  `yaml:"name"`
	Select  Select  `yaml:"select"`
	Policy  string  `yaml:"policy"`  // of the service; "" is the active one
	Mode    Mode    `yaml:"mode"`    // Enforce if empty
	Unknown Unknown `yaml:"unknown"` // Deny if empty
	Failure Failure `yaml:"failure"` // Closed if empty
	Pinned  bool    `yaml:"pinned"`  // images without a digest are refused
}

// A Select selects workloads by patterns in which "*" is any text. Each field that is not empty must match.
type Select struct {
	Namespaces      []string          `yaml:"namespaces"`
	Labels          map[string]string `yaml:"labels"`      // of the pod
	Annotations     map[string]string `yaml:"annotations"` // of the pod
	ServiceAccounts []string          `yaml:"serviceAccounts"`
}

// A BreakGlass names an annotation whose value, a reason, admits the pod in spite of its verdict.
type BreakGlass struct {
	Annotation string   `yaml:"annotation"` // "" disables it
	Users      []string `yaml:"users"`      // patterns of the users who may set it; with Groups empty, too: all users
	Groups     []string `yaml:"groups"`
}

// ReadConfig reads a configuration in YAML. It returns all errors.
func ReadConfig(r io.Reader) (*Config, error) {
	const most = 1 << 20
	b, err := io.ReadAll(io.LimitReader(r, most+1))
	if err != nil {
		return nil, fmt.Errorf("admission: configuration: %w", err)
	}
	if len(b) > most {
		return nil, fmt.Errorf("admission: configuration: more than %d bytes", most)
	}
	var c Config
	d := yaml.NewDecoder(bytes.NewReader(b))
	d.KnownFields(true)
	if err := d.Decode(&c); err != nil {
		return nil, fmt.Errorf("admission: configuration: %w", err)
	}
	if err := c.Check(); err != nil {
		return nil, fmt.Errorf("admission: configuration: %w", err)
	}
	return &c, nil
}

// Check returns all errors of a configuration.
func (c *Config) Check() error {
	var errs problems
	if len(c.Rules) == 0 {
		errs.add("no rules")
	}
	names := make(map[string]bool)
	for i := range c.Rules {
		r := &c.Rules[i]
		where := fmt.Sprintf("rule %d", i+1)
		if names[r.Name] && r.Name != "" {
			errs.add("%s: a second rule %q", where, r.Name)
		}
		names[r.Name] = true
		r.check(&errs, where)
		switch last := i == len(c.Rules)-1; {
		case last && !r.Select.all():
			errs.add("%s: the last rule must select all workloads", where)
		case !last && r.Select.all():
			errs.add("%s: selects all workloads, so later rules have no effect", where)
		}
	}
	errs.patterns("breakGlass", slices.Values(c.BreakGlass.Users), slices.Values(c.BreakGlass.Groups))
	return errors.Join(errs...)
}

// check adds the errors of a rule.
func (r *Rule) check(errs *problems, where string) {
	if r.Name == "" {
		errs.add("%s: no name", where)
	}
	if !slices.Contains([]Mode{Enforce, Warn, Record}, r.mode()) {
		errs.add("%s: unknown mode %q", where, r.Mode)
	}
	if !slices.Contains([]Unknown{Deny, Allow, Scan}, r.unknown()) {
		errs.add("%s: %q for unknown images", where, r.Unknown)
	}
	if !slices.Contains([]Failure{Closed, Open}, r.failure()) {
		errs.add("%s: unknown failure %q", where, r.Failure)
	}
	s := &r.Select
	errs.patterns(where, slices.Values(s.Namespaces), slices.Values(s.ServiceAccounts), maps.Values(s.Labels), maps.Values(s.Annotations))
}

// The problems are the errors of a configuration.
type problems []error

func (p *problems) add(format string, args ...any) { *p = append(*p, fmt.Errorf(format, args...)) }

// patterns adds an error for each malformed pattern.
func (p *problems) patterns(where string, lists ...iter.Seq[string]) {
	for _, list := range lists {
		for pattern := range list {
			if _, err := path.Match(pattern, ""); err != nil {
				p.add("%s: malformed pattern %q", where, pattern)
			}
		}
	}
}

func (r *Rule) mode() Mode       { return or(r.Mode, Enforce) }
func (r *Rule) unknown() Unknown { return or(r.Unknown, Deny) }
func (r *Rule) failure() Failure { return or(r.Failure, Closed) }

func or[T ~string](v, otherwise T) T {
	if v == "" {
		return otherwise
	}
	return v
}

func (s *Select) all() bool {
	return len(s.Namespaces) == 0 && len(s.Labels) == 0 && len(s.Annotations) == 0 && len(s.ServiceAccounts) == 0
}

func (s *Select) selects(w *workload) bool {
	has := func(patterns, values map[string]string) bool {
		for k, p := range patterns {
			if v, ok := values[k]; !ok || !matches([]string{p}, v) {
				return false
			}
		}
		return true
	}
	return (len(s.Namespaces) == 0 || matches(s.Namespaces, w.namespace)) &&
		(len(s.ServiceAccounts) == 0 || matches(s.ServiceAccounts, w.serviceAccount)) &&
		has(s.Labels, w.labels) && has(s.Annotations, w.annotations)
}

// matches reports whether one of the patterns matches. "*" matches slashes, too, which are in values of annotations.
func matches(patterns []string, s string) bool {
	const slash = "\x00"
	for _, p := range patterns {
		if ok, err := path.Match(strings.ReplaceAll(p, "/", slash), strings.ReplaceAll(s, "/", slash)); err == nil && ok {
			return true
		}
	}
	return false
}

// rule returns the rule of a workload, or nil.
func (c *Config) rule(w *workload) *Rule {
	for i := range c.Rules {
		if c.Rules[i].Select.selects(w) {
			return &c.Rules[i]
		}
	}
	return nil
}

// controllers are the users as which Kubernetes makes pods of workloads. The workload itself was admitted before with its annotations.
const controllers = "system:serviceaccount:kube-system:*-controller"

// reason returns the reason for which a workload breaks the glass, "" if it doesn't, and whether the user may.
func (b *BreakGlass) reason(w *workload, u *user) (reason string, may bool) {
	if b.Annotation == "" {
		return "", false
	}
	if reason = strings.TrimSpace(w.annotations[b.Annotation]); reason == "" {
		return "", false
	}
	may = len(b.Users) == 0 && len(b.Groups) == 0 || matches(b.Users, u.Name)
	for _, g := range u.Groups {
		may = may || matches(b.Groups, g)
	}
	return reason, may || w.controlled && matches([]string{controllers}, u.Name)
}
