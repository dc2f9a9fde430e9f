package api

import (
	"errors"
	"time"

	"github.com/hullmark/hullmark/examples/fleet/archive"
	"github.com/hullmark/hullmark/examples/fleet/store"
)

type ruleView struct {
	Repositories []string `json:"repositories"`
	OlderThan    int64    `json:"olderThan"`
	NewerTags    int      `json:"newerTags"`
	Keep         int      `json:"keep"`
}

type archiveView struct {
	Items    []imageView `json:"items"`
	Total    int         `json:"total"`
	Archived int         `json:"archived"`
}

// archive archives a page of the images that rules select.
func (c *call) archive() (*reply, error) {
	rules, err := c.rules()
	if err != nil {
		return nil, err
	}
	selected, err := c.s.Archiver.Select(c.ctx(), c.tenant(), rules, time.Now())
	if err != nil {
		return nil, err
	}
	v := archiveView{Total: len(selected)}
	selected = selected[:min(len(selected), c.limit())]
	v.Items = viewImages(selected)
	if c.query.Get("dry_run") == "true" {
		return ok(v), nil
	}
	for i := range selected {
		err := c.s.Archiver.Archive(c.ctx(), &selected[i], c.token.Name)
		switch {
		case errors.Is(err, store.ErrConflict):
			continue
		case err != nil:
			return nil, err
		}
		v.Archived++
		v.Items[i].State = store.Archived
	}
	return ok(v), nil
}

// rules returns the rules of the body, or those of the service.
func (c *call) rules() ([]archive.Rule, error) {
	if len(c.received) == 0 {
		return c.s.Settings().Archive, nil
	}
	var in struct {
		Rules []ruleView `json:"rules"`
	}
	if err := decode(c.received, &in); err != nil {
		return nil, err
	}
	if len(in.Rules) > 100 {
		return nil, malformed("more than 100 rules")
	}
	if len(in.Rules) == 0 {
		return c.s.Settings().Archive, nil
	}
	var rules []archive.Rule
	for _, r := range in.Rules {
		const most = 100 * 366 * 24 * 3600
		rule := archive.Rule{Repositories: r.Repositories, OlderThan: time.Duration(min(r.OlderThan, most)) * time.Second, NewerTags: r.NewerTags, Keep: r.Keep}
		if r.OlderThan < 0 || r.NewerTags < 0 || r.Keep < 0 || len(r.Repositories) > 100 || !rule.Conditions() {
			return nil, malformed("a rule needs olderThan, newerTags or keep, which are not negative")
		}
		rules = append(rules, rule)
	}
	return rules, nil
}

func (c *call) restore() (*reply, error) {
	m, err := c.image()
	if err != nil {
		return nil, err
	}
	if m.State != store.Archived {
		return nil, &problem{Status: 409, Code: "not-archived", Detail: "the image is not archived"}
	}
	if err := c.s.Archiver.Restore(c.ctx(), c.tenant(), m.Digest, c.token.Name); err != nil {
		return nil, err
	}
	c.s.changed()
	if m, err = c.s.Store.Image(c.ctx(), c.tenant(), m.Digest); err != nil {
		return nil, err
	}
	return c.imageReply(m)
}
