package terminal

import "strings"

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
