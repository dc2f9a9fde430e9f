// Package executable lists the directories of programs in images and recognises the formats of programs.
package executable

import (
	"encoding/binary"
	"io"
)

// Patterns returns the patterns of files that may be programs. Programs have no extension, and matching every file would mean
// reading whole images. The patterns therefore match the directories in which the Filesystem Hierarchy Standard, base images
// and builders put programs, without subdirectories. Programs elsewhere are not found.
func Patterns() []string {
	dirs := [...]string{
		"", // "/server" in an image from scratch
		"bin", "sbin", "usr/bin", "usr/sbin", "usr/libexec", "usr/local/bin", "usr/local/sbin",
		"usr/local/go/bin", "go/bin", "root/go/bin", "usr/local/cargo/bin", "root/.cargo/bin", "root/.local/bin",
		"app", "app/bin", "ko-app", "workspace", "workspace/bin", "usr/src/app", "srv", "srv/bin", "service", "root", "home/nonroot",
		"opt", "opt/bin", "opt/app", "opt/bitnami/common/bin", "cnb/lifecycle", "cnb/process", "var/task",
		"opt/cni/bin", "usr/lib/cni", "usr/libexec/cni", "usr/libexec/podman", "usr/lib/podman", "usr/lib/git-core",
		"usr/lib/docker/cli-plugins", "usr/libexec/docker/cli-plugins", "usr/local/lib/docker/cli-plugins",
	}
	patterns := make([]string, 0, len(dirs)+1)
	for _, dir := range dirs {
		if dir != "" {
			dir += "/"
		}
		patterns = append(patterns, dir+"*")
	}
	return append(patterns, "**/*.exe")
}

// Magic returns the first bytes of all formats, for analyzer.Info.Magic.
func Magic() []string {
	return []string{"\x7fELF", "MZ", "\xfe\xed\xfa\xce", "\xfe\xed\xfa\xcf", "\xce\xfa\xed\xfe", "\xcf\xfa\xed\xfe"}
}

// A Format is the format of an executable.
type Format int

const (
	None  Format = iota
	ELF          // Linux and most others
	PE           // Windows
	MachO        // macOS, one architecture
)

// FormatOf returns the format of a file by its first bytes.
func FormatOf(r io.ReaderAt) Format {
	var head [4]byte
	if _, err := r.ReadAt(head[:], 0); err != nil {
		return None // too short
	}
	switch magic := binary.BigEndian.Uint32(head[:]); {
	case magic == 0x7F454C46:
		return ELF
	case magic>>16 == 0x4D5A:
		return PE
	case magic == 0xFEEDFACE, magic == 0xFEEDFACF, magic == 0xCEFAEDFE, magic == 0xCFFAEDFE:
		return MachO
	}
	return None
}
