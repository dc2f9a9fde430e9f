//go:build !linux

package gctuning

// requestHugePages does nothing on systems without such a request.
func requestHugePages(n, gap, more int) {}
