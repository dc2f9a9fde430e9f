//go:build !linux

package pace

// huge does nothing on systems that cannot be asked for huge pages.
func huge(int) {}
