package plugin

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"syscall"
)

// explainStart adds to an error of the operating system why it does not run a file. "no such file or directory" may be about the
// interpreter that a script names, or about the loader of a program for another C library.
func explainStart(path string, err error) error {
	f, openErr := os.Open(path)
	if openErr != nil {
		return err
	}
	defer f.Close()
	head := make([]byte, 256)
	n, _ := io.ReadFull(f, head)
	line, _, _ := strings.Cut(string(head[:n]), "\n")
	named, script := strings.CutPrefix(line, "#!")
	interpreter, _, _ := strings.Cut(strings.TrimLeft(named, " "), " ")
	info, statErr := f.Stat()
	switch {
	case script && runtime.GOOS == "windows":
		return fmt.Errorf("%w: it is a script, which Windows does not run", err)
	case script && errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: its interpreter %q does not exist", err, interpreter)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: the file exists, but not the loader that it names", err)
	case errors.Is(err, fs.ErrPermission) && statErr == nil && info.Mode()&0o111 == 0:
		return fmt.Errorf("%w: the file is not executable", err)
	case errors.Is(err, syscall.ENOEXEC):
		return fmt.Errorf("%w: neither a program for this machine nor a script with an interpreter (#!)", err)
	}
	return err
}
