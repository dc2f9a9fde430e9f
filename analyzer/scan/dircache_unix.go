//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package scan

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// openEntry opens a file without following a symbolic link, and without waiting for the writer of a FIFO.
func openEntry(name string) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	switch {
	case errors.Is(err, syscall.ELOOP), errors.Is(err, syscall.EMLINK), errors.Is(err, syscall.ENXIO):
		return nil, fmt.Errorf("%w: %w", fs.ErrNotExist, err) // a link; a socket or device
	}
	return f, err
}
