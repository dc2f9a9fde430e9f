package plugin

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A Command says which program is a plugin, and what it may do. Path alone is enough.
type Command struct {
	Path string   // the executable; a path, not a name to be looked for
	Args []string // arguments, without the name of the program
	Env  []string // the environment, as "KEY=value": the host's own is not inherited
	Dir  string   // working directory; "": an empty one that goes with the process

	// Name is what the plugin is called in errors; "": the last element of Path.
	Name string

	// SHA256 is the digest, hexadecimal, that the executable must have; "" is any. It is checked before every start. Whoever
	// may write to the file can change it between check and start.
	SHA256 string

	// Patterns are those that its analyzers may have; nil is all. Types are the PURL types of the packages that they may
	// report; nil is all. System allows packages that the distribution's package manager installed, and to name the
	// distribution, where Types are given: a system package that owns files hides others from a Matcher.
	Patterns []string
	Types    []string
	System   bool

	Processes   int // how many to start at most, another when all have something to do; 0 means 1
	Concurrency int // files under way at once, over all processes; 0 means 64

	// Restarts is how many times over its life a plugin is started again, after a process has ended that was not told to, did
	// not answer, or did not keep to the protocol; 0 means 3, less than 0 never. Files that were under way are tried once
	// more, one by one. A plugin that claims what it must not, or breaks a limit, is not started again.
	Restarts int

	StartTimeout time.Duration // until it has said what analyzers it has; 0 means 15 seconds
	CallTimeout  time.Duration // for each file, behind those that it was given before; 0 means 1 minute

	Limits Limits

	// NoNetwork gives each process namespaces of its own, on Linux, where the kernel lets the host do so: one without any
	// network, and one of processes, which all end with it. Elsewhere the plugin does not start.
	NoNetwork bool

	// Output is called with every line that the plugin writes to standard output and standard error, one at a time, without
	// the end of line and cut to 4 KiB. Nothing is escaped.
	Output func(line string)

	// SocketDir is where a directory for a process's socket and its working directory is made; "": os.TempDir. A path of
	// more than 60 bytes may be too long.
	SocketDir string
}

func (c Command) withDefaults() (Command, error) {
	if c.Path == "" {
		return c, errors.New("plugin: the command has no path")
	}
	path, err := filepath.Abs(c.Path)
	if err != nil {
		return c, fmt.Errorf("plugin: %s: %w", c.Path, err)
	}
	c.Path = path
	if c.Name == "" {
		c.Name = filepath.Base(c.Path)
	}
	c.SHA256 = strings.ToLower(strings.TrimPrefix(c.SHA256, "sha256:"))
	c.Processes = max(c.Processes, 1)
	if c.Concurrency <= 0 {
		c.Concurrency = 64
	}
	switch {
	case c.Restarts == 0:
		c.Restarts = 3
	case c.Restarts < 0:
		c.Restarts = 0
	}
	if c.StartTimeout <= 0 {
		c.StartTimeout = 15 * time.Second
	}
	if c.CallTimeout <= 0 {
		c.CallTimeout = time.Minute
	}
	c.Limits = c.Limits.withDefaults()
	return c, nil
}

// ErrDigest is wrapped by errors about an executable that is not the one that was asked for.
var ErrDigest = errors.New("the executable has another digest")

// Digest returns the SHA-256 of a file, hexadecimal.
func Digest(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil {
		return "", err
	} else if !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s: not a regular file", path)
	}
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// verify returns the digest of the executable, if it is the right one.
func (c *Command) verify() (string, error) {
	digest, err := Digest(c.Path)
	if err != nil {
		return "", err
	}
	if c.SHA256 != "" && c.SHA256 != digest {
		return "", fmt.Errorf("%s is sha256:%s, not sha256:%s: %w", c.Path, digest, c.SHA256, ErrDigest)
	}
	return digest, nil
}

// build names what answers depend on beside the analyzer itself: the executable and, where there are any, its arguments,
// its environment, and what it says of itself.
func (c *Command) build(digest, own string) string {
	if len(c.Args) == 0 && len(c.Env) == 0 && own == "" {
		return "sha256:" + digest
	}
	h := sha256.Sum256(fmt.Appendf(nil, "%q %q %q", c.Args, c.Env, own))
	return "sha256:" + digest + " " + hex.EncodeToString(h[:])
}
