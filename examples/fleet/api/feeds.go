package api

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/hullmark/hullmark/examples/fleet/address"
	"github.com/hullmark/hullmark/examples/fleet/store"
)

type feedStateView struct {
	Name      string     `json:"name"`
	Enabled   bool       `json:"enabled"`
	Every     int64      `json:"every"`
	Wanted    bool       `json:"wanted"`
	Tried     *time.Time `json:"tried,omitempty"`
	Succeeded *time.Time `json:"succeeded,omitempty"`
	Records   int64      `json:"records"`
	Error     string     `json:"error,omitempty"`
}

func (c *call) viewFeedState(f *store.Feed) feedStateView {
	every := cmp.Or(f.Every, c.s.Settings().FeedEvery)
	return feedStateView{f.Name, f.Enabled, int64(every / time.Second), f.Wanted, timeOf(f.Tried), timeOf(f.Succeeded), f.Records, f.Error}
}

func (c *call) listFeeds() (*reply, error) {
	list, err := c.s.Store.Feeds(c.ctx())
	if err != nil {
		return nil, err
	}
	views := []feedStateView{}
	for i := range list {
		views = append(views, c.viewFeedState(&list[i]))
	}
	return ok(page[feedStateView]{Items: views}), nil
}

// operator returns an error unless the tenant may change what all tenants share.
func (c *call) operator() error {
	if slices.Contains(c.s.Settings().Operators, c.tenant()) {
		return nil
	}
	return &problem{Status: http.StatusForbidden, Code: "operator", Detail: "the tenant may not change what all tenants share"}
}

func (c *call) setFeed() (*reply, error) {
	var in struct {
		Enabled bool  `json:"enabled"`
		Every   int64 `json:"every"`
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if in.Every < 60 || in.Every > 366*24*3600 {
		return nil, malformed("every is not between a minute and a year, in seconds")
	}
	if err := c.operator(); err != nil {
		return nil, err
	}
	feed := c.r.PathValue("feed")
	if err := c.s.Store.Write(c.ctx(), func(tx *store.Tx) error {
		if err := tx.SetFeed(c.ctx(), feed, in.Enabled, time.Duration(in.Every)*time.Second); err != nil {
			return err
		}
		return tx.Audit(c.ctx(), c.tenant(), c.token.Name, "set-feed", feed)
	}); err != nil {
		return nil, err
	}
	return c.feed(feed)
}

func (c *call) syncFeed() (*reply, error) {
	if err := c.operator(); err != nil {
		return nil, err
	}
	feed := c.r.PathValue("feed")
	if err := c.s.Store.Write(c.ctx(), func(tx *store.Tx) error {
		if err := tx.WantFeed(c.ctx(), feed); err != nil {
			return err
		}
		return tx.Audit(c.ctx(), c.tenant(), c.token.Name, "sync-feed", feed)
	}); err != nil {
		return nil, err
	}
	return c.feed(feed)
}

func (c *call) feed(name string) (*reply, error) {
	list, err := c.s.Store.Feeds(c.ctx())
	if err != nil {
		return nil, err
	}
	for i := range list {
		if list[i].Name == name {
			return ok(c.viewFeedState(&list[i])), nil
		}
	}
	return nil, store.ErrNotFound
}

type watchView struct {
	Repository string     `json:"repository"`
	Tags       string     `json:"tags"`
	Every      int64      `json:"every"`
	Tried      *time.Time `json:"tried,omitempty"`
	Error      string     `json:"error,omitempty"`
}

func (c *call) listWatches() (*reply, error) {
	after, err := c.cursor()
	if err != nil {
		return nil, err
	}
	list, err := c.s.Store.Watches(c.ctx(), c.tenant(), after, c.limit()+1)
	if err != nil {
		return nil, err
	}
	views := make([]watchView, len(list))
	for i := range list {
		w := &list[i]
		views[i] = watchView{w.Repository, w.Tags, int64(w.Every / time.Second), timeOf(w.Tried), w.Error}
	}
	return ok(paged(views, c.limit(), func(v *watchView) string { return v.Repository })), nil
}

// mostWatches is the number of repositories that a tenant may watch.
const mostWatches = 10_000

func (c *call) setWatch() (*reply, error) {
	var in watchView
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if in.Tags == "" {
		in.Tags = "*"
	}
	if in.Every == 0 {
		in.Every = 15 * 60
	}
	if in.Every < 60 || in.Every > 366*24*3600 || len(in.Tags) > 200 || in.Tried != nil || in.Error != "" {
		return nil, malformed("every is not between a minute and a year, in seconds, or tags is longer than 200 bytes")
	}
	repository, err := name.NewRepository(in.Repository)
	if err != nil || len(in.Repository) > 1000 {
		return nil, malformed("the repository is malformed")
	}
	patterns, err := c.registries()
	if err != nil {
		return nil, err
	}
	if _, err := address.Check(repository.Name(), patterns); errors.Is(err, address.ErrRegistry) {
		return nil, &problem{Status: http.StatusForbidden, Code: "registry", Detail: "the tenant may not submit images of this registry"}
	}
	list, err := c.s.Store.Watches(c.ctx(), c.tenant(), "", mostWatches)
	if err != nil {
		return nil, err
	}
	if len(list) >= mostWatches {
		return nil, &problem{Status: http.StatusConflict, Code: "too-many", Detail: "the tenant watches as many repositories as it may"}
	}
	w := &store.Watch{Tenant: c.tenant(), Repository: repository.Name(), Tags: in.Tags, Every: time.Duration(in.Every) * time.Second}
	if err := c.s.Store.Write(c.ctx(), func(tx *store.Tx) error {
		if err := tx.SetWatch(c.ctx(), w); err != nil {
			return err
		}
		return tx.Audit(c.ctx(), c.tenant(), c.token.Name, "set-watch", w.Repository)
	}); err != nil {
		return nil, err
	}
	return ok(watchView{w.Repository, w.Tags, in.Every, nil, ""}), nil
}

func (c *call) deleteWatch() (*reply, error) {
	repository := c.query.Get("repository")
	if err := c.s.Store.Write(c.ctx(), func(tx *store.Tx) error {
		if err := tx.DeleteWatch(c.ctx(), c.tenant(), repository); err != nil {
			return err
		}
		return tx.Audit(c.ctx(), c.tenant(), c.token.Name, "delete-watch", repository)
	}); err != nil {
		return nil, err
	}
	return &reply{status: http.StatusNoContent}, nil
}

// mostPushed is the number of pushes in one notification.
const mostPushed = 1000

// pushedTags returns the references of pushed tags in a notification of a registry: one of distribution, or of Harbor.
func pushedTags(notification []byte) (references []string, err error) {
	var in struct {
		Events []struct { // distribution
			Action  string
			Target  struct{ Repository, Tag, Digest string }
			Request struct{ Host string }
		}
		Type string // Harbor
		Data struct {
			Resources []struct {
				URL string `json:"resource_url"`
			}
		} `json:"event_data"`
	}
	if err := json.Unmarshal(notification, &in); err != nil { // unknown fields are ignored: registries send many
		return nil, malformed("the body is not JSON: " + err.Error())
	}
	for _, e := range in.Events {
		if e.Action == "push" && e.Target.Tag != "" && e.Request.Host != "" {
			references = append(references, e.Request.Host+"/"+e.Target.Repository+":"+e.Target.Tag)
		}
	}
	if strings.EqualFold(in.Type, "PUSH_ARTIFACT") || in.Type == "pushImage" {
		for _, r := range in.Data.Resources {
			references = append(references, r.URL)
		}
	}
	return references, nil
}

// registryEvents takes a notification of a registry. It submits the pushed tags of registries from which the tenant may submit images, and ignores
// all else.
func (c *call) registryEvents() (*reply, error) {
	references, err := pushedTags(c.received)
	if err != nil {
		return nil, err
	}
	if len(references) > mostPushed {
		return nil, malformed("more than 1000 pushes")
	}
	patterns, err := c.registries()
	if err != nil {
		return nil, err
	}
	var list []*store.Submission
	ignored := 0
	for _, text := range references {
		ref, err := address.Check(text, patterns)
		if err != nil {
			ignored++
			continue
		}
		list = append(list, &store.Submission{Tenant: c.tenant(), Kind: store.Reference, Reference: ref.Name(), Priority: defaultPriority})
	}
	ids := []string{}
	if len(list) > 0 {
		if err := c.s.Store.Write(c.ctx(), func(tx *store.Tx) error {
			if err := c.count(tx, len(list)); err != nil {
				return err
			}
			if err := c.s.Queue.Submit(c.ctx(), tx, list...); err != nil {
				return err
			}
			for _, m := range list {
				if err := tx.Audit(c.ctx(), c.tenant(), c.token.Name, "submit", m.Reference); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return nil, err
		}
	}
	for _, m := range list {
		ids = append(ids, m.ID)
	}
	return &reply{status: http.StatusAccepted, value: struct {
		Submissions []string `json:"submissions"`
		Ignored     int      `json:"ignored"`
	}{ids, ignored}}, nil
}
