package verify

import (
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
)

// severities in rising order.
var severities = []string{"", "info", "low", "medium", "high"}

// raise sets the severity and the rule, unless the difference breaks a worse one already.
func (d *Difference) raise(severity, rule string) {
	if slices.Index(severities, severity) > slices.Index(severities, d.Severity) {
		d.Severity, d.Rule = severity, rule
	}
}

// rate sets the Severity of a file that differs:
//
//	high    a file gained set-uid or set-gid or capabilities, or a set-uid program has another content: it gives away privileges
//	medium  a program or library has another content or became something else: advisories for the package may not hold for it;
//	        all users may write to the file, or an unprivileged user owns a program
//	low     other files have another content, mode, owner, link target or device numbers
//	info    documentation and compiled Python files, which programs write anew; files that lost permissions
//
// Contents and times of configuration files and other times are to be expected, so that they have no severity. Neither have modes and
// owners of ghosts, unless they are dangerous.
func (d *Difference) rate(f *analyzer.RecordedFile, g *File) {
	has := func(a analyzer.Attributes) bool { return d.Attributes&a != 0 }
	program := g.Mode&0o111 != 0 && isRegular(g.Mode) || isLibrary(d.Path)
	privileged := g.Mode&(fs.ModeSetuid|fs.ModeSetgid) != 0 && isRegular(g.Mode) || g.Xattrs[capabilityXattr] != ""
	if has(analyzer.AttrContent|analyzer.AttrType|analyzer.AttrTarget) && !d.Config {
		rule := ruleChanged
		switch {
		case has(analyzer.AttrType):
			rule = ruleType
		case has(analyzer.AttrTarget):
			rule = ruleTarget
		}
		switch {
		case d.Documentation || isCompiled(d.Path):
			d.raise("info", rule)
		case privileged && has(analyzer.AttrContent):
			d.raise("high", rule)
		case program || has(analyzer.AttrType) && f.Mode&0o111 != 0 && !f.Mode.IsDir():
			d.raise("medium", rule)
		default:
			d.raise("low", rule)
		}
	}
	if has(analyzer.AttrMode) {
		d.raise(modeSeverity(f.Mode, g.Mode), ruleMode)
	}
	if has(analyzer.AttrUser | analyzer.AttrGroup) {
		if has(analyzer.AttrUser) && program && g.UID != 0 {
			d.raise("medium", ruleOwner)
		}
		d.raise("low", ruleOwner)
	}
	if has(analyzer.AttrDevice) && !has(analyzer.AttrType) {
		d.raise("low", ruleDevice)
	}
	if has(analyzer.AttrCapabilities) {
		if !gainsNothing(f.Capabilities, g.Xattrs[capabilityXattr]) {
			d.raise("high", ruleCapabilities)
		}
		d.raise("info", ruleCapabilities)
	}
	if (d.Ghost || isMounted(d.Path)) && d.Severity != "high" && d.Severity != "medium" { // programs create ghosts as they like
		d.Severity, d.Rule = "", ""
	}
}

// modeSeverity returns the severity of a change of modes.
func modeSeverity(recorded, found fs.FileMode) string {
	gained := found & permBits &^ recorded
	switch {
	case gained&(fs.ModeSetuid|fs.ModeSetgid) != 0 && isRegular(found):
		return "high"
	case found&0o002 != 0 && found&fs.ModeSticky == 0 && (gained&0o002 != 0 || recorded&fs.ModeSticky != 0):
		return "medium"
	case gained != 0:
		return "low"
	}
	return "info"
}

// rateMissing sets the Severity of a file that is missing: low, since images are made smaller by removing files, but the package no longer
// works as advisories assume. Documentation, configuration files, excluded paths and places of mounts get no severity.
func (d *Difference) rateMissing() {
	switch {
	case !d.Missing:
	case d.Excluded || d.Documentation || d.Config || isMounted(d.Recorded):
	case isCompiled(d.Path):
		d.raise("info", ruleMissing)
	default:
		d.raise("low", ruleMissing)
	}
}

// Rules of findings.
const (
	ruleMissing      = "verify:missing"
	ruleType         = "verify:type"
	ruleChanged      = "verify:changed"
	ruleTarget       = "verify:target"
	ruleMode         = "verify:mode"
	ruleOwner        = "verify:owner"
	ruleDevice       = "verify:device"
	ruleCapabilities = "verify:capabilities"
)

// titles complete "file of PACKAGE".
var titles = map[string]string{
	ruleMissing:      "is missing",
	ruleType:         "is another kind of file",
	ruleChanged:      "has other content",
	ruleTarget:       "links to another file",
	ruleMode:         "has another mode",
	ruleOwner:        "has another owner",
	ruleDevice:       "is another device",
	ruleCapabilities: "has other capabilities",
}

func isLibrary(p string) bool {
	base := path.Base(p)
	return strings.HasSuffix(base, ".so") || strings.Contains(base, ".so.")
}

// isCompiled reports whether Python writes a file when it loads a module.
func isCompiled(p string) bool { return strings.HasSuffix(p, ".pyc") || strings.HasSuffix(p, ".pyo") }
