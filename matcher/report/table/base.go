package table

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/hullmark/hullmark/internal/english"
	"github.com/hullmark/hullmark/internal/terminal"
)

// base tells which findings come with the image that it was built on.
func (t *table) base() {
	b := t.a.Base
	if b == nil {
		return
	}
	var parts []string
	if name := cmp.Or(b.Name, b.Digest); name != "" {
		parts = append(parts, terminal.Escape(name))
	}
	switch n := len(t.a.Report.Layers); b.Layers {
	case 0:
		parts = append(parts, "its layers are unknown")
	case 1:
		parts = append(parts, fmt.Sprintf("layer 0 of %d", n))
	default:
		parts = append(parts, fmt.Sprintf("layers 0 to %d of %d", b.Layers-1, n))
	}
	t.printf("%s %s, %s\n", t.Bold("base image:"), strings.Join(parts, ", "), b.Origin.Text())
	if b.Layers == 0 {
		return
	}
	if t.a.Result == nil {
		return
	}
	t.printf("  %s with the base image, %s with the application's layers\n", english.Count(b.Findings, "finding"), english.Number(b.Application))
	if n := b.Newer; n != nil {
		parts = []string{fmt.Sprintf("would fix %s of the %s", english.Number(n.Fixes), english.Number(b.Findings))}
		if n.Brings > 0 {
			parts = append(parts, "bring "+english.Count(n.Brings, "other"))
		}
		t.printf("  %s %s\n", terminal.Escape(n.Name), strings.Join(parts, " and "))
		if n.Uncovered > 0 {
			t.printf("  %s\n", t.Alarm(fmt.Sprintf("it may have more findings: no advisories for %s of it", english.Count(n.Uncovered, "package"))))
		}
	}
}
