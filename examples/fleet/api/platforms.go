package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/hullmark/hullmark/db/catalog"
	"github.com/hullmark/hullmark/examples/fleet/store"
	"github.com/hullmark/hullmark/examples/fleet/verdict"
	"github.com/hullmark/hullmark/matcher/report"
)

// kindIndex is the kind of an index among images.
const kindIndex = "index"

type platformView struct {
	Platform string      `json:"platform"`
	Digest   string      `json:"digest"`
	State    store.State `json:"state,omitempty"`
	Reason   string      `json:"reason,omitempty"`
	Verdict  string      `json:"verdict,omitempty"`
	Severity string      `json:"severity,omitempty"`
}

func viewPlatform(p *store.Platform) platformView {
	v := platformView{Platform: p.Name, Digest: p.Digest}
	if p.Image != nil {
		v.State, v.Verdict, v.Severity = p.Image.State, p.Image.Verdict, p.Image.Severity
	}
	if !p.Analyzed() {
		v.Reason = p.Why()
	}
	return v
}

// index returns the index that the path names by its digest or a tag, or nil.
func (c *call) index() (*store.Index, error) {
	text := c.r.PathValue("image")
	x, err := c.s.Store.Index(c.ctx(), c.tenant(), text)
	if errors.Is(err, store.ErrNotFound) && !strings.HasPrefix(text, "sha256:") {
		if ref, bad := name.ParseReference(text); bad == nil && ref.Name() != text {
			x, err = c.s.Store.Index(c.ctx(), c.tenant(), ref.Name())
		}
	}
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	return x, err
}

// isIndex is the problem of a request for the contents of an index.
func isIndex(x *store.Index) error {
	const most = 20
	var b strings.Builder
	b.WriteString("the digest is that of an index; ask for the image of a platform:")
	for i := range x.Platforms[:min(len(x.Platforms), most)] {
		fmt.Fprintf(&b, " %s %s", x.Platforms[i].Title(), x.Platforms[i].Digest)
	}
	return &problem{Status: http.StatusConflict, Code: "index", Detail: b.String()}
}

// indexReply is an index with its tags. Its state is that of the image that is least far: analyzed, if all are.
func (c *call) indexReply(x *store.Index) (*reply, error) {
	v := imageView{Digest: x.Digest, Kind: kindIndex, Reference: x.Reference, State: store.Analyzed, Annotations: map[string]string{}, Submitted: x.Submitted, More: x.More}
	for i := range x.Platforms {
		v.Platforms = append(v.Platforms, viewPlatform(&x.Platforms[i]))
	}
	tags, err := c.s.Store.IndexTags(c.ctx(), c.tenant(), x.Digest)
	if err != nil {
		return nil, err
	}
	for _, t := range tags {
		v.Tags = append(v.Tags, tagView{t.Name, t.Since})
	}
	all, err := verdict.Combine(x, nil, func(m *store.Image) (*catalog.Verdict, error) {
		if m.Verdict == "" {
			return nil, verdict.ErrMissing
		}
		return &catalog.Verdict{Image: m.Digest, Action: m.Verdict}, nil
	})
	if err != nil {
		return nil, err
	}
	if all.Complete() || all.Action == report.Stop {
		v.Verdict = all.Action.String()
	}
	unanalyzed := x.More
	for i := range x.Platforms {
		p := &x.Platforms[i]
		if !p.Analyzed() {
			unanalyzed++
		}
		if p.Reason == string(store.Waiting) || p.Image != nil && p.Image.State == store.Analyzing {
			v.State = store.Analyzing
		}
	}
	if unanalyzed > 0 && v.State == store.Analyzed {
		v.Message = (&verdict.Combined{Missing: missing(x), More: x.More}).Lack()
	}
	return ok(v), nil
}

// missing returns the platforms that are not analyzed.
func missing(x *store.Index) (list []*store.Platform) {
	for i := range x.Platforms {
		if p := &x.Platforms[i]; !p.Analyzed() {
			list = append(list, p)
		}
	}
	return list
}

// indexVerdict is the verdict about an index.
func (c *call) indexVerdict(x *store.Index) (*reply, error) {
	var counts func(string) bool
	if text := c.query.Get("platform"); text != "" {
		wanted, err := v1.ParsePlatform(text)
		if err != nil {
			return nil, malformed("the platform is malformed")
		}
		found := false
		counts = func(name string) bool {
			p, err := v1.ParsePlatform(name)
			return err != nil || name == "" || p.Satisfies(*wanted)
		}
		for i := range x.Platforms {
			found = found || counts(x.Platforms[i].Name)
		}
		if !found {
			return nil, &problem{Status: http.StatusNotFound, Code: "not-found", Detail: "the index has no image for the platform"}
		}
	}
	all, err := verdict.Combine(x, counts, func(m *store.Image) (*catalog.Verdict, error) { return c.evaluate(m) })
	if err != nil {
		return nil, err
	}
	if all.Action != report.Stop && !all.Complete() {
		return nil, &problem{Status: http.StatusConflict, Code: "incomplete", Detail: all.Lack()}
	}
	rep, v, err := verdictReply(all.Worst)
	if err != nil {
		return nil, err
	}
	for _, p := range all.Platforms {
		view := viewPlatform(p.Platform)
		if view.Verdict = ""; p.Verdict != nil {
			view.Verdict = p.Verdict.Action
		}
		v.Platforms = append(v.Platforms, view)
	}
	return rep, nil
}

// verdictReply is a stored verdict, which the caller may change.
func verdictReply(v *catalog.Verdict) (*reply, *verdictView, error) {
	var s struct{ Database string }
	if err := json.Unmarshal(v.Body, &s); err != nil {
		return nil, nil, err
	}
	view := &verdictView{Policy: v.Policy, Action: v.Action, Since: v.Since, Until: timeOf(v.Until), Summary: v.Body}
	rep := ok(view)
	rep.database = s.Database
	return rep, view, nil
}
