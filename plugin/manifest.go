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

// ManifestName is the name of the file that describes a plugin, beside its executable.
const ManifestName = "plugin.json"

// A Manifest describes a plugin without starting it: a JSON object in the file [ManifestName] of the plugin's directory.
type Manifest struct {
	Name    string   `json:"name"`
	Version string   `json:"version"`
	Command string   `json:"command"`          // the executable, relative to the manifest
	Args    []string `json:"args,omitempty"`   // its arguments
	Digest  string   `json:"digest,omitempty"` // of the executable: "sha256:..."

	// What it wants; a plugin that then wants more is refused. See the fields of Command with the same names.
	Patterns  []string `json:"patterns"`
	Types     []string `json:"types,omitempty"`
	System    bool     `json:"system,omitempty"`
	NoNetwork bool     `json:"noNetwork,omitempty"`

	Dir string `json:"-"` // of the manifest
}

// ReadManifest reads the manifest in a directory. Errors name the file.
func ReadManifest(dir string) (*Manifest, error) {
	name := filepath.Join(dir, ManifestName)
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	const limit = 1 << 20
	text, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	bad := func(format string, args ...any) (*Manifest, error) {
		return nil, fmt.Errorf("%s: %s", name, fmt.Sprintf(format, args...))
	}
	if len(text) > limit {
		return bad("more than %d bytes", limit)
	}
	m := &Manifest{Dir: dir}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(m); err != nil {
		return bad("%v", err)
	}
	switch {
	case !validName(m.Name):
		return bad("name %q is not made of letters, digits and -_.+:/", m.Name)
	case !filepath.IsLocal(m.Command):
		return bad("command %q is not a path below the manifest", m.Command)
	case len(m.Patterns) == 0:
		return bad("no patterns: it wants no files")
	case m.Digest != "" && !isDigest(m.Digest):
		return bad("digest %q is not sha256: and 64 hexadecimal digits", m.Digest)
	}
	return m, nil
}

// digest reports whether s is of the form sha256:HEX.
func isDigest(s string) bool {
	if len(s) != len("sha256:")+64 || s[:7] != "sha256:" {
		return false
	}
	return !slices.ContainsFunc([]byte(s[7:]), func(b byte) bool { return !('0' <= b && b <= '9' || 'a' <= b && b <= 'f') })
}

// Manifests reads the manifests of a directory of plugins, each in a directory of its own, by name. Directories without one
// are left out.
func Manifests(dir string) ([]*Manifest, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*", ManifestName))
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
		m, err := ReadManifest(filepath.Dir(name))
		if err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	return list, nil
}

// Start is the Command that starts the plugin.
func (m *Manifest) Start() Command {
	return Command{
		Path: filepath.Join(m.Dir, m.Command), Args: m.Args, SHA256: m.Digest, Name: m.Name,
		Patterns: m.Patterns, Types: m.Types, System: m.System, NoNetwork: m.NoNetwork,
	}
}
