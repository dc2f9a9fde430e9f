package terminal

import (
	"strings"

	"github.com/hullmark/hullmark/internal/lazyregexp"
)

// plain matches words that need no quotes in a shell.
var plain = lazyregexp.New(`^[\w@%+=:,./-]+$`)

// ShellLine writes a command line for a POSIX shell.
func ShellLine(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		if quoted[i] = w; !plain.MatchString(w) {
			quoted[i] = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		}
	}
	return strings.Join(quoted, " ")
}
