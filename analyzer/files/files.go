// Package files looks at the entries of an image, not at content: programs with the set-uid or set-gid bit, file capabilities, files and
// directories that every user can write, and device nodes.
//
// Set-uid and set-gid programs, capabilities and devices are records, too, so that policies can judge them. Package analyzer/content
// has this analyzer; analyzer/all does not.
//
// Sources: inode(7), execve(2) and capabilities(7) of the Linux manual pages, linux/capability.h and linux/devices.txt of the kernel; CIS Docker
// Benchmark 4.8.
package files

import (
	"context"
	"fmt"
	"io/fs"
	"strconv"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/diagnostic"
)

// xattrCapability is the extended attribute with the capabilities of a file.
const xattrCapability = "security.capability"

// New returns the analyzer. Its findings have the rules "set-uid", "set-gid", "file-capability", "world-writable-file",
// "world-writable-directory" and "device"; its records have the kinds "set-uid", "set-gid", "capability" and "device".
//
// A severity depends on the entry alone. FileFinding.Owner tells whether a package of the distribution brought the file.
func New() analyzer.Analyzer {
	return analyzer.Func(analyzer.Info{
		Name: "files", Version: 1, Patterns: []string{"**"}, Entries: true, Finds: []string{"files"},
	}, analyze)
}

func analyze(_ context.Context, f *analyzer.File) (*analyzer.Result, error) {
	e := f.Entry
	if e == nil || isPlain(e) {
		return nil, nil
	}
	var r analyzer.Result
	switch mode := e.Mode; {
	case mode.IsRegular():
		setID(&r, f.Path, e)
		fileCapabilities(&r, f.Path, e)
		worldWritable(&r, f.Path, e)
	case mode.IsDir():
		worldWritable(&r, f.Path, e)
	case mode&fs.ModeDevice != 0:
		device(&r, e)
	}
	if r.Records == nil && r.Findings == nil && r.Diagnostics == nil {
		return nil, nil
	}
	return &r, nil
}

// isPlain reports whether an entry has nothing to report, as nearly all have.
func isPlain(e *analyzer.Entry) bool {
	const special = fs.ModeSetuid | fs.ModeSetgid | fs.ModeDevice | 0o002
	return e.Mode&special == 0 && len(e.Xattrs) == 0
}

// fileCapabilities reports the capabilities of a file. The kernel looks at those of regular files only.
func fileCapabilities(r *analyzer.Result, p string, e *analyzer.Entry) {
	raw, ok := e.Xattrs[xattrCapability]
	if !ok {
		return
	}
	c, err := decode(raw)
	if err != nil {
		r.Diagnostics = append(r.Diagnostics, diagnostic.Of(fmt.Errorf("attribute %s: %w", xattrCapability, err)))
		return
	}
	fields := fieldsOf(e)
	fields["capabilities"] = c.String()
	fields["permitted"], fields["inheritable"] = names(c.permitted), names(c.inheritable)
	fields["effective"] = strconv.FormatBool(c.effective)
	fields["version"] = strconv.Itoa(c.version)
	if c.version == 3 {
		fields["root-id"] = strconv.FormatUint(uint64(c.rootID), 10)
	}
	r.Records = append(r.Records, analyzer.Record{Kind: "capability", Fields: fields})
	severity := c.severity()
	if severity == "high" && isUsual(p) {
		severity = "medium" // newuidmap has cap_setuid
	}
	if severity != "" {
		r.Findings = append(r.Findings, analyzer.Finding{
			Rule: "file-capability", Severity: severity,
			Title: "file capabilities " + c.String(), Detail: c.effect(),
		})
	}
}

// worldWritable reports a file that every user can change, or a directory in which every user can replace files of others. A directory
// with the sticky bit, such as /tmp, lets users change their own files only.
func worldWritable(r *analyzer.Result, p string, e *analyzer.Entry) {
	if e.Mode.Perm()&0o002 == 0 {
		return
	}
	found := analyzer.Finding{Severity: "medium"}
	switch {
	case e.Mode.IsDir() && e.Mode&fs.ModeSticky != 0:
		return
	case e.Mode.IsDir():
		found.Rule, found.Title = "world-writable-directory", "every user can replace files in the directory (mode "+octal(e.Mode)+")"
	default:
		found.Rule, found.Title = "world-writable-file", "every user can change the file (mode "+octal(e.Mode)+")"
	}
	if isTrusted(p) {
		found.Severity = "high"
		found.Detail = "Programs of root use the files of this place."
	}
	r.Findings = append(r.Findings, found)
}

// fieldsOf returns the fields that every record of this package has.
func fieldsOf(e *analyzer.Entry) map[string]string {
	return map[string]string{"mode": octal(e.Mode), "uid": strconv.Itoa(e.UID), "gid": strconv.Itoa(e.GID)}
}

// octal returns the permissions of a mode as chmod(1) takes them: "4755".
func octal(m fs.FileMode) string {
	bits := uint32(m.Perm())
	if m&fs.ModeSetuid != 0 {
		bits |= 0o4000
	}
	if m&fs.ModeSetgid != 0 {
		bits |= 0o2000
	}
	if m&fs.ModeSticky != 0 {
		bits |= 0o1000
	}
	return fmt.Sprintf("%04o", bits)
}
