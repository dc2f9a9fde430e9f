package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/hullmark/hullmark/db/catalog"
	"github.com/hullmark/hullmark/db/catalog/journal"
	"github.com/hullmark/hullmark/examples/fleet/advisories"
	"github.com/hullmark/hullmark/examples/fleet/store"
	"github.com/hullmark/hullmark/examples/fleet/webhooks"
	"github.com/hullmark/hullmark/matcher/watch"
	"github.com/hullmark/hullmark/matcher/watch/webhook"
)

const (
	eventsAtOnce  = 500
	imagesOfEvent = 100  // that an event names
	mostLooked    = 5000 // events that a page of the newest ones is chosen from
)

// An eventView is a message with its number.
type eventView struct {
	Number string `json:"number"`
	webhook.Message
}

// events returns up to n events about the tenant's images after a number, and the number after which to go on.
func (c *call) events(after int64, n int, kind string) (list []eventView, next int64, err error) {
	g, release, err := c.s.Index.Generations(c.ctx())
	if err != nil {
		return nil, after, err
	}
	defer release()
	j := c.s.Verdicts.Journal(c.tenant())
	for {
		notices, err := c.s.Store.Catalog.Events(c.ctx(), after, eventsAtOnce)
		if err != nil || len(notices) == 0 {
			return list, after, err
		}
		for i := range notices {
			if len(list) == n {
				return list, after, nil
			}
			v, err := c.event(j, &notices[i], g, kind)
			if err != nil {
				return nil, after, err
			}
			if v != nil {
				list = append(list, *v)
			}
			after = notices[i].Number
		}
	}
}

// event returns an event as the tenant sees it, or nil if it is about no image of the tenant.
func (c *call) event(j *journal.Journal, n *catalog.Notice, index journal.Index, kind string) (*eventView, error) {
	if kind != "" && n.Kind != kind {
		return nil, nil
	}
	m, err := journal.Message(n)
	if errors.Is(err, catalog.ErrCorrupt) {
		c.log().ErrorContext(c.ctx(), "an event is damaged", "number", n.Number, "error", err)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	m.Images, m.More = nil, 0
	for image, err := range j.Images(c.ctx(), n, index) {
		if err != nil {
			return nil, err
		}
		if image.Tenant != c.tenant() {
			continue
		}
		if image.Tenant = ""; len(m.Images) < imagesOfEvent {
			m.Images = append(m.Images, image)
		} else {
			m.More++
		}
	}
	if len(m.Images) == 0 && m.Kind != webhook.FeedFailed {
		return nil, nil
	}
	return &eventView{strconv.FormatInt(n.Number, 10), m}, nil
}

// newest returns up to n events before one with a number, the newest first, and the number to go on with, 0 at the end. The number 0 is that
// after the last event. It looks at so many events of all tenants only, so a page may be short, or empty, before the end.
func (c *call) newest(before int64, n int, kind string) (list []eventView, next int64, err error) {
	first, last, err := c.s.extent(c.ctx())
	if err != nil || last == 0 {
		return nil, 0, err
	}
	g, release, err := c.s.Index.Generations(c.ctx())
	if err != nil {
		return nil, 0, err
	}
	defer release()
	if before == 0 || before > last {
		before = last + 1
	}
	j := c.s.Verdicts.Journal(c.tenant())
	looked := 0
	for before > first {
		if looked >= mostLooked {
			return list, before, nil
		}
		after := max(0, before-1-eventsAtOnce)
		notices, err := c.s.Store.Catalog.Events(c.ctx(), after, eventsAtOnce)
		if err != nil {
			return nil, 0, err
		}
		for i := len(notices) - 1; i >= 0; i-- {
			if notices[i].Number >= before {
				continue
			}
			if len(list) == n {
				return list, before, nil
			}
			looked++
			v, err := c.event(j, &notices[i], g, kind)
			if err != nil {
				return nil, 0, err
			}
			if v != nil {
				list = append(list, *v)
			}
			before = notices[i].Number
		}
		before = min(before, after+1) // there may be gaps
	}
	return list, 0, nil
}

// extent returns the numbers of the first and the last event of all tenants, 0 without any.
func (s *Server) extent(ctx context.Context) (first, last int64, err error) {
	look := func(after int64) (int64, error) {
		list, err := s.Store.Catalog.Events(ctx, after, 1)
		if err != nil || len(list) == 0 {
			return 0, err
		}
		return list[0].Number, nil
	}
	if first, err = look(0); err != nil || first == 0 {
		return 0, 0, err
	}
	// The store finds an event after a number only. So the last one is searched for.
	last = first
	for step := int64(1); step > 0; {
		found, err := look(last + step - 1)
		switch {
		case err != nil:
			return 0, 0, err
		case found > 0:
			last, step = found, step*2
		default:
			step /= 2
		}
	}
	return first, last, nil
}

type eventsView struct {
	Items []eventView `json:"items"`
	Next  string      `json:"next"`
}

func (c *call) listEvents() (*reply, error) {
	after, err := strconv.ParseInt(c.query.Get("cursor"), 10, 64)
	if err != nil {
		after = 0
	}
	kind := c.query.Get("kind")
	switch {
	case c.streams():
		if last, err := strconv.ParseInt(c.r.Header.Get("Last-Event-ID"), 10, 64); err == nil {
			after = last
		}
		return nil, c.stream(after, kind)
	case c.query.Get("order") == "newest":
		list, next, err := c.newest(after, c.limit(), kind)
		if err != nil {
			return nil, err
		}
		v := eventsView{Items: []eventView{}}
		if v.Items = append(v.Items, list...); next > 0 {
			v.Next = strconv.FormatInt(next, 10)
		}
		return &reply{status: http.StatusOK, value: v, volatile: true}, nil
	}
	list, next, err := c.events(after, c.limit(), kind)
	if wait := c.int("wait", 0); err == nil && len(list) == 0 && wait > 0 {
		list, next, err = c.await(next, kind, time.Duration(wait)*time.Second)
	}
	if err != nil {
		return nil, err
	}
	return &reply{status: http.StatusOK, value: eventsView{append([]eventView{}, list...), strconv.FormatInt(next, 10)}, volatile: true}, nil
}

type subscriptionView struct {
	ID            string       `json:"id"`
	URL           string       `json:"url"`
	Format        string       `json:"format"`
	Kinds         []watch.Kind `json:"kinds,omitempty"`
	Repositories  []string     `json:"repositories,omitempty"`
	DigestSeconds int          `json:"digestSeconds,omitempty"`
	Disabled      bool         `json:"disabled"`
	Created       time.Time    `json:"created"`
}

func viewSubscription(m *store.Subscription) (subscriptionView, error) {
	var s webhooks.Settings
	err := json.Unmarshal([]byte(m.Body), &s)
	return subscriptionView{m.ID, s.URL, s.Format, s.Kinds, s.Repositories, s.DigestSeconds, m.Disabled, m.Created}, err
}

func (c *call) listSubscriptions() (*reply, error) {
	after, err := c.cursor()
	if err != nil {
		return nil, err
	}
	list, err := c.s.Store.Subscriptions(c.ctx(), c.tenant(), after, c.limit()+1)
	if err != nil {
		return nil, err
	}
	views := make([]subscriptionView, len(list))
	for i := range list {
		if views[i], err = viewSubscription(&list[i]); err != nil {
			return nil, err
		}
	}
	return ok(paged(views, c.limit(), func(v *subscriptionView) string { return v.ID })), nil
}

func (c *call) addSubscription() (*reply, error) {
	var in struct {
		webhooks.Settings
		Bearer   string `json:"bearer"`
		Username string `json:"username"`
		Password string `json:"password"`
	}
	in.Format = "json"
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if err := in.Settings.Check(); err != nil {
		return nil, malformed(strings.TrimPrefix(err.Error(), "webhooks: "))
	}
	if len(in.URL) > 2000 || len(in.Kinds) > 50 || len(in.Repositories) > 100 || in.DigestSeconds < 0 || in.DigestSeconds > 604800 || len(in.Bearer) > 4000 || len(in.Username) > 500 || len(in.Password) > 4000 {
		return nil, malformed("a field is too long, or out of its range")
	}
	secrets := &webhooks.Secrets{Sign: webhook.NewSecret(), Bearer: in.Bearer, Username: in.Username, Password: in.Password}
	m, err := c.s.Webhooks.New(c.tenant(), &in.Settings, secrets)
	if err != nil {
		return nil, err
	}
	if err := c.s.Store.Write(c.ctx(), func(tx *store.Tx) error {
		if err := tx.AddSubscription(c.ctx(), m); err != nil {
			return err
		}
		return tx.Audit(c.ctx(), c.tenant(), c.token.Name, "subscribe", m.ID)
	}); err != nil {
		return nil, err
	}
	v, err := viewSubscription(m)
	return &reply{status: http.StatusCreated, location: "/v1/subscriptions/" + m.ID, value: struct {
		Subscription subscriptionView `json:"subscription"`
		Secret       string           `json:"secret"`
	}{v, secrets.Sign}}, err
}

// subscription returns the subscription that the path names.
func (c *call) subscription() (*store.Subscription, error) {
	return c.s.Store.Subscription(c.ctx(), c.tenant(), c.r.PathValue("subscription"))
}

func (c *call) getSubscription() (*reply, error) {
	m, err := c.subscription()
	if err != nil {
		return nil, err
	}
	v, err := viewSubscription(m)
	return ok(v), err
}

func (c *call) deleteSubscription() (*reply, error) {
	id := c.r.PathValue("subscription")
	err := c.s.Store.Write(c.ctx(), func(tx *store.Tx) error {
		if err := tx.DeleteSubscription(c.ctx(), c.tenant(), id); err != nil {
			return err
		}
		return tx.Audit(c.ctx(), c.tenant(), c.token.Name, "unsubscribe", id)
	})
	return &reply{status: http.StatusNoContent}, err
}

func (c *call) testSubscription() (*reply, error) {
	m, err := c.subscription()
	if err != nil {
		return nil, err
	}
	s, err := c.s.Webhooks.Open(m)
	if err != nil {
		return nil, err
	}
	if err := c.audit("test-subscription", m.ID); err != nil {
		return nil, err
	}
	if err := c.s.Webhooks.Sender.Test(c.ctx(), s); err != nil {
		return nil, &problem{Status: http.StatusBadGateway, Code: "receiver", Detail: err.Error()}
	}
	return &reply{status: http.StatusNoContent}, nil
}

type deliveryView struct {
	ID           string                `json:"id"`
	Subscription string                `json:"subscription"`
	State        webhook.DeliveryState `json:"state"`
	Attempts     int                   `json:"attempts"`
	Status       int                   `json:"status,omitempty"`
	Error        string                `json:"error,omitempty"`
	Created      time.Time             `json:"created"`
	Next         *time.Time            `json:"next,omitempty"`
}

// ours returns the IDs of the tenant's subscriptions.
func (c *call) ours() (map[string]bool, error) {
	set := make(map[string]bool)
	for after := ""; ; {
		list, err := c.s.Store.Subscriptions(c.ctx(), c.tenant(), after, 1000)
		if err != nil || len(list) == 0 {
			return set, err
		}
		for i := range list {
			set[list[i].ID] = true
			after = list[i].ID
		}
	}
}

func (c *call) listDeliveries() (*reply, error) {
	after, err := c.cursor()
	if err != nil {
		return nil, err
	}
	state := webhook.DeliveryState(c.query.Get("state"))
	if state == "" {
		state = webhook.Dead
	}
	ours, err := c.ours()
	if err != nil {
		return nil, err
	}
	var views []deliveryView
	for len(ours) > 0 && len(views) <= c.limit() {
		list, err := c.s.Webhooks.Sender.Outbox.List(c.ctx(), state, after, 1000)
		if err != nil {
			return nil, err
		}
		if len(list) == 0 {
			break
		}
		for i := range list {
			if d := &list[i]; ours[d.Subscription] && len(views) <= c.limit() {
				views = append(views, deliveryView{d.ID, d.Subscription, d.State, d.Attempts, d.Status, d.Error, d.Created.UTC(), timeOf(d.Next)})
			}
		}
		after = list[len(list)-1].ID
	}
	rep := ok(paged(views, c.limit(), func(v *deliveryView) string { return v.ID }))
	rep.volatile = true
	return rep, nil
}

func (c *call) redeliver() (*reply, error) {
	id := c.r.PathValue("delivery")
	d, err := c.s.Webhooks.Sender.Outbox.Get(c.ctx(), id)
	if errors.Is(err, webhook.ErrNotFound) {
		return nil, store.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	if _, err := c.s.Store.Subscription(c.ctx(), c.tenant(), d.Subscription); err != nil {
		return nil, err
	}
	if err := c.audit("redeliver", id); err != nil {
		return nil, err
	}
	if err := c.s.Webhooks.Sender.Redeliver(c.ctx(), id); err != nil {
		return nil, err
	}
	c.s.changed()
	return &reply{status: http.StatusNoContent}, nil
}

type advisoryView struct {
	ID      string    `json:"id"`
	Changed time.Time `json:"changed"`
}

func (c *call) listAdvisories() (*reply, error) {
	after, err := c.cursor()
	if err != nil {
		return nil, err
	}
	list, err := c.s.Store.Documents(c.ctx(), store.Advisories, c.tenant(), after, c.limit()+1)
	if err != nil {
		return nil, err
	}
	views := make([]advisoryView, len(list))
	for i, d := range list {
		views[i] = advisoryView{d.Name, d.Changed}
	}
	return ok(paged(views, c.limit(), func(v *advisoryView) string { return v.ID })), nil
}

func (c *call) getAdvisory() (*reply, error) {
	d, err := c.s.Store.Document(c.ctx(), store.Advisories, c.tenant(), c.r.PathValue("advisory"))
	if err != nil {
		return nil, err
	}
	return &reply{status: http.StatusOK, body: []byte(d.Body), kind: "application/json", etag: etag(d.Revision, 0)}, nil
}

func (c *call) setAdvisory() (*reply, error) {
	var raw json.RawMessage
	if err := c.decode(&raw); err != nil {
		return nil, err
	}
	revision, err := c.revision()
	if err != nil {
		return nil, err
	}
	d := &store.Document{Name: c.r.PathValue("advisory"), Body: string(raw), Changed: time.Now().UTC().Truncate(time.Microsecond)}
	if !names.MatchString(d.Name) {
		return nil, malformed("the ID has other characters than letters, digits and ._:-")
	}
	if _, err := advisories.Parse(d.Name, d.Body); err != nil {
		return nil, faulty(err)
	}
	all, err := c.s.Store.Documents(c.ctx(), store.Advisories, c.tenant(), "", advisories.MostOwn)
	if err != nil {
		return nil, err
	}
	if len(all) >= advisories.MostOwn {
		return nil, &problem{Status: http.StatusConflict, Code: "too-many", Detail: fmt.Sprintf("the tenant has %d advisories", advisories.MostOwn)}
	}
	status := http.StatusOK
	if err := c.change("set-advisory", d.Name, func(tx *store.Tx) error {
		added, err := tx.SetDocument(c.ctx(), store.Advisories, c.tenant(), d, revision)
		if added {
			status = http.StatusCreated
		}
		return err
	}); err != nil {
		return nil, err
	}
	return &reply{status: status, value: advisoryView{d.Name, d.Changed}}, nil
}

func (c *call) withdrawAdvisory() (*reply, error) {
	id := c.r.PathValue("advisory")
	err := c.change("withdraw-advisory", id, func(tx *store.Tx) error { return tx.DeleteDocument(c.ctx(), store.Advisories, c.tenant(), id) })
	return &reply{status: http.StatusNoContent}, err
}
