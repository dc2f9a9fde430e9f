package console

import (
	"os"

	"golang.org/x/sys/windows"
)

// enable makes a console interpret escape sequences, which it prints otherwise.
func enable(f *os.File) bool {
	var mode uint32
	h := windows.Handle(f.Fd())
	if err := windows.GetConsoleMode(h, &mode); err != nil {
		return false
	}
	if mode&windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING != 0 {
		return true
	}
	return windows.SetConsoleMode(h, mode|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING) == nil
}

var closed = []error{windows.ERROR_NO_DATA, windows.ERROR_BROKEN_PIPE}
