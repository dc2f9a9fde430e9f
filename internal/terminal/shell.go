package terminal

import (
	"runtime"
	"strings"

	"github.com/hullmark/hullmark/internal/lazyregexp"
)

// plain matches words that need no quotes in a shell.
var plain = lazyregexp.New(`^[\w@%+=:,./-]+$`)

// plainOnWindows is plain for cmd.exe and PowerShell.
var plainOnWindows = lazyregexp.New(`^[\w+=:./\\-]+$`)

// ShellLine writes a command line for a POSIX shell, on Windows for cmd.exe and PowerShell.
func ShellLine(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = word(w, runtime.GOOS)
	}
	return strings.Join(quoted, " ")
}

func word(w, system string) string {
	switch {
	case system == "windows" && plainOnWindows.MatchString(w) || system != "windows" && plain.MatchString(w):
		return w
	case system == "windows":
		return `"` + strings.ReplaceAll(w, `"`, `\"`) + `"`
	}
	return "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
}
