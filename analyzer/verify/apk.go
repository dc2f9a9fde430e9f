package verify

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/membudget"
	"github.com/hullmark/hullmark/internal/diagnostic"
)

// newAPK reads the records of files in the installed database of apk-tools: apk-package(5).
//
//	F:etc                     a directory; the files below it follow
//	M:0:0:1777                owner, group and mode of the directory, if not 0:0:755
//	R:passwd                  a file or link in the directory
//	a:0:42:640[:Q1...]        owner, group and mode of the file, if not 0:0:644; digest of the extended attributes
//	Z:Q1...                   digest of the content, or of the target of a link: SHA-1 or SHA-256
//	f:Sx                      S: 20 bytes of a digest are the first of SHA-256, as in packages of apk-tools 3; x: apk did not set the
//	                          extended attributes, and does not verify them
func newAPK() analyzer.Analyzer {
	return analyzer.Func(analyzer.Info{
		Name:      "verify-apk",
		Completes: "apk",
		Version:   1,
		Patterns:  []string{"lib/apk/db/installed", "usr/lib/apk/db/installed"},
		MaxSize:   maxSize,
		Finds:     []string{finds},
	}, func(ctx context.Context, f *analyzer.File) (*analyzer.Result, error) {
		text, err := f.Bytes()
		if err != nil {
			return nil, err
		}
		d := installed{meter: membudget.New(ctx, f, maxResult)}
		list, err := d.parse(text)
		r := &analyzer.Result{Fragments: list, Diagnostics: d.bad.Diagnostics()}
		if err != nil {
			r.Fragments, err = nil, fmt.Errorf("verify: %w", err)
		}
		return r, err
	})
}

// An installed reads an installed database.
type installed struct {
	meter *membudget.Meter
	bad   diagnostic.List
	dirs  map[string]string // value of M: for each directory; "?" if packages disagree

	list  []analyzer.Package
	p     analyzer.Package
	dir   string
	at    int // index of the file or directory that M:, a: and Z: describe, or -1
	file  bool
	files []analyzer.RecordedFile
	flags string // value of f:
}

func (d *installed) parse(text []byte) ([]analyzer.Package, error) {
	if err := d.readDirs(text); err != nil {
		return nil, err
	}
	d.at = -1
	line := 0
	for row := range bytes.SplitSeq(text, []byte{'\n'}) {
		line++
		row = bytes.TrimSuffix(row, []byte{'\r'})
		var err error
		switch {
		case len(row) == 0:
			err = d.finish()
		case len(row) >= 2 && row[1] == ':':
			err = d.field(line, row[0], string(row[2:]))
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
	}
	return d.list, d.finish()
}

// readDirs collects the modes of directories. Several packages may have a directory, and apk verifies the mode of one of them. A
// directory about which they disagree is not verified.
func (d *installed) readDirs(text []byte) error {
	d.dirs = make(map[string]string)
	var dir string
	var mode string
	open := false
	enter := func() error {
		if !open {
			return nil
		}
		open = false
		if was, ok := d.dirs[dir]; ok {
			if was != mode {
				d.dirs[dir] = "?"
			}
			return nil
		}
		d.dirs[dir] = mode
		return d.meter.Bytes(mapSize/4 + int64(len(dir)+len(mode)))
	}
	for row := range bytes.SplitSeq(text, []byte{'\n'}) {
		if len(row) < 2 || row[1] != ':' || row[0] != 'F' && row[0] != 'M' {
			continue
		}
		value := bytes.TrimSuffix(row[2:], []byte{'\r'})
		if row[0] == 'M' {
			mode = string(value)
			continue
		}
		if err := enter(); err != nil {
			return err
		}
		dir, mode, open = relative(string(value)), "", true
	}
	return enter()
}

// field reads a line.
func (d *installed) field(line int, key byte, value string) error {
	switch key {
	case 'P':
		d.p.Name = value
	case 'V':
		d.p.Version = value
	case 'A':
		d.p.Arch = value
	case 'f':
		d.flags = value
	case 'F':
		d.dir, d.at, d.file = relative(value), -1, false
		if mode := d.dirs[d.dir]; d.dir != "" && mode != "?" {
			f := analyzer.RecordedFile{Path: d.dir, Optional: true, Attributes: analyzer.AttrMode | analyzer.AttrUser | analyzer.AttrGroup, Mode: 0o755}
			if err := d.add(f); err != nil {
				return err
			}
		}
	case 'R':
		if value == "" || value == "." || value == ".." || strings.Contains(value, "/") {
			d.bad.Line(line, "not the name of a file: %.80q", value)
			d.at = -1
			return nil
		}
		name := value
		if d.dir != "" {
			name = d.dir + "/" + value
		}
		d.file = true
		attributes := analyzer.AttrMode | analyzer.AttrUser | analyzer.AttrGroup | analyzer.AttrCapabilities
		if strings.Contains(d.flags, "x") {
			attributes &^= analyzer.AttrCapabilities
		}
		return d.add(analyzer.RecordedFile{
			Path:       name,
			Attributes: attributes,
			Mode:       0o644,
			Config:     isProtected(name),
		})
	case 'M', 'a':
		if d.at < 0 || d.file != (key == 'a') {
			return nil
		}
		if f := &d.files[d.at]; !setACL(f, value) {
			f.Attributes &^= analyzer.AttrMode | analyzer.AttrUser | analyzer.AttrGroup
			d.bad.Line(line, "not an owner, group and mode: %.80q", value)
		}
	case 'Z':
		if d.at < 0 || !d.file {
			return nil
		}
		f := &d.files[d.at]
		f.Algorithm, f.Digest = checksum(value)
		if len(f.Digest) == sha1.Size && strings.Contains(d.flags, "S") {
			f.Algorithm = sha256Short
		}
		if f.Digest == "" {
			d.bad.Line(line, "not a digest: %.80q", value)
			f.Attributes &^= analyzer.AttrContent
			return nil
		}
		f.Attributes |= analyzer.AttrContent
	}
	return nil
}

func (d *installed) add(f analyzer.RecordedFile) error {
	if err := d.meter.Bytes(2*recordSize + 2*int64(len(f.Path))); err != nil {
		return err
	}
	d.at = len(d.files)
	d.files = append(d.files, f)
	return nil
}

// finish ends the record of a package.
func (d *installed) finish() (err error) {
	if d.p.Name != "" && d.p.Version != "" && len(d.files) > 0 {
		slices.SortStableFunc(d.files, func(a, b analyzer.RecordedFile) int { return cmp.Compare(a.Path, b.Path) })
		d.p.Type, d.p.Recorded = typeAPK, analyzer.RecordedOf(slices.Values(d.files))
		if err = d.meter.Bytes(int64(len(d.p.Recorded))); err == nil && d.p.Recorded != "" {
			d.list, err = d.meter.Append(d.list, d.p)
		}
	}
	for i := range d.files {
		d.meter.Free(2*recordSize + 2*int64(len(d.files[i].Path)))
	}
	d.p, d.dir, d.at, d.file, d.files, d.flags = analyzer.Package{}, "", -1, false, d.files[:0], ""
	return err
}

// isProtected reports whether apk(8) keeps a user's changes of a file: apk-protected_paths(5). Init scripts are not protected.
func isProtected(p string) bool {
	return strings.HasPrefix(p, "etc/") && !strings.HasPrefix(p, "etc/init.d/")
}

// setACL sets owner, group and mode of f to "UID:GID:MODE[:DIGEST]".
func setACL(f *analyzer.RecordedFile, value string) bool {
	parts := strings.SplitN(value, ":", 4)
	if len(parts) < 3 {
		return false
	}
	uid, err1 := strconv.ParseUint(parts[0], 10, 31)
	gid, err2 := strconv.ParseUint(parts[1], 10, 31)
	mode, err3 := strconv.ParseUint(parts[2], 8, 16)
	if err1 != nil || err2 != nil || err3 != nil {
		return false
	}
	f.UID, f.GID, f.Mode = int(uid), int(gid), permissions(uint32(mode))
	if len(parts) == 4 { // the database records only a digest of the extended attributes
		f.Attributes &^= analyzer.AttrCapabilities
	}
	return true
}

// checksum decodes a digest: "Q1" or "Q2" and base64, or "X1" or "X2" and hexadecimal digits. The length tells the algorithm, as in
// apk-tools 3. MD5 of old packages has digits only.
func checksum(value string) (algorithm, digest string) {
	var b []byte
	var err error
	switch {
	case strings.HasPrefix(value, "Q") && len(value) > 2:
		b, err = base64.StdEncoding.DecodeString(value[2:])
	case strings.HasPrefix(value, "X") && len(value) > 2:
		b, err = hex.DecodeString(value[2:])
	default:
		b, err = hex.DecodeString(value)
	}
	if err != nil {
		return "", ""
	}
	switch len(b) {
	case 16:
		return "md5", string(b)
	case 20:
		return "sha1", string(b)
	case 32:
		return "sha256", string(b)
	}
	return "", ""
}
