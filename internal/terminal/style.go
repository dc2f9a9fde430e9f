package terminal

// A Style is the look of text. The zero value is without colours, and lines may be of any length.
type Style struct {
	Width int  // in characters; 0 is unlimited
	Color bool // with ANSI escape sequences
	Links bool // with links, OSC 8
	Tabs  bool // a grid separates its columns by tabs and pads none, for programs and for files
}

func (s Style) sgr(code, text string) string {
	if !s.Color || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// Dim writes text faintly.
func (s Style) Dim(text string) string { return s.sgr("2", text) }

// Bold writes text in bold.
func (s Style) Bold(text string) string { return s.sgr("1", text) }

// Alarm writes text in bold red.
func (s Style) Alarm(text string) string { return s.sgr("1;31", text) }

// Red writes text in red.
func (s Style) Red(text string) string { return s.sgr("31", text) }

// Yellow writes text in yellow.
func (s Style) Yellow(text string) string { return s.sgr("33", text) }

// Green writes text in green.
func (s Style) Green(text string) string { return s.sgr("32", text) }

// Cyan writes text in cyan.
func (s Style) Cyan(text string) string { return s.sgr("36", text) }
