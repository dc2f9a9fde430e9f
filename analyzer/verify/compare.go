package verify

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
)

// What became of the content of a file.
type contentState int

const (
	contentNone contentState = iota // the file has no content to compare
	contentCompared
	contentNoDigest
	contentNotHashed
)

// differences returns the attributes in which g differs from f, the record of a package of the given type. It follows the package
// managers:
//
//   - rpm ignores the mode of a link, compares the size, time, content and capabilities of regular files only, and takes a file that was
//     not recorded as a regular file as one with another content.
//   - dpkg compares contents, and whether the file is a regular one.
//   - apk hashes the target of a link.
func (c *checker) differences(f *analyzer.RecordedFile, g *File, typ string) (differs analyzer.Attributes, state contentState) {
	has := func(a analyzer.Attributes) bool { return f.Attributes&a != 0 }
	set := func(a analyzer.Attributes, different bool) {
		if has(a) && different {
			differs |= a
		}
	}
	regular, link := isRegular(g.Mode), g.Mode.Type() == fs.ModeSymlink
	set(analyzer.AttrType, f.Mode.Type() != g.Mode.Type())
	set(analyzer.AttrMode, !link && f.Mode&permBits != g.Mode&permBits)
	set(analyzer.AttrUser, !c.isOwner(f.User, f.UID, g.UID, c.image.Users))
	set(analyzer.AttrGroup, !c.isOwner(f.Group, f.GID, g.GID, c.image.Groups))
	set(analyzer.AttrTarget, link && f.Target != g.Target)
	set(analyzer.AttrSize, regular && f.Size != g.Size)
	set(analyzer.AttrModTime, regular && f.ModTime != g.ModTime.Unix())
	set(analyzer.AttrCapabilities, regular && !sameCapabilities(f.Capabilities, g.Xattrs[capabilityXattr]))
	set(analyzer.AttrDevice, deviceDiffers(f, g))

	switch {
	case regular && f.Digest == "" && has(analyzer.AttrContent) && !isRegular(f.Mode):
		differs |= analyzer.AttrContent
	case regular && f.Digest == "" && !f.Ghost:
		state = contentNoDigest
	case regular && has(analyzer.AttrContent):
		if differs&analyzer.AttrSize != 0 {
			differs |= analyzer.AttrContent
			state = contentCompared
			break
		}
		digest := g.digest(f.Algorithm)
		if digest == "" {
			state = contentNotHashed
			break
		}
		state = contentCompared
		set(analyzer.AttrContent, digest != f.Digest)
	case link && has(analyzer.AttrContent) && typ == typeAPK:
		state = contentCompared
		set(analyzer.AttrContent, hashText(f.Algorithm, g.Target) != f.Digest)
	case link && typ == typeAPK && !f.Optional: // apk has a digest for each link that it installs
		differs |= analyzer.AttrContent
	case typ == typeAPK: // a directory or device, which apk does not hash
		set(analyzer.AttrContent, true)
	}
	return differs, state
}

// isOwner reports whether a number is that of the recorded user or group.
func (c *checker) isOwner(name string, recorded, actual int, numbers map[string]int) bool {
	if name == "" {
		return recorded == actual
	}
	if name == "root" {
		return actual == 0
	}
	if numbers == nil {
		return true
	}
	return numbers[name] == actual // rpm takes a name that is not known for root
}

// deviceDiffers compares the numbers of devices. rpm records their lowest eight bits.
func deviceDiffers(f *analyzer.RecordedFile, g *File) bool {
	const device = fs.ModeDevice | fs.ModeCharDevice
	if f.Mode&device != g.Mode&device {
		return true
	}
	return f.Mode&fs.ModeDevice != 0 && (f.Major&0xff != int(g.Major)&0xff || f.Minor&0xff != int(g.Minor)&0xff)
}

func hashText(algorithm, text string) string {
	switch algorithm {
	case "md5":
		sum := md5.Sum([]byte(text))
		return string(sum[:])
	case "sha1":
		sum := sha1.Sum([]byte(text))
		return string(sum[:])
	case "sha256":
		sum := sha256.Sum256([]byte(text))
		return string(sum[:])
	case sha256Short:
		sum := sha256.Sum256([]byte(text))
		return string(sum[:shortSize])
	}
	return ""
}

// sha256Short is the algorithm of the first 20 bytes of a SHA-256 digest, which apk-tools 3 records.
const (
	sha256Short = "sha256-160"
	shortSize   = 20
)

// digest returns a digest of the file's content, or "" if the scan did not compute it.
func (f *File) digest(algorithm string) string {
	switch {
	case f.Digest == nil:
		return ""
	case algorithm == sha256Short:
		sum := f.Digest("sha256")
		return sum[:min(len(sum), shortSize)]
	}
	return f.Digest(algorithm)
}

// describe sets Detail to the recorded and actual values of attributes that differ.
func (d *Difference) describe(f *analyzer.RecordedFile, g *File) {
	var parts []string
	add := func(a analyzer.Attributes, format string, args ...any) {
		if d.Attributes&a != 0 {
			parts = append(parts, fmt.Sprintf(format, args...))
		}
	}
	add(analyzer.AttrType, "%s, now %s", kindName(f.Mode), kindName(g.Mode))
	add(analyzer.AttrMode, "mode %o, now %o", octal(f.Mode), octal(g.Mode))
	add(analyzer.AttrUser, "user %s, now %d", owner(f.User, f.UID), g.UID)
	add(analyzer.AttrGroup, "group %s, now %d", owner(f.Group, f.GID), g.GID)
	add(analyzer.AttrTarget, "target %.200q, now %.200q", f.Target, g.Target)
	add(analyzer.AttrDevice, "device %d:%d, now %d:%d", f.Major, f.Minor, g.Major, g.Minor)
	add(analyzer.AttrCapabilities, "capabilities %.200q, now %q", f.Capabilities, capabilityText(g.Xattrs[capabilityXattr]))
	add(analyzer.AttrSize, "%d bytes, now %d", f.Size, g.Size)
	if d.Attributes&analyzer.AttrContent != 0 {
		parts = append(parts, "other content")
	}
	if d.Attributes&analyzer.AttrModTime != 0 {
		parts = append(parts, "other time")
	}
	d.Detail = strings.Join(parts, "; ")
	d.rate(f, g)
}

func owner(name string, number int) string {
	if name != "" {
		return name
	}
	return fmt.Sprint(number)
}

func kindName(m fs.FileMode) string {
	switch t := m.Type(); {
	case t == 0:
		return "file"
	case t == fs.ModeDir:
		return "directory"
	case t == fs.ModeSymlink:
		return "link"
	case t&fs.ModeDevice != 0:
		return "device"
	case t == fs.ModeNamedPipe:
		return "named pipe"
	case t == fs.ModeSocket:
		return "socket"
	}
	return "unknown kind of file"
}
