package plugin

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"
)

// A Command describes the program of a plugin and its permissions. Only Path is required.
type Command struct {
	Path string   // path of the executable; it is not searched in PATH
	Args []string // arguments, without the name of the program
	Env  []string // environment as "KEY=value"; the host's environment is not inherited
	Dir  string   // working directory; default: an empty directory that is removed with the process

	// Name is the name of the plugin in errors. The default is the last element of Path.
	Name string

	// SHA256 is what Digest returns for Tree, or for Path if Tree is empty. It is verified before every start. "" accepts any. A
	// process with write access to the files can change them between verification and start.
	SHA256 string

	// Tree is the directory of the plugin, with Path and all other files that the program loads.
	Tree string

	// Patterns are the patterns that the analyzers may have, and Types the PURL types that they may report; nil allows all.
	// If Types is set, System allows packages of the distribution's package manager, the distribution itself, and fragments that
	// complete the packages of other analyzers. A system package that owns files hides other packages from a Matcher.
	Patterns []string
	Types    []string
	System   bool

	// Config allows the image's configuration, which may have secrets in its environment, to a plugin whose Patterns are restricted.
	Config bool

	Processes   int // most processes; another starts while all are busy; 0 means 1
	Concurrency int // most files in progress over all processes; 0 means 64

	// Restarts is the number of restarts over the plugin's life, after a process crashes, does not answer or breaks the
	// stream; 0 means 3, a negative number none. Files in progress are retried once, one at a time. A plugin that fails with
	// ErrRejected is not restarted.
	Restarts int

	StartTimeout time.Duration // until the plugin has described its analyzers; 0 means 15 seconds
	CallTimeout  time.Duration // for each file, after the files sent before it; 0 means 1 minute

	Limits Limits

	// NoNetwork runs each process in its own namespaces on Linux: without a network, and with its own process IDs, so that
	// its children end with it. If the kernel or the system does not support this, the plugin does not start.
	NoNetwork bool

	// Output is called for every line that the plugin writes to standard output and standard error, one at a time. Lines have
	// no line end and at most 4 KiB. They are not escaped.
	Output func(line string)

	// SocketDir holds the directories for sockets and working directories of processes; "" means os.TempDir. A path above 60
	// bytes may be too long.
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
	c.Name = c.name()
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

func (c *Command) name() string { return cmp.Or(c.Name, filepath.Base(c.Path)) }

// ErrDigest reports a plugin whose digest differs from Command.SHA256.
var ErrDigest = errors.New("digest mismatch")

// verify returns the digest of the plugin, or ErrDigest if it is the wrong one.
func (c *Command) verify() (digest string, err error) {
	path := c.Path
	if c.SHA256 == "" {
		// Nothing is promised about the files of the plugin, which may lead out of the directory. But caches should tell them apart.
		if c.Tree != "" {
			if digest, err := treeDigest(c.Tree, maxTree); err == nil {
				return digest, nil
			}
		}
		return fileDigest(c.Path)
	}
	if c.Tree != "" {
		path = c.Tree
		digest, err = treeDigest(c.Tree, maxTree)
	} else {
		digest, err = Digest(c.Path)
	}
	if err != nil {
		return "", err
	}
	if c.SHA256 != digest {
		return "", fmt.Errorf("%s has sha256:%s, want sha256:%s: %w", path, digest, c.SHA256, ErrDigest)
	}
	return digest, nil
}

// build returns the Info.Build of an analyzer. It depends on the digest of the plugin and on the arguments, the environment
// and the plugin's own Build, if any.
func (c *Command) build(digest, own string) string {
	if len(c.Args) == 0 && len(c.Env) == 0 && own == "" {
		return "sha256:" + digest
	}
	h := sha256.Sum256(fmt.Appendf(nil, "%q %q %q", c.Args, c.Env, own))
	return "sha256:" + digest + " " + hex.EncodeToString(h[:])
}
