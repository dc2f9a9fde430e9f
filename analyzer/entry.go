package analyzer

import (
	"io/fs"
	"time"
)

// An Entry describes a file, directory, link or device as a layer has it.
type Entry struct {
	Mode    fs.FileMode // permissions, with fs.ModeSetuid and its like, and the type
	UID     int         // numeric owner
	GID     int         // numeric group
	Size    int64       // bytes of a regular file's content
	ModTime time.Time   // in UTC

	// Target is the target of a symbolic link, as it stands in the link.
	Target string

	// Link is the path of the file for which the entry is one more name: a hard link. It has the form of File.Path.
	Link string

	// Major and Minor are the numbers of a device.
	Major, Minor int64

	// Xattrs are the extended attributes, by name: "security.capability". Values are raw bytes.
	Xattrs map[string]string
}
