// Package filelock lets one process at a time do something. The lock is held through an open file, so that it ends with
// its process, whatever ends that.
//
// On Linux, the BSDs and macOS the lock is flock(2): it holds between processes of one machine, and on file systems of a
// network between machines as far as those support flock. On Windows it is LockFileEx. On other systems there is none,
// and Lock fails.
package filelock

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// ErrUnsupported is the error of systems that have no such locks.
var ErrUnsupported = errors.New("this system has no locks that end with their process")

// errHeld is the error of lock while another holds the lock.
var errHeld = errors.New("held by another")

// pause is how long Lock waits before it tries again.
const pause = 50 * time.Millisecond

// Lock waits until nobody holds the lock of a file, which it makes, and takes it. waiting, if not nil, is called once if
// there is something to wait for. Unlock removes the file where that is possible, and gives the lock back.
func Lock(ctx context.Context, name string, waiting func()) (unlock func() error, err error) {
	for {
		f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o666)
		if err != nil {
			return nil, err
		}
		err = lock(f)
		if err == nil && isCurrent(f, name) {
			return func() error {
				removed := os.Remove(name) // while it is locked: who waits for it finds that it is another's, and makes a new one
				if errors.Is(removed, os.ErrNotExist) || !removable {
					removed = nil
				}
				return errors.Join(removed, f.Close())
			}, nil
		}
		f.Close()
		if err == nil {
			continue
		} else if !errors.Is(err, errHeld) {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if waiting != nil {
			waiting()
			waiting = nil
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%s: %w: %w", name, errHeld, ctx.Err())
		case <-time.After(pause):
		}
	}
}

// isCurrent reports whether a file still has its name: the one that held the lock before may have removed it.
func isCurrent(f *os.File, name string) bool {
	was, err := f.Stat()
	if err != nil {
		return false
	}
	is, err := os.Stat(name)
	return err == nil && os.SameFile(was, is)
}
