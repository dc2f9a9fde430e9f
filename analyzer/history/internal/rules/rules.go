// Package rules judges the instructions of an image, whether they come from its history or from a Dockerfile.
//
// Severities: "medium" if an attacker gains from it, "low" if it makes an attack easier or a build unreliable, "info" for habits that cost
// space or make builds differ. The numbers are those of the CIS Docker Benchmark, part 4.
package rules

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/redact"
)

// maxFindings is the most findings of a file.
const maxFindings = 4096

// A Checker collects findings. The zero value is ready to use.
type Checker struct {
	Findings []analyzer.Finding
	Cut      bool // findings beyond the limit were dropped
	NoCache  bool // the environment keeps pip from having a cache: PIP_NO_CACHE_DIR
}

// A Place says where an instruction is.
type Place struct {
	Line int    // in a Dockerfile
	Text string // in a history: "instruction 3 of the history"
}

// A Step is one instruction.
type Step struct {
	Place
	Kind    string   // "RUN"
	Flags   []string // "--mount=type=cache,target=/root"
	Text    string   // the command of RUN, else the arguments
	Args    []string // arguments of other instructions than RUN, as words
	History bool     // the instructions come from a history, which has names of files by their digests only
}

func (c *Checker) add(p Place, rule, severity, cis, title string) {
	if len(c.Findings) == maxFindings {
		c.Cut = true
		return
	}
	var detail []string
	if p.Text != "" {
		detail = append(detail, p.Text)
	}
	if cis != "" {
		detail = append(detail, "CIS Docker Benchmark "+cis)
	}
	c.Findings = append(c.Findings, analyzer.Finding{
		Rule: rule, Severity: severity, Title: strings.ToValidUTF8(title, "\uFFFD"), Detail: strings.Join(detail, "; "), Line: p.Line,
	})
}

// Step judges one instruction.
func (c *Checker) Step(s *Step) {
	switch s.Kind {
	case "RUN":
		c.run(s)
	case "ADD":
		c.added(s)
		c.mode(s)
	case "COPY":
		c.mode(s)
	}
}

// User judges the user that a container runs as. In a Dockerfile, an unknown base image may set another one.
func (c *Checker) User(p Place, user string, unknownBase bool) {
	name, _, _ := strings.Cut(user, ":")
	switch {
	case name == "" && unknownBase:
		c.add(p, "root-user", "low", "4.1", "no USER: the container runs as root unless the base image has another user")
	case name == "":
		c.add(p, "root-user", "medium", "4.1", "no USER: the container runs as root")
	case name == "root" || strings.Trim(name, "0") == "":
		c.add(p, "root-user", "medium", "4.1", fmt.Sprintf("USER %s: the container runs as root", short(user)))
	}
}

// Healthcheck judges a health check by its first word: "CMD", "NONE", or "" without one.
func (c *Checker) Healthcheck(p Place, test string) {
	switch test {
	case "":
		c.add(p, "no-healthcheck", "low", "4.6", "no HEALTHCHECK: the runtime cannot detect a container that hangs")
	case "NONE":
		c.add(p, "no-healthcheck", "low", "4.6", "HEALTHCHECK NONE turns off the health check")
	}
}

// Environment judges a variable that the image sets.
func (c *Checker) Environment(p Place, name, value string) {
	if redact.IsSecret(name, value) {
		c.add(p, "secret-in-environment", "medium", "4.10", fmt.Sprintf("variable %s seems to hold a secret, visible to every user of the image", short(name)))
	}
}

// Argument judges a build argument with the value that the image or the Dockerfile keeps.
func (c *Checker) Argument(p Place, name, value string) {
	if redact.IsSecret(name, value) {
		c.add(p, "secret-in-argument", "medium", "4.10", fmt.Sprintf("build argument %s seems to hold a secret, which the image's history keeps", short(name)))
	}
}

// Port judges an exposed port, "22/tcp".
func (c *Checker) Port(p Place, port string) {
	number, protocol, _ := strings.Cut(port, "/")
	first, last, isRange := strings.Cut(number, "-")
	low, err := strconv.Atoi(first)
	high := low
	if err == nil && isRange {
		high, err = strconv.Atoi(last)
	}
	if err == nil && low <= 22 && 22 <= high && (protocol == "" || strings.EqualFold(protocol, "tcp")) {
		c.add(p, "ssh-port", "low", "", "the image exposes port 22: a container does not need an SSH server")
	}
}

// Base judges the pinning of a base image, as Pinning returns it.
func (c *Checker) Base(p Place, image, pinning string) {
	if pinning == "latest" {
		c.add(p, "unpinned-base", "low", "", fmt.Sprintf("the base image %s has no tag, or the tag latest: builds change without notice", short(image)))
	}
}

// Pinning returns how an image reference is pinned: "digest", "tag", "latest", "scratch", or "variable" if a variable is left in it.
func Pinning(image string) string {
	switch {
	case image == "scratch":
		return "scratch"
	case strings.Contains(image, "@sha"):
		return "digest"
	}
	name := withoutVariables(image)
	name = name[strings.LastIndexByte(name, '/')+1:]
	if strings.Contains(name, "$") {
		return "variable" // a variable before the name may be a registry
	}
	if _, tag, ok := strings.Cut(name, ":"); ok && tag != "latest" && tag != "" {
		return "tag"
	}
	return "latest"
}

// withoutVariables returns a text with "$" in the place of each variable: "${NAME:-default}", "$NAME".
func withoutVariables(s string) string {
	var b strings.Builder
	for {
		before, after, ok := strings.Cut(s, "$")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		b.WriteByte('$')
		if inner, found := strings.CutPrefix(after, "{"); found {
			_, s, _ = strings.Cut(inner, "}")
		} else {
			s = strings.TrimLeft(after, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")
		}
	}
}

// short cuts a text for a title.
func short(s string) string {
	const most = 100
	if len(s) > most {
		return s[:most] + "..."
	}
	return s
}
