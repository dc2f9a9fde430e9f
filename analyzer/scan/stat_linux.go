package scan

import (
	"io/fs"
	"syscall"

	"github.com/hullmark/hullmark/analyzer"
)

// statOwner sets the owner, and the numbers of a device.
func statOwner(info fs.FileInfo, e *analyzer.Entry) {
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return
	}
	e.UID, e.GID = int(s.Uid), int(s.Gid)
	if e.Mode&fs.ModeDevice != 0 {
		d := uint64(s.Rdev) // as in glibc's gnu_dev_major(3)
		e.Major = int64(d>>8&0xfff | d>>32&^0xfff)
		e.Minor = int64(d&0xff | d>>12&^0xff)
	}
}
