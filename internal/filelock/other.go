//go:build !darwin && !dragonfly && !freebsd && !linux && !netbsd && !openbsd && !windows

package filelock

import "os"

const removable = true

func lock(*os.File) error { return ErrUnsupported }
