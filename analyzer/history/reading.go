package history

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/history/internal/rules"
	"github.com/hullmark/hullmark/internal/diagnostic"
	"github.com/hullmark/hullmark/internal/redact"
)

// A reading is the state of reading one configuration, and its result.
type reading struct {
	records []analyzer.Record
	checker rules.Checker
	env     map[string]string // variables of containers
	bad     *diagnostic.List
	cut     bool
}

// record adds a record. Fields are pairs of name and value; those with an empty value are left out. It reports whether there was room.
func (r *reading) record(kind, key string, pairs ...string) bool {
	if len(r.records) >= maxRecords {
		if !r.cut {
			r.bad.Add(fmt.Errorf("more than %d instructions and settings: the rest is left out: %w", maxRecords, analyzer.ErrTooLarge))
		}
		r.cut = true
		return false
	}
	fields := make(map[string]string, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			fields[pairs[i]] = strings.ToValidUTF8(pairs[i+1], "\uFFFD")
		}
	}
	r.records = append(r.records, analyzer.Record{Kind: kind, Key: strings.ToValidUTF8(key, "\uFFFD"), Fields: fields})
	return true
}

// config adds the settings for containers.
func (r *reading) config(c *config) {
	var nowhere rules.Place
	if c.User != "" {
		r.record("user", c.User, "user", c.User)
	}
	r.checker.User(nowhere, c.User, false)
	for _, name := range slices.Sorted(maps.Keys(r.env)) {
		if !r.record("environment", name, "name", name, "value", redact.Value(name, r.env[name])) {
			break
		}
		r.checker.Environment(nowhere, name, r.env[name])
	}
	for _, port := range slices.Sorted(maps.Keys(c.ExposedPorts)) {
		r.record("port", port, "port", port)
		r.checker.Port(nowhere, port)
	}
	for _, v := range slices.Sorted(maps.Keys(c.Volumes)) {
		r.record("volume", v, "path", v)
	}
	for _, s := range []struct {
		kind  string
		words []string
	}{{"entrypoint", c.Entrypoint}, {"command", c.Cmd}, {"shell", c.Shell}} {
		if len(s.words) > 0 {
			r.record(s.kind, s.kind, "text", wordsText(s.words))
		}
	}
	for _, s := range []struct{ kind, value string }{{"workdir", c.WorkingDir}, {"stop-signal", c.StopSignal}} {
		if s.value != "" {
			r.record(s.kind, s.kind, "value", s.value)
		}
	}
	for i, text := range c.OnBuild {
		if !r.record("on-build", strconv.Itoa(i+1), "text", redact.Text(text)) {
			break
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Labels)) {
		if !r.record("label", name, "value", redact.Value(name, c.Labels[name])) {
			break
		}
	}
	r.healthcheck(c)
}

// variables returns the variables of an environment. The last one of a name counts.
func variables(env []string) map[string]string {
	values := make(map[string]string, len(env))
	for _, s := range env {
		name, value, _ := strings.Cut(s, "=")
		values[name] = value
	}
	return values
}

func (r *reading) healthcheck(c *config) {
	h := c.Healthcheck
	if h == nil || len(h.Test) == 0 {
		r.checker.Healthcheck(rules.Place{}, "")
		return
	}
	duration := func(n int64) string {
		if n == 0 {
			return ""
		}
		return time.Duration(n).String()
	}
	retries := ""
	if h.Retries != 0 {
		retries = strconv.Itoa(h.Retries)
	}
	r.record("healthcheck", "healthcheck", "kind", h.Test[0], "text", wordsText(h.Test[1:]), "interval", duration(h.Interval), "timeout", duration(h.Timeout),
		"start-period", duration(h.StartPeriod), "start-interval", duration(h.StartInterval), "retries", retries)
	r.checker.Healthcheck(rules.Place{}, h.Test[0])
}

// wordsText returns words as JSON, without secrets.
func wordsText(words []string) string {
	if len(words) == 0 {
		return ""
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(redact.Words(words)) != nil {
		return "" // cannot happen: strings
	}
	return strings.TrimSuffix(b.String(), "\n")
}
