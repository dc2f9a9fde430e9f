package verdict

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hullmark/hullmark/db/catalog"
	"github.com/hullmark/hullmark/examples/fleet/store"
	"github.com/hullmark/hullmark/matcher/report"
)

// ErrMissing reports an image of an index that has no verdict, although it is analyzed.
var ErrMissing = errors.New("no verdict")

// A Combined is the verdict about an index: the worst of those about the images of its platforms. No platform stands for the others.
type Combined struct {
	Action    report.Action // of Worst
	Worst     *catalog.Verdict
	Platforms []PlatformVerdict // that count, in their order
	Missing   []*store.Platform // those of them without a verdict
	More      int               // further platforms, which are not known
}

// A PlatformVerdict is the verdict about the image of a platform.
type PlatformVerdict struct {
	*store.Platform
	Verdict *catalog.Verdict // nil without one
}

// Combine returns the verdict about an index. Counts selects the platforms that count, nil all of them; if it selects none, all count, since a runtime
// may take another architecture that it can run. Of returns the verdict about an image, or ErrMissing.
func Combine(x *store.Index, counts func(platform string) bool, of func(*store.Image) (*catalog.Verdict, error)) (*Combined, error) {
	c := &Combined{More: x.More}
	for i := range x.Platforms {
		if counts == nil || counts(x.Platforms[i].Name) {
			c.Platforms = append(c.Platforms, PlatformVerdict{Platform: &x.Platforms[i]})
		}
	}
	if len(c.Platforms) == 0 && counts != nil {
		return Combine(x, nil, of)
	}
	known := make(map[string]*catalog.Verdict)
	for i := range c.Platforms {
		p := &c.Platforms[i]
		if !p.Analyzed() {
			c.Missing = append(c.Missing, p.Platform)
			continue
		}
		v, done := known[p.Digest]
		if !done {
			var err error
			if v, err = of(p.Image); err != nil && !errors.Is(err, ErrMissing) {
				return nil, err
			}
			known[p.Digest] = v
		}
		if p.Verdict = v; v == nil {
			c.Missing = append(c.Missing, p.Platform)
			continue
		}
		var action report.Action
		if err := action.UnmarshalText([]byte(v.Action)); err != nil {
			return nil, fmt.Errorf("verdict: about %s: %w", v.Image, err)
		}
		if c.Worst == nil || action > c.Action {
			c.Action, c.Worst = action, v
		}
	}
	return c, nil
}

// Complete reports whether each platform that counts has a verdict.
func (c *Combined) Complete() bool { return len(c.Missing) == 0 && c.More == 0 && c.Worst != nil }

// Lack says which platforms have no verdict: "linux/arm64 was not analyzed".
func (c *Combined) Lack() string {
	const most = 5
	is, are := " was not analyzed", " were not analyzed"
	var names []string
	for i, p := range c.Missing {
		if p.Analyzed() {
			is, are = " has no verdict", " have no verdict"
		}
		if i < most {
			text := p.Title()
			if why := p.Why(); why != "" {
				text += " (" + why + ")"
			}
			names = append(names, text)
		}
	}
	if len(c.Missing) == 1 && c.More == 0 {
		text := c.Missing[0].Title() + is
		if why := c.Missing[0].Why(); why != "" && !c.Missing[0].Analyzed() {
			text += ": " + why
		}
		return text
	}
	if more := c.More + len(c.Missing) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("%d more platforms", more))
	}
	if last := len(names) - 1; last > 0 {
		names = []string{strings.Join(names[:last], ", "), names[last]}
	}
	return strings.Join(names, " and ") + are
}
