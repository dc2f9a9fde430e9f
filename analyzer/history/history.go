// Package history reports how an image was built and how it runs, from its configuration: instructions, users, ports, environment,
// volumes, health check. It judges them by the CIS Docker Benchmark and by good practice.
//
// Records are "history", "instruction", "user", "port", "environment", "volume", "entrypoint", "command", "healthcheck", "label",
// "workdir", "stop-signal", "shell" and "on-build". Secrets in them are replaced by "[redacted]". The record "history" says whether the history
// is complete: only then does a lack of findings about instructions mean anything. The history includes the instructions of the base image.
//
// Sources: the OCI image configuration, https://github.com/opencontainers/image-spec/blob/main/config.md, with the fields that Docker
// adds: Healthcheck, Shell, OnBuild. CIS Docker Benchmark 1.6, part 4.
package history

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/history/internal/rules"
	"github.com/hullmark/hullmark/internal/diagnostic"
	"github.com/hullmark/hullmark/internal/redact"
)

const (
	// maxSize is the size in bytes of the largest configuration that is read. Registries limit manifests to 4 MiB.
	maxSize = 4 << 20

	// maxRecords is the most records of a configuration. A short entry takes far more memory as a record.
	maxRecords = 1 << 14
)

// New returns the analyzer. It reads no file of the image but its configuration.
func New() analyzer.Analyzer {
	return analyzer.Func(analyzer.Info{
		Name: "history", Version: 1, Config: true, MaxSize: maxSize, Finds: []string{"configuration", "instructions"},
	}, analyze)
}

// An image is the configuration of an image.
type image struct {
	Config  config
	History []entry
	RootFS  struct {
		DiffIDs []json.RawMessage `json:"diff_ids"`
	} `json:"rootfs"`
}

// An entry is one instruction of the history.
type entry struct {
	Created    string
	CreatedBy  string `json:"created_by"`
	EmptyLayer bool   `json:"empty_layer"`
}

type config struct {
	User         string
	ExposedPorts map[string]json.RawMessage
	Env          []string
	Entrypoint   []string
	Cmd          []string
	Volumes      map[string]json.RawMessage
	WorkingDir   string
	Labels       map[string]string
	StopSignal   string
	Shell        []string
	OnBuild      []string
	Healthcheck  *struct {
		Test                                          []string
		Interval, Timeout, StartPeriod, StartInterval int64 // nanoseconds
		Retries                                       int
	}
}

func analyze(_ context.Context, f *analyzer.File) (*analyzer.Result, error) {
	if f.Path != "" {
		return nil, nil
	}
	text, err := f.Bytes()
	if err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	var img image
	var bad diagnostic.List
	if err := json.Unmarshal(text, &img); err != nil {
		var wrong *json.UnmarshalTypeError
		if !errors.As(err, &wrong) {
			return nil, fmt.Errorf("history: configuration: %w", err)
		}
		bad.Add(fmt.Errorf("a field has another type: %s is a JSON %s", wrong.Field, wrong.Value)) // the other fields are read
	}
	r := reading{bad: &bad, env: variables(img.Config.Env)}
	r.checker.NoCache = r.env["PIP_NO_CACHE_DIR"] != ""
	r.history(&img)
	r.config(&img.Config)
	if r.checker.Cut {
		bad.Add(fmt.Errorf("too many findings: the rest is left out: %w", analyzer.ErrTooLarge))
	}
	return &analyzer.Result{Records: r.records, Findings: r.checker.Findings, Diagnostics: bad.Diagnostics()}, nil
}

// history adds the instructions, and the record that says whether they are all.
func (r *reading) history(img *image) {
	layers, made := len(img.RootFS.DiffIDs), 0
	for i := range img.History {
		if !img.History[i].EmptyLayer {
			made++
		}
	}
	state := "complete"
	switch {
	case len(img.History) == 0 && layers > 0:
		state = "absent"
	case made != layers:
		state = "incomplete"
	}
	r.record("history", "history", "state", state, "instructions", strconv.Itoa(len(img.History)), "layers", strconv.Itoa(layers))
	layer := 0
	for i := range img.History {
		e := &img.History[i]
		in := parse(e.CreatedBy)
		at := "empty"
		if !e.EmptyLayer {
			at = strconv.Itoa(layer)
			layer++
			if state == "incomplete" {
				at = "" // the counts differ, so no layer is certain
			}
		}
		number := strconv.Itoa(i + 1)
		if !r.record("instruction", number, "kind", in.kind, "text", redact.Text(in.text), "layer", at, "created", e.Created, "arguments", in.names()) {
			return
		}
		r.judge(&in, rules.Place{Text: "instruction " + number + " of the history"})
	}
}

// judge applies the rules to one instruction. Variables are judged here only if the configuration has another value: the history still
// shows this one.
func (r *reading) judge(in *instruction, p rules.Place) {
	for _, a := range in.arguments {
		r.checker.Argument(p, a.Name, a.Value)
	}
	for _, a := range in.settings {
		if value, ok := r.env[a.Name]; in.kind == "ARG" {
			r.checker.Argument(p, a.Name, a.Value)
		} else if !ok || value != a.Value {
			r.checker.Environment(p, a.Name, a.Value)
		}
	}
	r.checker.Step(&rules.Step{Place: p, Kind: in.kind, Flags: in.flags, Text: in.script, Args: in.args, History: true})
}
