package falco

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/hullmark/hullmark/examples/fleet/store"
)

// A Priority is Falco's word for the severity of a rule.
type Priority string

// priorities are all, the most severe first. Falco's configuration has short forms of some.
var priorities = []Priority{"Emergency", "Alert", "Critical", "Error", "Warning", "Notice", "Informational", "Debug"}

func readPriority(s string) (Priority, bool) {
	for _, p := range priorities {
		if strings.EqualFold(s, string(p)) || len(s) >= 4 && strings.HasPrefix(strings.ToLower(string(p)), strings.ToLower(s)) {
			return p, true
		}
	}
	return "", false
}

// An alert has the fields of an alert that an event needs.
type alert struct {
	time       time.Time
	rule       string
	priority   Priority
	host       string
	container  string // "" if the alert names no container, "host" for a process outside of containers
	digest     string // of the image's manifest, or of its index
	id         string // digest of its configuration without "sha256:", or the first 12 characters
	platform   string // of the host, if the alert states it
	repository string
	tag        string
	executable string // absolute path
	file       string // absolute path of the file that the alert is about
}

const maxText = 1024 // bytes of a text that is stored beside the alert

// readAlert reads an alert. Fields that Falco doesn't know are null or "<NA>" or missing, and "output_fields" itself may be null; see
// https://github.com/falcosecurity/falco/issues/2700 and https://github.com/falcosecurity/falco/issues/1845.
func readAlert(line []byte) (*alert, error) {
	var in struct {
		Rule     *string                    `json:"rule"`
		Priority *string                    `json:"priority"`
		Time     *string                    `json:"time"`
		Host     string                     `json:"hostname"`
		Fields   map[string]json.RawMessage `json:"output_fields"`
	}
	if err := json.Unmarshal(line, &in); err != nil {
		if _, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return nil, errors.New("a field has a wrong type")
		}
		return nil, errors.New("no JSON")
	}
	if in.Rule == nil || in.Priority == nil || in.Time == nil {
		return nil, errors.New("no rule, priority or time")
	}
	a := &alert{rule: clip(*in.Rule), host: clip(in.Host)}
	var ok bool
	if a.priority, ok = readPriority(*in.Priority); !ok {
		return nil, errors.New("an unknown priority")
	}
	var err error
	if a.time, err = time.Parse(time.RFC3339Nano, *in.Time); err != nil || a.time.Year() < 1970 || a.time.Year() > 9999 {
		return nil, errors.New("a malformed time")
	}
	field := func(names ...string) string {
		for _, n := range names {
			var s string
			if json.Unmarshal(in.Fields[n], &s) == nil && s != "" && s != "<NA>" && s != "N/A" {
				return clip(s)
			}
		}
		return ""
	}
	a.container = field("container.full_id", "container.id")
	a.digest = field("container.image.digest")
	if id := strings.TrimPrefix(field("container.image.id"), "sha256:"); isContainer(id) {
		a.id = id
	}
	a.platform = platform(field("host.platform"))
	a.repository, a.tag = field("container.image.repository"), field("container.image.tag")
	if full := field("container.image"); a.repository == "" && full != "" {
		a.repository, a.tag = splitImage(full)
		if _, digest, ok := strings.Cut(full, "@"); ok && a.digest == "" {
			a.digest = digest
		}
	}
	// A runtime that was given only the identifier of an image names it by that: https://github.com/falcosecurity/falco/issues/431 and 1187.
	if a.repository == "sha256" && len(a.tag) == 64 {
		a.repository, a.tag, a.id = "", "", cmp.Or(a.id, a.tag)
	}
	a.executable = absolute(field("proc.exepath"), field("proc.exe"))
	a.file = absolute(field("fd.name"), field("evt.arg.path"), field("fs.path.name"))
	return a, nil
}

// splitImage splits "registry:5000/a/b:tag@sha256:..." at the tag.
func splitImage(s string) (repository, tag string) {
	s, _, _ = strings.Cut(s, "@")
	if i := strings.LastIndex(s, ":"); i > strings.LastIndex(s, "/") {
		return s[:i], s[i+1:]
	}
	return s, ""
}

// platform returns the name of a platform, "linux/arm64", or "" for another text.
func platform(s string) string {
	p, err := v1.ParsePlatform(s)
	if err != nil || p.OS == "" || p.Architecture == "" {
		return ""
	}
	return store.PlatformName(*p)
}

// absolute returns the first absolute path, in its short form.
func absolute(paths ...string) string {
	for _, p := range paths {
		if strings.HasPrefix(p, "/") {
			return path.Clean(p)
		}
	}
	return ""
}

// clip returns a text that databases store, of at most maxText bytes.
func clip(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
	if len(s) > maxText {
		s = strings.ToValidUTF8(s[:maxText-3], "") + "..."
	}
	return s
}

// documents splits the body of a request: one alert or an array of alerts in any layout, or alerts in lines.
func documents(body []byte) ([][]byte, error) {
	body = bytes.TrimSpace(body)
	if bytes.HasPrefix(body, []byte("[")) {
		var list []json.RawMessage
		if json.Unmarshal(body, &list) == nil {
			out := make([][]byte, len(list))
			for i := range list {
				out[i] = list[i]
			}
			return out, nil
		}
	}
	if json.Valid(body) {
		return [][]byte{body}, nil
	}
	lines := bytes.Split(body, []byte("\n"))
	if len(lines) > maxLines {
		return nil, fmt.Errorf("more than %d lines", maxLines)
	}
	return lines, nil
}
