package verify

import (
	"io/fs"
	"path"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
)

// severities in rising order.
var severities = [...]string{"", "info", "low", "medium", "high"}

func worse(a, b string) string {
	for i := len(severities) - 1; i > 0; i-- {
		if severities[i] == a || severities[i] == b {
			return severities[i]
		}
	}
	return ""
}

// weigh sets the Severity of a file that differs:
//
//	high    a file gained set-uid or set-gid or capabilities, or a set-uid program has another content: it gives away privileges
//	medium  a program or library has another content or became something else: advisories for the package need not hold for it;
//	        everybody may write to the file, or an unprivileged user owns a program
//	low     other files have another content, mode, owner, link target or device numbers
//	info    documentation and compiled Python files, which programs write anew; files that lost permissions
//
// Contents and times of configuration files and other times are to be expected, so that they have no severity.
func (d *Difference) weigh(f *analyzer.RecordedFile, g *File) {
	has := func(a analyzer.Attributes) bool { return d.Attributes&a != 0 }
	program := g.Mode&0o111 != 0 && isRegular(g.Mode) || isLibrary(d.Path)
	privileged := g.Mode&(fs.ModeSetuid|fs.ModeSetgid) != 0 && isRegular(g.Mode) || g.Xattrs[capabilityXattr] != ""
	if has(analyzer.AttrContent|analyzer.AttrType|analyzer.AttrTarget) && !d.Config {
		switch {
		case d.Documentation || isCompiled(d.Path):
			d.Severity = "info"
		case privileged && has(analyzer.AttrContent):
			d.Severity = "high"
		case program || has(analyzer.AttrType) && f.Mode&0o111 != 0 && !f.Mode.IsDir():
			d.Severity = "medium"
		default:
			d.Severity = "low"
		}
	}
	if has(analyzer.AttrMode) {
		gained := g.Mode & permBits &^ f.Mode
		switch {
		case gained&(fs.ModeSetuid|fs.ModeSetgid) != 0 && isRegular(g.Mode):
			d.Severity = worse(d.Severity, "high")
		case gained&0o002 != 0 && g.Mode&fs.ModeSticky == 0:
			d.Severity = worse(d.Severity, "medium")
		case gained != 0:
			d.Severity = worse(d.Severity, "low")
		default:
			d.Severity = worse(d.Severity, "info")
		}
	}
	if has(analyzer.AttrUser | analyzer.AttrGroup) {
		severity := "low"
		if has(analyzer.AttrUser) && program && g.UID != 0 {
			severity = "medium"
		}
		d.Severity = worse(d.Severity, severity)
	}
	if has(analyzer.AttrDevice) && !has(analyzer.AttrType) {
		d.Severity = worse(d.Severity, "low")
	}
	if has(analyzer.AttrCapabilities) {
		severity := "high"
		if gainsNothing(f.Capabilities, g.Xattrs[capabilityXattr]) {
			severity = "info"
		}
		d.Severity = worse(d.Severity, severity)
	}
}

// judge sets the Severity of a file that is missing: low, since images are made smaller by removing files, but the package no longer
// works as advisories assume. Documentation, configuration files and excluded paths have none.
func (d *Difference) judge() {
	switch {
	case !d.Missing:
	case d.Excluded || d.Documentation || d.Config:
	case isCompiled(d.Path):
		d.Severity = "info"
	default:
		d.Severity = "low"
	}
}

// rule returns the rule that a difference breaks, by what is worst about it.
func (d *Difference) rule() (rule, title string) {
	has := func(a analyzer.Attributes) bool { return d.Attributes&a != 0 }
	switch {
	case d.Missing:
		return "verify:missing", "is missing"
	case has(analyzer.AttrType):
		return "verify:type", "is no longer what the package installed"
	case has(analyzer.AttrCapabilities):
		return "verify:capabilities", "has other capabilities"
	case has(analyzer.AttrContent):
		return "verify:changed", "has other content"
	case has(analyzer.AttrMode):
		return "verify:mode", "has another mode"
	case has(analyzer.AttrUser | analyzer.AttrGroup):
		return "verify:owner", "has another owner"
	case has(analyzer.AttrTarget):
		return "verify:target", "leads elsewhere"
	case has(analyzer.AttrDevice):
		return "verify:device", "is another device"
	}
	return "verify:changed", "differs"
}

func isLibrary(p string) bool {
	base := path.Base(p)
	return strings.HasSuffix(base, ".so") || strings.Contains(base, ".so.")
}

// isCompiled reports whether Python writes a file when it loads a module.
func isCompiled(p string) bool { return strings.HasSuffix(p, ".pyc") || strings.HasSuffix(p, ".pyo") }
