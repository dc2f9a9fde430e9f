package plugin

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

const (
	manifestName = "plugin.json"
	maxManifest  = 1 << 20 // bytes
)

// A Manifest describes a plugin that has not been started. It is a JSON object in the file plugin.json beside the
// plugin's executable.
type Manifest struct {
	Name    string   `json:"name"`
	Version string   `json:"version"`
	Command string   `json:"command"`          // path of the executable, relative to the manifest
	Args    []string `json:"args,omitempty"`   // arguments of the executable
	Digest  string   `json:"digest,omitempty"` // digest of the directory: "sha256:..."; see the function Digest

	// Permissions; see the fields of Command with the same names. A plugin that exceeds them is rejected.
	Patterns  []string `json:"patterns"`
	Types     []string `json:"types,omitzero"`
	System    bool     `json:"system,omitempty"`
	Config    bool     `json:"config,omitempty"`
	NoNetwork bool     `json:"noNetwork,omitempty"`

	Dir string `json:"-"` // directory of the manifest
}

// readManifest reads and validates the manifest in a directory. Errors contain the file name.
func readManifest(dir string) (*Manifest, error) {
	name := filepath.Join(dir, manifestName)
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxManifest+1))
	if err != nil {
		return nil, err
	}
	bad := func(format string, args ...any) (*Manifest, error) {
		return nil, fmt.Errorf("%s: %s", name, fmt.Sprintf(format, args...))
	}
	m, err := parseManifest(text)
	if err != nil {
		return bad("%v", err)
	}
	m.Dir = dir
	switch {
	case !validName(m.Name):
		return bad("name %q has characters other than letters, digits and -_.+:/", m.Name)
	case !filepath.IsLocal(m.Command):
		return bad("command %q is not a path below the manifest", m.Command)
	case len(m.Patterns) == 0 && !m.Config:
		return bad("no patterns")
	case m.Digest != "" && !isDigest(m.Digest):
		return bad("digest %q is not sha256: and 64 hexadecimal digits", m.Digest)
	}
	return m, nil
}

// parseManifest decodes a manifest without further checks.
func parseManifest(text []byte) (*Manifest, error) {
	if len(text) > maxManifest {
		return nil, fmt.Errorf("more than %d bytes", maxManifest)
	}
	m := new(Manifest)
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	return m, d.Decode(m)
}

// isDigest reports whether s has the form sha256:HEX.
func isDigest(s string) bool {
	if len(s) != len("sha256:")+64 || s[:7] != "sha256:" {
		return false
	}
	return !slices.ContainsFunc([]byte(s[7:]), func(b byte) bool { return !('0' <= b && b <= '9' || 'a' <= b && b <= 'f') })
}

// Manifests reads the manifests in the subdirectories of dir, sorted by name. It ignores subdirectories without a manifest.
func Manifests(dir string) ([]*Manifest, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*", manifestName))
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		if _, err := os.Stat(dir); err != nil {
			return nil, err
		}
	}
	var list []*Manifest
	for _, name := range names {
		m, err := readManifest(filepath.Dir(name))
		if err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	return list, nil
}

// Start returns the Command that starts the plugin.
func (m *Manifest) Start() Command {
	return Command{
		Path: filepath.Join(m.Dir, m.Command), Args: m.Args, SHA256: m.Digest, Tree: m.Dir, Name: m.Name,
		Patterns: append([]string{}, m.Patterns...), Types: m.Types, System: m.System, Config: m.Config, NoNetwork: m.NoNetwork,
	}
}
