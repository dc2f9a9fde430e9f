package files

import (
	"bufio"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/hullmark/hullmark/analyzer"
)

// ErrNotListed reports that a scan was not asked for the list of files: see [List].
var ErrNotListed = errors.New("files: the report has no list of files")

// A row is an entry as JSON lines and CSV have it.
type row struct {
	Path         string            `json:"path"`
	Type         string            `json:"type"`               // "file", "directory", "symlink", "char-device", "block-device", "fifo", "socket"
	Mode         string            `json:"mode"`               // octal, with the set-uid, set-gid and sticky bits: "4755"
	UID          int               `json:"uid"`                // numeric owner
	GID          int               `json:"gid"`                // numeric group
	Size         int64             `json:"size"`               // bytes of a regular file
	Time         string            `json:"mtime,omitempty"`    // RFC 3339, UTC
	Target       string            `json:"target,omitempty"`   // target of a symbolic link
	HardLink     string            `json:"hardLink,omitempty"` // the path of the file, if this is one more name of it
	Device       string            `json:"device,omitempty"`   // "1:3"
	Capabilities string            `json:"capabilities,omitempty"`
	Xattrs       map[string][]byte `json:"xattrs,omitempty"` // others, in base64
	Digests      map[string]string `json:"digests,omitempty"`
	Layer        *int              `json:"layer,omitempty"` // not in a file system
	Package      string            `json:"package,omitempty"`
}

// rows yields the entries of a report.
func rows(report *analyzer.Report) iter.Seq[*row] {
	owners := make(map[string]string)
	for i := range report.Components {
		if c := &report.Components[i]; c.System {
			owners[c.ID] = c.Label()
		}
	}
	return func(yield func(*row) bool) {
		for f := range report.Files.All() {
			r := rowOf(f)
			r.Package = owners[f.Owner]
			if !yield(r) {
				return
			}
		}
	}
}

// rowOf returns the row of a file, without its package.
func rowOf(f *analyzer.ListedFile) *row {
	r := &row{Path: f.Path, Type: typeOf(f.Mode), Mode: octal(f.Mode), UID: f.UID, GID: f.GID, Size: f.Size, Target: f.Target, HardLink: f.Link}
	if !f.ModTime.IsZero() {
		r.Time = f.ModTime.UTC().Format(time.RFC3339)
	}
	if f.Mode&fs.ModeDevice != 0 {
		r.Device = fmt.Sprintf("%d:%d", f.Major, f.Minor)
	}
	for name, value := range f.Xattrs {
		if c, err := decode(value); name == xattrCapability && err == nil {
			r.Capabilities = c.String()
			continue
		}
		if r.Xattrs == nil {
			r.Xattrs = make(map[string][]byte)
		}
		r.Xattrs[name] = []byte(value)
	}
	for _, d := range f.Digests {
		if r.Digests == nil {
			r.Digests = make(map[string]string)
		}
		r.Digests[d.Algorithm] = hex.EncodeToString([]byte(d.Sum))
	}
	if f.Layer >= 0 {
		layer := f.Layer
		r.Layer = &layer
	}
	return r
}

func typeOf(m fs.FileMode) string {
	switch t := m.Type(); {
	case t == 0:
		return "file"
	case t == fs.ModeDir:
		return "directory"
	case t == fs.ModeSymlink:
		return "symlink"
	case t&fs.ModeCharDevice != 0:
		return "char-device"
	case t == fs.ModeDevice:
		return "block-device"
	case t == fs.ModeNamedPipe:
		return "fifo"
	case t == fs.ModeSocket:
		return "socket"
	}
	return "other"
}

// WriteJSONLines writes the list of files of a report, an object in each line. Paths that are not UTF-8 have U+FFFD in the place of bytes that
// are not. It fails with [ErrNotListed], or an error of w.
func WriteJSONLines(w io.Writer, report *analyzer.Report) error {
	if report.Files == nil {
		return ErrNotListed
	}
	b := bufio.NewWriter(w)
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	for r := range rows(report) {
		if err := e.Encode(r); err != nil {
			return err
		}
	}
	return b.Flush()
}

// columns are the columns of a table.
var columns = []string{"path", "type", "mode", "uid", "gid", "size", "mtime", "target", "hardlink", "device", "capabilities", "layer", "package",
	"md5", "sha1", "sha256", "sha512"}

// WriteCSV writes the list of files of a report as RFC 4180 describes it, with a line of the names of the columns in front. It leaves
// extended attributes out, except capabilities. Texts that a spreadsheet would take for a formula have an apostrophe in front. It fails with
// [ErrNotListed], or an error of w.
func WriteCSV(w io.Writer, report *analyzer.Report) error {
	if report.Files == nil {
		return ErrNotListed
	}
	c := csv.NewWriter(w)
	c.UseCRLF = true
	if err := c.Write(columns); err != nil {
		return err
	}
	for r := range rows(report) {
		layer := ""
		if r.Layer != nil {
			layer = strconv.Itoa(*r.Layer)
		}
		err := c.Write([]string{
			plainText(r.Path), r.Type, r.Mode, strconv.Itoa(r.UID), strconv.Itoa(r.GID), strconv.FormatInt(r.Size, 10), r.Time, plainText(r.Target),
			plainText(r.HardLink), r.Device, r.Capabilities, layer, plainText(r.Package),
			r.Digests["md5"], r.Digests["sha1"], r.Digests["sha256"], r.Digests["sha512"],
		})
		if err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

// plainText keeps a spreadsheet from taking a text for a formula.
func plainText(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}
