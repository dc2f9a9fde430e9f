//go:build !linux

package pace

// huge does nothing on systems without such a request.
func huge(n, gap, more int) {}
