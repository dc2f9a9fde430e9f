package policy

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/redact"
	"github.com/hullmark/hullmark/matcher/report"
)

// valueOfConfig describes a configuration without secrets, since messages of policies may repeat it.
func valueOfConfig(f *v1.ConfigFile) *configValue {
	if f == nil {
		return &configValue{Created: instant(v1.Time{}.Time)}
	}
	c := &f.Config
	v := &configValue{
		Known: true, User: c.User, Workdir: c.WorkingDir, Entrypoint: redact.Words(c.Entrypoint), Cmd: redact.Words(c.Cmd),
		Ports: slices.Sorted(maps.Keys(c.ExposedPorts)), Volumes: slices.Sorted(maps.Keys(c.Volumes)),
		Labels: make(map[string]string, len(c.Labels)), Env: make(map[string]string, len(c.Env)),
		Shell: c.Shell, StopSignal: c.StopSignal, Author: f.Author, Created: instant(f.Created.Time),
	}
	for name, value := range c.Labels {
		v.Labels[name] = redact.Value(name, value)
	}
	for _, e := range c.Env {
		name, value, _ := strings.Cut(e, "=")
		v.Env[name] = redact.Value(name, value)
	}
	for _, s := range c.OnBuild {
		v.OnBuild = append(v.OnBuild, redact.Text(s))
	}
	if c.Healthcheck != nil {
		v.Healthcheck = redact.Words(c.Healthcheck.Test)
	}
	return v
}

// valueOfDockerfile returns the instructions of a Dockerfile, if the report has its records, or else those of the history.
func valueOfDockerfile(in *report.PolicyInput) *dockerfileValue {
	v := new(dockerfileValue)
	for i := range in.Report.Records {
		r := &in.Report.Records[i]
		if r.Kind == "instruction" && r.Analyzer == "dockerfile" {
			v.Given = true
			v.Instructions = append(v.Instructions, instructionValue{strings.ToUpper(r.Fields["kind"]), r.Fields["text"], r.Line})
		}
	}
	if v.Given || in.Config == nil {
		return v
	}
	for _, h := range in.Config.History {
		text := (&analyzer.Layer{CreatedBy: redact.CreatedBy(h.CreatedBy)}).Instruction()
		kind, _, _ := strings.Cut(text, " ")
		v.Instructions = append(v.Instructions, instructionValue{Kind: strings.ToUpper(kind), Text: text})
	}
	return v
}

func valueOfBase(b *report.Base) *baseValue {
	if b == nil {
		return new(baseValue)
	}
	return &baseValue{true, b.Name, b.Digest, b.Layers, string(b.Origin)}
}

// valueOfAccount returns the account that a record describes.
func valueOfAccount(r *analyzer.FileRecord) *accountValue {
	number := func(field string) int {
		n, err := strconv.Atoi(r.Fields[field])
		if err != nil {
			return -1 // no account has it
		}
		return n
	}
	return &accountValue{
		Name: r.Key, UID: number("uid"), GID: number("gid"), Home: r.Fields["home"], Shell: r.Fields["shell"], Password: r.Fields["password"],
		Path: r.Path, Line: r.Line, Layer: r.Layer, Hidden: r.Hidden,
	}
}
