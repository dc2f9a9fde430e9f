package osrelease

import (
	"bytes"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/diagnostic"
	"github.com/hullmark/hullmark/matcher/distro"
)

// parseRelease reads the first line of the release files of Red Hat's family, "CentOS Linux release 7.9.2009 (Core)",
// and of others that look alike, "VMware Photon OS 4.0".
func parseRelease(text []byte, d *analyzer.Distro, bad *diagnostic.List) {
	line := firstLine(text, bad)
	if line == "" {
		return
	}
	d.Name = line
	if known, rest, ok := distro.Titled(line); ok {
		d.ID, d.VersionID = known.ID, versionOf(&known, firstVersion(rest))
		return
	}
	// The os-release of a distribution with an unknown title may say more.
	if !strings.Contains(line, " release ") {
		bad.Line(1, "not the name and release of a distribution: %.60q", line)
	}
}

// parseSUSERelease reads SuSE-release, which SUSE wrote until 2018: a title, then VERSION and PATCHLEVEL.
func parseSUSERelease(text []byte, d *analyzer.Distro, bad *diagnostic.List) {
	line := firstLine(text, bad)
	if line == "" {
		return
	}
	d.Name = line
	known, _, ok := distro.Titled(line)
	if !ok {
		bad.Line(1, "not the name of a SUSE distribution: %.60q", line)
		return
	}
	d.ID = known.ID
	var patch string
	for l := range bytes.Lines(text) {
		key, value, _ := strings.Cut(string(bytes.TrimSpace(l[:min(len(l), maxLine)])), "=")
		switch strings.TrimSpace(key) {
		case "VERSION":
			d.VersionID = strings.TrimSpace(value)
		case "PATCHLEVEL":
			patch = strings.TrimSpace(value)
		}
	}
	if patch != "" && patch != "0" {
		d.VersionID += "." + patch
	}
}

// parseAlpineRelease reads alpine-release, which holds the version alone.
func parseAlpineRelease(text []byte, d *analyzer.Distro, bad *diagnostic.List) {
	line := firstLine(text, bad)
	if line == "" {
		return
	}
	if firstVersion(line) != line {
		bad.Line(1, "not a version: %.60q", line)
		return
	}
	d.ID, d.VersionID, d.Name = "alpine", line, "Alpine Linux "+line
}

// parseDebianVersion reads debian_version: "12.5" in a release, "trixie/sid" in testing and unstable, which the file
// cannot tell apart. The VERSION_ID of Debian is the first number alone, which is also what advisories name; the point
// release stays in Name. Derivatives write a word of their own, or leave the file as Debian wrote it.
func parseDebianVersion(text []byte, d *analyzer.Distro, bad *diagnostic.List) {
	line := firstLine(text, bad)
	switch {
	case line == "":
		return
	case firstVersion(line) == line:
		d.ID, d.VersionID = "debian", major(line)
	case strings.HasSuffix(line, "/sid"):
		d.ID, d.Codename = "debian", "sid"
	default:
		bad.Line(1, "not a release of Debian: %.60q", line)
		return
	}
	d.Name = "Debian GNU/Linux " + line
}

// parseSystemCPE reads the one CPE name, as URI ("cpe:/o:centos:linux:6:GA") or formatted string
// ("cpe:2.3:o:amazon:amazon_linux:2").
func parseSystemCPE(text []byte, d *analyzer.Distro, bad *diagnostic.List) {
	line := firstLine(text, bad)
	if line == "" {
		return
	}
	part := strings.Split(strings.TrimPrefix(strings.TrimPrefix(line, "cpe:2.3:"), "cpe:/"), ":")
	if !strings.HasPrefix(line, "cpe:") || len(part) < 3 {
		bad.Line(1, "not a CPE name: %.60q", line)
		return
	}
	d.CPE = line
	if len(part) > 3 && part[3] != "*" && part[3] != "-" {
		d.VersionID = part[3]
	}
	known, ok := distro.Lookup(part[1] + ":" + part[2])
	if !ok {
		d.VersionID = "" // of an unknown product
		return
	}
	d.ID = known.ID
	if d.ID == "ol" && len(part) > 4 && isDigits(part[4]) { // a colon before the minor number: "oracle:linux:8:3:server"
		d.VersionID += "." + part[4]
	}
	d.VersionID = versionOf(&known, d.VersionID)
}

// versionOf returns the VERSION_ID that a distribution's os-release has, given the version in another file.
func versionOf(d *distro.Distro, version string) string {
	if d.Major {
		return major(version)
	}
	return version
}

// parseBusybox finds the banner in the busybox executable. It names the distribution of images that have nothing else;
// other distributions ship a busybox too, hence the last rank.
func parseBusybox(text []byte, d *analyzer.Distro, bad *diagnostic.List) {
	const banner = "BusyBox v"
	for {
		i := bytes.Index(text, []byte(banner))
		if i < 0 {
			return
		}
		text = text[i+len(banner):]
		n := 0
		for n < len(text) && n < 32 && (isDigit(text[n]) || text[n] == '.') {
			n++
		}
		if v := strings.TrimRight(string(text[:n]), "."); strings.Contains(v, ".") {
			d.ID, d.VersionID, d.Name = "busybox", v, "BusyBox v"+v
			return
		}
	}
}

// firstLine returns the first line that is not blank, without the blanks around it.
func firstLine(text []byte, bad *diagnostic.List) string {
	for n := 1; len(text) > 0; n++ {
		var line []byte
		line, text, _ = bytes.Cut(text, []byte("\n"))
		if len(line) > maxLine {
			bad.Line(n, "longer than %d bytes", maxLine)
			return ""
		}
		if line = bytes.TrimSpace(line); len(line) > 0 {
			return strings.ToValidUTF8(string(line), "\uFFFD")
		}
	}
	return ""
}

// firstVersion returns the first word that starts with a digit.
func firstVersion(s string) string {
	for w := range strings.FieldsSeq(s) {
		if isDigit(w[0]) {
			return w
		}
	}
	return ""
}

func major(version string) string {
	v, _, _ := strings.Cut(version, ".")
	return v
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
