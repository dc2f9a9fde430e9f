//go:build !linux

package gctuning

// huge does nothing on systems without such a request.
func huge(n, gap, more int) {}
