package table

import (
	"strings"

	"github.com/hullmark/hullmark/internal/terminal"
	"github.com/hullmark/hullmark/matcher"
)

// A style colours the words of a table.
type style struct{ terminal.Style }

// action colours the consequence that a policy demands.
func (s style) action(text string) string {
	switch text {
	case "stop":
		return s.Red(text)
	case "warn":
		return s.Yellow(text)
	case "go":
		return s.Green(text)
	}
	return text
}

// threat colours vulnerabilities that are exploited.
func (s style) threat(text string) string {
	if strings.HasPrefix(text, "ransomware") || strings.HasPrefix(text, "exploited") {
		return s.Alarm(text)
	}
	return text
}

// level colours a severity, which begins with its name.
func (s style) level(text string) string {
	word, _, _ := strings.Cut(text, " ")
	var l matcher.Level
	if l.UnmarshalText([]byte(word)) != nil {
		return text
	}
	switch l {
	case matcher.Critical:
		return s.Alarm(text)
	case matcher.High:
		return s.Red(text)
	case matcher.Medium:
		return s.Yellow(text)
	case matcher.Low:
		return s.Cyan(text)
	}
	return s.Dim(text)
}
