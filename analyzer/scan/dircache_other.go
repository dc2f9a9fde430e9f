//go:build !darwin && !dragonfly && !freebsd && !linux && !netbsd && !openbsd

package scan

import (
	"fmt"
	"io/fs"
	"os"

	"github.com/hullmark/hullmark/internal/atomicfile"
)

// openEntry opens a regular file. It does not follow a symbolic link that was there before.
func openEntry(name string) (*os.File, error) {
	info, err := os.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: not a regular file: %w", name, fs.ErrNotExist)
	}
	return atomicfile.Open(name)
}
