package terminal

import (
	"slices"
	"strconv"
	"strings"
)

// Link makes text a link to a web page, in terminals that know OSC 8. An address that could end the sequence, or of another scheme
// than http and https, makes no link.
func (s Style) Link(text, address string) string {
	if !s.Links || text == "" || !strings.HasPrefix(address, "https://") && !strings.HasPrefix(address, "http://") {
		return text
	}
	for _, r := range address {
		if r <= ' ' || r > '~' {
			return text
		}
	}
	return "\x1b]8;;" + address + "\x1b\\" + text + "\x1b]8;;\x1b\\"
}

// KnowsLinks reports whether the terminal of an environment shows links, OSC 8. Terminals do not tell: these are known to, and others
// may show the sequences themselves. FORCE_HYPERLINK decides, if it is set.
func KnowsLinks(env func(name string) string) bool {
	if force := env("FORCE_HYPERLINK"); force != "" {
		return force != "0"
	}
	switch env("TERM_PROGRAM") {
	case "iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper", "rio", "Tabby":
		return true
	}
	vte, _ := strconv.Atoi(env("VTE_VERSION"))
	return vte >= 5000 || env("WT_SESSION") != "" || env("KONSOLE_VERSION") != "" ||
		slices.Contains([]string{"xterm-kitty", "xterm-ghostty", "alacritty", "foot", "foot-extra", "contour", "wezterm"}, env("TERM"))
}
