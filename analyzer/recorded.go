package analyzer

import (
	"io/fs"
	"iter"
	"strings"
)

// Recorded holds the records of a package database about the files of a package, packed: paths share their beginnings, digests are raw
// bytes, and files with the same mode, owner and flags share these. [RecordedOf] packs files, and All reads them. A file takes 20 to
// 60 bytes, most of them its digest.
type Recorded string

// A RecordedFile is a file, directory or link as a package database describes it.
type RecordedFile struct {
	Path string // slash-separated, relative to the root, without a leading slash; at most 4,096 bytes

	// Attributes are those that the database records and the package manager verifies. Other fields below may be set, too. Without
	// Attributes, the path is all that is known of the file.
	Attributes Attributes

	Config        bool // a configuration file, which users may change
	Ghost         bool // the package owns it, but does not contain it
	Documentation bool
	Optional      bool // may be missing

	Algorithm    string // of Digest: "md5", "sha1", "sha256", "sha384", "sha512"; "sha256-160" for the first 20 bytes of SHA-256
	Digest       string // raw bytes, at most 64; "" if the database lacks it
	Mode         fs.FileMode
	User, Group  string // names, if the database has names; else "", and UID and GID count
	UID, GID     int
	Size         int64
	ModTime      int64  // seconds since 1970
	Target       string // target of a symbolic link
	Major, Minor int    // numbers of a device
	Capabilities string // in the form of cap_text_formats(7); "" for none
}

// Attributes is a set of attributes of a file.
type Attributes uint16

const (
	AttrType         Attributes = 1 << iota // regular file, directory, link or device
	AttrContent                             // the digest of a regular file's content
	AttrMode                                // permissions, set-uid, set-gid and sticky bits
	AttrUser                                // owner
	AttrGroup                               // group
	AttrSize                                // regular files only
	AttrTarget                              // symbolic links only
	AttrModTime                             // regular files only
	AttrDevice                              // numbers of a device
	AttrCapabilities                        // executable files only
)

var attributeNames = [...]string{"type", "content", "mode", "user", "group", "size", "target", "mod-time", "device", "capabilities"}

// String returns the names of the attributes in kebab-case, separated by commas: "content,mod-time".
func (a Attributes) String() string {
	var names []string
	for i, name := range attributeNames {
		if a&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, ",")
}

// RecordedOf packs files, which must come in the order of their paths. It leaves out paths that are empty or too long, and joins files
// with equal paths: the fields of the first count, and others fill attributes that it lacks.
func RecordedOf(files iter.Seq[RecordedFile]) Recorded {
	var p packer
	for f := range files {
		p.add(&f)
	}
	return p.packed()
}

// Join returns what r and more record together. The fields of r count for a path that both have.
func (r Recorded) Join(more Recorded) Recorded {
	switch {
	case more == "" || r == more:
		return r
	case r == "":
		return more
	}
	a, stopA := iter.Pull(r.All())
	defer stopA()
	b, stopB := iter.Pull(more.All())
	defer stopB()
	var p packer
	f, okF := a()
	g, okG := b()
	for okF || okG {
		if okF && (!okG || f.Path <= g.Path) {
			p.add(&f)
			f, okF = a()
		} else {
			p.add(&g)
			g, okG = b()
		}
	}
	return p.packed()
}

// fill adds the attributes that only g has to f.
func (f *RecordedFile) fill(g *RecordedFile) {
	f.Config, f.Ghost = f.Config || g.Config, f.Ghost || g.Ghost
	f.Documentation = f.Documentation || g.Documentation
	f.Optional = f.Optional && g.Optional
	if f.Digest == "" {
		f.Algorithm, f.Digest = g.Algorithm, g.Digest
	}
	more := g.Attributes &^ f.Attributes
	f.Attributes |= more
	if more&(AttrMode|AttrType) != 0 && f.Mode == 0 {
		f.Mode = g.Mode
	}
	if more&AttrUser != 0 {
		f.User, f.UID = g.User, g.UID
	}
	if more&AttrGroup != 0 {
		f.Group, f.GID = g.Group, g.GID
	}
	if more&AttrSize != 0 {
		f.Size = g.Size
	}
	if more&AttrTarget != 0 {
		f.Target = g.Target
	}
	if more&AttrModTime != 0 {
		f.ModTime = g.ModTime
	}
	if more&AttrDevice != 0 {
		f.Major, f.Minor = g.Major, g.Minor
	}
	if more&AttrCapabilities != 0 {
		f.Capabilities = g.Capabilities
	}
}
