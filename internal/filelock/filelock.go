// Package filelock provides locks between processes. An open file holds the lock, so the lock ends with its process, even if
// the process crashes.
//
// On Linux, the BSDs and macOS the lock is flock(2). It works between processes of one machine, and between machines on network
// file systems that support flock. On Windows it is LockFileEx. On other systems Lock returns ErrUnsupported.
package filelock

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// ErrUnsupported reports a system without such locks.
var ErrUnsupported = errors.New("file locks are not supported on this system")

// errHeld reports that another process holds the lock.
var errHeld = errors.New("held by another process")

// pause is the time between attempts of Lock.
const pause = 50 * time.Millisecond

// Lock creates a file if necessary and takes its lock. It waits while another process holds the lock, and calls waiting once
// before, unless waiting is nil. unlock removes the file if the system allows it and releases the lock.
func Lock(ctx context.Context, name string, waiting func()) (unlock func() error, err error) {
	for {
		f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o666)
		if err != nil {
			return nil, err
		}
		err = lock(f)
		if err == nil && isCurrent(f, name) {
			return func() error {
				removed := os.Remove(name) // before unlocking: a waiting process sees by isCurrent that it must create a new file
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

// isCurrent reports whether f is still the file with the name. The last holder of the lock may have removed it.
func isCurrent(f *os.File, name string) bool {
	was, err := f.Stat()
	if err != nil {
		return false
	}
	is, err := os.Stat(name)
	return err == nil && os.SameFile(was, is)
}
