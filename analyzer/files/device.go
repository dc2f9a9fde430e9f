package files

import (
	"fmt"
	"io/fs"
	"strconv"

	"github.com/hullmark/hullmark/analyzer"
)

// device reports a device node. Those that every container has are records only.
func device(r *analyzer.Result, e *analyzer.Entry) {
	kind := "block"
	if e.Mode&fs.ModeCharDevice != 0 {
		kind = "character"
	}
	fields := fieldsOf(e)
	fields["type"] = kind
	fields["major"], fields["minor"] = strconv.FormatInt(e.Major, 10), strconv.FormatInt(e.Minor, 10)
	r.Records = append(r.Records, analyzer.Record{Kind: "device", Fields: fields})
	found := analyzer.Finding{
		Rule: "device", Severity: "low",
		Title:  fmt.Sprintf("%s device %d:%d (mode %s)", kind, e.Major, e.Minor, octal(e.Mode)),
		Detail: "Programs can use it only if the runtime allows the device.",
	}
	switch {
	case kind == "block":
		found.Severity, found.Detail = "medium", "It may give access to a disk of the host. "+found.Detail
	case e.Major == 1 && (e.Minor == 1 || e.Minor == 2 || e.Minor == 4):
		found.Severity, found.Detail = "medium", "It gives access to the memory or the ports of the host. "+found.Detail
	case isHarmless(e.Major, e.Minor):
		return
	}
	r.Findings = append(r.Findings, found)
}

// isHarmless reports whether a character device is one that runtimes create in every container, or a terminal: null, zero, full, random,
// urandom, tty, console, ptmx. 0:0 is a whiteout of overlayfs.
func isHarmless(major, minor int64) bool {
	switch major {
	case 0:
		return minor == 0
	case 1:
		return minor == 3 || minor == 5 || minor == 7 || minor == 8 || minor == 9
	case 4:
		return true
	case 5:
		return minor <= 2
	}
	return major >= 136 && major <= 143
}
