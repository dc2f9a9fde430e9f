package binary

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/stream"
	"github.com/hullmark/hullmark/internal/executable"
	"github.com/hullmark/hullmark/matcher/distro"
)

// Notes returns the analyzer of package notes in ELF files, with which Fedora, Ubuntu, Wolfi, Azure Linux and others mark the programs and libraries that
// they build: a program that was copied from another image still names its source package. Packages are [analyzer.Package].Stated, because anyone
// can write a note.
//
// A scan leaves out packages that a database of the image has, and marks those in files of packages that the distribution seems to have built as
// [analyzer.Component].Nested.
//
// Source: https://systemd.io/ELF_PACKAGE_METADATA/.
func Notes() analyzer.Analyzer { return notes{} }

type notes struct{}

func (notes) Info() analyzer.Info {
	return analyzer.Info{Name: "binary-note", Version: 1, Patterns: []string{"**"}, Magic: magic[:1], ContentOnly: true}
}

// Wants implements stream.Analyzer.
func (notes) Wants(string) bool { return true }

// Stream implements stream.Analyzer.
func (notes) Stream(_ string, size int64) stream.Reader { return &noteReader{size: size} }

// Analyze implements analyzer.Analyzer. A scan uses Stream instead.
func (notes) Analyze(_ context.Context, f *analyzer.File) (*analyzer.Result, error) {
	return stream.Read(&noteReader{size: f.Size()}, f.Open(), f.Size())
}

const (
	maxNotes   = 64 << 10 // bytes of notes that are read of a file
	maxNote    = 8 << 10  // bytes of a package note
	maxField   = 256      // bytes of a field
	noteHeader = 16       // bytes of the header, with the owner
)

// A noteReader looks for the package note of a file.
type noteReader struct {
	size  int64
	head  []byte
	spans []executable.Span // with notes
	read  bool              // spans are known
	at    int64             // offset at which text ends
	text  []byte            // bytes of the current span so far
	note  []byte
	total int64 // bytes of notes
	large bool
}

// Next implements stream.Reader.
func (r *noteReader) Next(offset int64) int64 {
	switch {
	case !r.read:
		return offset
	case r.note != nil || r.large:
		return r.size
	}
	for _, s := range r.spans {
		if offset < s.End {
			return max(offset, s.Start)
		}
	}
	return r.size
}

// Part implements stream.Reader.
func (r *noteReader) Part(offset int64, part []byte) {
	if !r.read {
		n := min(len(part), executable.HeadSize-len(r.head))
		r.head = append(r.head, part[:n]...)
		if len(r.head) < executable.HeadSize && int64(len(r.head)) < r.size {
			return
		}
		r.read, r.spans = true, executable.Notes(r.head, r.size)
		r.look(0, r.head)
		r.head = nil
		offset, part = offset+int64(n), part[n:]
	}
	r.look(offset, part)
}

// look passes the bytes of notes in a part to add.
func (r *noteReader) look(offset int64, part []byte) {
	for _, s := range r.spans {
		from, to := max(s.Start, offset), min(s.End, offset+int64(len(part)))
		if from >= to || r.note != nil || r.large {
			continue
		}
		if r.total += to - from; r.total > maxNotes {
			r.large = true
			return
		}
		if from != r.at {
			r.text = nil
		}
		r.at, r.text = to, append(r.text, part[from-offset:to-offset]...)
		if to == s.End {
			r.note = findNote(r.text)
		}
	}
}

// findNote returns the JSON of the package note in notes, or nil if it is not there, or not all of it.
func findNote(text []byte) []byte {
	const kind = 0xcafe1a7e
	for _, order := range [...]binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		header := []byte("....FDO\x00")
		order.PutUint32(header, kind)
		for at := 0; ; {
			i := bytes.Index(text[at:], header)
			if i < 0 {
				break
			}
			if at += i + len(header); at >= noteHeader {
				if n := order.Uint32(text[at-noteHeader+4:]); n <= maxNote && int(n) <= len(text)-at {
					return bytes.TrimRight(text[at:at+int(n)], "\x00")
				}
			}
		}
	}
	return nil
}

// A note is the content of a package note, with the names of the specification.
type note struct {
	Type    string `json:"type"`
	Name    string `json:"name"`
	Version string `json:"version"`
	Arch    string `json:"architecture"`
	OS      string `json:"os"`        // ID of os-release
	Release string `json:"osVersion"` // VERSION_ID
	OSCPE   string `json:"osCpe"`
	CPE     string `json:"appCpe"`
}

// Result implements stream.Reader.
func (r *noteReader) Result() (*analyzer.Result, error) {
	if r.large {
		return nil, fmt.Errorf("binary: more than %d bytes of notes: %w", maxNotes, analyzer.ErrTooLarge)
	}
	if r.note == nil {
		return nil, nil
	}
	var n note
	if err := json.Unmarshal(r.note, &n); err != nil {
		return nil, fmt.Errorf("binary: package note: %w", err)
	}
	for _, field := range [...]*string{&n.Type, &n.Name, &n.Version, &n.Arch, &n.OS, &n.Release, &n.OSCPE, &n.CPE} {
		if *field = strings.TrimSpace(*field); len(*field) > maxField || strings.ContainsFunc(*field, unicode.IsControl) {
			return nil, fmt.Errorf("binary: package note: %.40q is no name or version", *field)
		}
	}
	if n.Name == "" {
		return nil, nil
	}
	return &analyzer.Result{Packages: []analyzer.Package{n.pkg()}}, nil
}

// pkg returns the package that a note names.
func (n *note) pkg() analyzer.Package {
	p := analyzer.Package{Type: "generic", Name: n.Name, Version: n.Version, Stated: true}
	switch n.Type {
	case "deb", "rpm", "apk", "alpm":
		p.Type = n.Type
	case "arch", "pacman":
		p.Type = "alpm"
	default:
		if strings.HasPrefix(n.CPE, "cpe:") {
			p.Qualifiers = map[string]string{"cpe": n.CPE}
		}
		return p
	}
	p.System, p.Arch = true, n.Arch
	id, release := n.distro()
	if id != "" {
		p.Namespace = id
		p.Qualifiers = map[string]string{"distro": strings.TrimSuffix(id+"-"+release, "-")}
	}
	return p
}

// distro returns the ID and the VERSION_ID of the distribution, or "".
func (n *note) distro() (id, release string) {
	parts := strings.Split(strings.TrimPrefix(strings.TrimPrefix(n.OSCPE, "cpe:2.3:"), "cpe:/"), ":") // "o", vendor, product, version
	for len(parts) < 4 {
		parts = append(parts, "")
	}
	known, ok := distro.Lookup(parts[1] + ":" + parts[2])
	if !ok {
		return n.OS, n.Release
	}
	if release = parts[3]; strings.Trim(release, "*-") == "" {
		release = ""
	}
	return cmp.Or(n.OS, known.ID), cmp.Or(n.Release, release)
}
