package anchore

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/redact"
	"github.com/hullmark/hullmark/matcher/report"
)

// An instruction is a line of a Dockerfile or of an image's history.
type instruction struct {
	kind, arguments string
	record          int // index of its record, -1 without one
}

// A dockerfile has the instructions that are known of an image.
type dockerfile struct {
	list    []instruction
	actual  bool   // they are a Dockerfile's
	missing string // why instructions may be missing; "" if none is
}

// facts are collected when the first rule needs them.
type facts struct {
	dockerfile *dockerfile
	accounts   *accounts
	registry   map[[2]string]listing
}

// dockerfile returns the instructions: those of a Dockerfile among the records, or else of the history.
func (e *evaluation) dockerfile() *dockerfile {
	if e.facts.dockerfile != nil {
		return e.facts.dockerfile
	}
	d := new(dockerfile)
	e.facts.dockerfile = d
	state := ""
	for i := range e.in.Report.Records {
		r := &e.in.Report.Records[i]
		switch {
		case r.Kind == "instruction" && (ofFile(r) || !d.actual):
			if ofFile(r) && !d.actual {
				d.list, d.actual = nil, true
			}
			d.add(r.Fields["text"], i)
		case r.Kind == "history":
			state = r.Fields["state"]
		}
	}
	if d.actual {
		return d
	}
	c := e.in.Config
	if c == nil {
		if state != "complete" {
			d.missing = "the report has no configuration of an image with a complete history"
		}
		return d
	}
	records := d.list
	d.list = nil
	made := 0
	for i, h := range c.History {
		n := len(d.list)
		d.add((&analyzer.Layer{CreatedBy: h.CreatedBy}).Instruction(), -1)
		if i < len(records) && len(d.list) > n && records[i].kind == d.list[n].kind {
			d.list[n].record = records[i].record
		}
		if !h.EmptyLayer {
			made++
		}
	}
	switch {
	case len(c.History) == 0:
		d.missing = "the image has no history"
	case made != len(c.RootFS.DiffIDs):
		d.missing = "the history of the image is incomplete"
	}
	if d.missing != "" {
		d.complete(e)
	}
	return d
}

// ofFile reports whether a record is about an instruction in a Dockerfile, and not in the history.
func ofFile(r *analyzer.FileRecord) bool { return r.Analyzer == "dockerfile" || r.Path != "" }

func (d *dockerfile) add(text string, record int) {
	word, rest, _ := strings.Cut(strings.TrimSpace(text), " ")
	d.list = append(d.list, instruction{strings.ToUpper(word), strings.TrimSpace(rest), record})
}

// ofConfig are the instructions that an image's configuration shows without its history.
var ofConfig = []string{"CMD", "ENTRYPOINT", "ENV", "EXPOSE", "HEALTHCHECK", "LABEL", "ONBUILD", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"}

// complete adds the instructions that the configuration shows and an incomplete history lacks.
func (d *dockerfile) complete(e *evaluation) {
	c := &e.in.Config.Config
	add := func(kind string, arguments ...string) {
		if slices.ContainsFunc(d.list, func(in instruction) bool { return in.kind == kind }) {
			return
		}
		for _, a := range arguments {
			if a != "" {
				d.list = append(d.list, instruction{kind, a, -1})
			}
		}
	}
	exec := func(words []string) string {
		if len(words) == 0 {
			return ""
		}
		return fmt.Sprintf("%q", words)
	}
	add("CMD", exec(c.Cmd))
	add("ENTRYPOINT", exec(c.Entrypoint))
	add("ENV", c.Env...)
	add("EXPOSE", slices.Sorted(maps.Keys(c.ExposedPorts))...)
	if c.Healthcheck != nil && len(c.Healthcheck.Test) > 0 && c.Healthcheck.Test[0] != "NONE" {
		add("HEALTHCHECK", strings.Join(c.Healthcheck.Test, " "))
	}
	for _, name := range slices.Sorted(maps.Keys(c.Labels)) {
		add("LABEL", name+"="+c.Labels[name])
	}
	add("ONBUILD", c.OnBuild...)
	add("SHELL", exec(c.Shell))
	add("STOPSIGNAL", c.StopSignal)
	add("USER", c.User)
	add("VOLUME", slices.Sorted(maps.Keys(c.Volumes))...)
	add("WORKDIR", c.WorkingDir)
}

// instruction is dockerfile.instruction.
func (e *evaluation) instruction(r *rule) error {
	d := e.dockerfile()
	if r.values["actual_dockerfile_only"].truth && !d.actual {
		return nil
	}
	kind, check, value := r.values["instruction"].text, r.values["check"].text, r.values["value"]
	if e.options.Compat && value.text == "" && check != "exists" && check != "not_exists" {
		return nil
	}
	lines := slices.DeleteFunc(slices.Clone(d.list), func(in instruction) bool { return in.kind != kind })
	if kind == "FROM" && !d.actual { // a history begins with the files of the base
		switch base := e.base(); {
		case e.options.Compat:
			lines = []instruction{{kind, "scratch", -1}}
		case base != "":
			lines = []instruction{{kind, base, -1}}
		default:
			return e.factsMissing(r, "neither a Dockerfile nor an annotation names the base image")
		}
	}
	for _, in := range lines {
		spellings := []string{in.arguments}
		if kind == "FROM" && !d.actual {
			spellings = append(spellings, strings.TrimPrefix(in.arguments, "docker.io/"), strings.TrimPrefix(in.arguments, "docker.io/library/"))
		}
		if check == "exists" || check != "not_exists" && compareTexts(check, spellings, &value, false) {
			e.onInstruction(r, &in, fmt.Sprintf("Dockerfile directive '%s' check '%s' matched against '%s' for line '%s'", kind, check, value.text, in.arguments))
		}
	}
	if len(lines) > 0 {
		return nil
	}
	switch {
	case d.missing != "" && (e.in.Config == nil || !slices.Contains(ofConfig, kind)):
		return e.factsMissing(r, "%s", d.missing)
	case check == "not_exists":
		f := onImage()
		f.Message = fmt.Sprintf("Dockerfile directive '%s' not found, matching condition '%s' check", kind, check)
		f.Place = "image configuration"
		e.fire(r, f)
	}
	return nil
}

// base returns the name of the image that this one was built on, or "".
func (e *evaluation) base() string {
	if e.in.Base != nil && e.in.Base.Name != "" {
		return e.in.Base.Name
	}
	return e.in.Report.Image.BaseName
}

// onInstruction fires on an instruction. Its text may hold a secret, which a verdict must not repeat.
func (e *evaluation) onInstruction(r *rule, in *instruction, message string) {
	f := onImage()
	f.Place = "image configuration"
	if in.record >= 0 {
		f.Target, f.Record = report.TargetRecord, in.record
		f.Place = place(e.in.Report.Records[in.record].Path, e.in.Report.Records[in.record].Line)
	}
	if f.Message = redact.Text(message); f.Message != message {
		f.also = []string{digest(r.gate.Name + r.trigger.Name + message)}
	}
	e.fire(r, f)
}

// compare compares a text by a check that has an operator of instructions.
func compare(check, s string, v *value) bool {
	switch check {
	case "=":
		return s == v.text
	case "!=":
		return s != v.text
	case "exists":
		return true
	case "like":
		return v.Regexp != nil && v.MatchString(s)
	case "not_like":
		return v.Regexp != nil && !v.MatchString(s)
	case "in":
		return slices.Contains(v.list, s)
	case "not_in":
		return !slices.Contains(v.list, s)
	}
	return false
}

// effectiveUser is dockerfile.effective_user.
func (e *evaluation) effectiveUser(r *rule) error {
	d := e.dockerfile()
	user := ""
	switch {
	case e.in.Config != nil:
		user = e.in.Config.Config.User
	case d.missing != "" && !d.actual:
		return e.factsMissing(r, "%s", d.missing)
	default:
		for _, in := range d.list {
			switch in.kind {
			case "FROM": // a new stage
				user = ""
			case "USER":
				user = strings.Trim(in.arguments, "[] ")
			}
		}
	}
	user = cmp.Or(user, "root")
	names := []string{user}
	if !e.options.Compat {
		name, _, _ := strings.Cut(user, ":")
		if names = append(names, name); name == "0" {
			names = append(names, "root")
		}
	}
	listed := slices.ContainsFunc(names, func(name string) bool { return slices.Contains(r.values["users"].list, name) })
	f := onImage()
	f.Place = "image configuration"
	switch allowed := r.values["type"].text == "whitelist"; {
	case allowed && !listed:
		f.Message = fmt.Sprintf("User %s found as effective user, which is not on the allowed list", user)
	case !allowed && listed:
		f.Message = fmt.Sprintf("User %s found as effective user, which is explicity not allowed list", user)
	default:
		return nil
	}
	e.fire(r, f)
	return nil
}

// exposedPorts is dockerfile.exposed_ports.
func (e *evaluation) exposedPorts(r *rule) error {
	d := e.dockerfile()
	if r.values["actual_dockerfile_only"].truth && !d.actual {
		return nil
	}
	var ports []string
	switch {
	case e.in.Config != nil: // the configuration has the last stage only
		ports = slices.Sorted(maps.Keys(e.in.Config.Config.ExposedPorts))
	case d.missing != "" && !d.actual:
		return e.factsMissing(r, "%s", d.missing)
	default:
		for _, in := range d.list {
			switch in.kind {
			case "FROM": // a new stage
				ports = nil
			case "EXPOSE":
				ports = append(ports, strings.Fields(in.arguments)...)
			}
		}
	}
	whitelist, listed := r.values["type"].text == "whitelist", r.values["ports"].list
	for _, port := range ports {
		number, protocol, _ := strings.Cut(port, "/")
		in := slices.ContainsFunc(listed, func(p string) bool { return hasPort(number, p) })
		if slices.Contains(listed, "0") && !e.options.Compat {
			in = true
		}
		if in == whitelist {
			continue
		}
		name := "DENIEDPORTS"
		format := "Dockerfile exposes port (%s) which is in policy file DENIEDPORTS list"
		if whitelist {
			name, format = "ALLOWEDPORTS", "Dockerfile exposes port (%s) which is not in policy file ALLOWEDPORTS list"
		}
		f := onImage()
		f.Place, f.Message = "image configuration", fmt.Sprintf(format, port)
		if slices.Contains(listed, "0") {
			f.Message = fmt.Sprintf("Dockerfile exposes network ports but policy sets %s=0: ['%s']", name, port)
		} else if protocol == "tcp" || protocol == "" { // as EXPOSE may have it
			for _, spelling := range []string{number, number + "/tcp"} {
				f.also = append(f.also, digest(r.gate.Name+r.trigger.Name+fmt.Sprintf(format, spelling)))
			}
		}
		f.also = append(f.also, r.trigger.Name+"+"+port)
		e.fire(r, f)
	}
	return nil
}

// hasPort reports whether a port, or a range of ports such as 8000-8010, has a number.
func hasPort(ports, number string) bool {
	first, last, ok := strings.Cut(ports, "-")
	if !ok {
		last = first
	}
	n, err := strconv.Atoi(number)
	low, err1 := strconv.Atoi(first)
	high, err2 := strconv.Atoi(last)
	if err != nil || err1 != nil || err2 != nil {
		return ports == number
	}
	return low <= n && n <= high
}

// noDockerfile is dockerfile.no_dockerfile_provided.
func (e *evaluation) noDockerfile(r *rule) error {
	if !e.dockerfile().actual {
		f := onImage()
		f.Message = "Image was not analyzed with an actual Dockerfile"
		e.fire(r, f)
	}
	return nil
}
