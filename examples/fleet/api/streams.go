package api

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/hullmark/hullmark/db/catalog"
	"github.com/hullmark/hullmark/examples/fleet/stream"
)

const (
	recheck      = 15 * time.Second // between checks of the token of a stream
	noticesBytes = 200              // of a notice in memory, beside its body
	viewTime     = 2 * time.Second  // that streams share a view
	mostViews    = 500
)

// streams reports whether the client wants server-sent events.
func (c *call) streams() bool {
	return strings.Contains(c.r.Header.Get("Accept"), "text/event-stream") && (c.op.ID == "listEvents" || c.op.ID == "listAlerts")
}

// newTail returns the newest events of all tenants.
func (s *Server) newTail() *stream.Tail[int64, catalog.Notice] {
	return &stream.Tail[int64, catalog.Notice]{
		Key:  func(n *catalog.Notice) int64 { return n.Number },
		Size: func(n *catalog.Notice) int { return len(n.Body) + noticesBytes },
		Last: func(ctx context.Context) (int64, error) {
			_, last, err := s.extent(ctx)
			return last, err
		},
		Read: func(ctx context.Context, after int64) ([]catalog.Notice, error) {
			return s.Store.Catalog.Events(ctx, after, stream.AtOnce)
		},
		Log: s.Log,
	}
}

// lasting returns a context that ends when the token of the request expires or is deleted.
func (c *call) lasting() (context.Context, context.CancelFunc) {
	expires := c.token.Expires
	if expires.IsZero() {
		expires = time.Now().AddDate(100, 0, 0)
	}
	ctx, cancel := context.WithDeadline(c.ctx(), expires)
	go func() {
		tick := time.NewTicker(recheck)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if _, err := c.identify(); err != nil {
				if _, ended := errors.AsType[*problem](err); ended { // not a failure of the database
					cancel()
				}
			}
		}
	}()
	return ctx, cancel
}

// stream sends events as they come, until the client goes, or its token expires or is deleted.
func (c *call) stream(after int64, kind string) error {
	ctx, cancel := c.lasting()
	defer cancel()
	began, err := c.s.tail.Send(ctx, &observed{c.w, &c.sent}, after, c.s.tail.Read, func(n *catalog.Notice) (*stream.Message, error) {
		v, err := c.view(n, kind)
		if err != nil || v == nil {
			return nil, err
		}
		return &stream.Message{ID: v.Number, Kind: string(v.Kind), Data: v}, nil
	})
	if began && err != nil && ctx.Err() == nil {
		c.log().ErrorContext(ctx, "the stream of events ends", "error", err)
	}
	if began || ctx.Err() != nil {
		return nil
	}
	return err
}

// await waits for events after a number, for some time.
func (c *call) await(after int64, kind string, d time.Duration) (list []eventView, next int64, err error) {
	deadline := time.NewTimer(d)
	defer deadline.Stop()
	defer c.s.tail.Join(c.ctx())()
	for {
		notices, next, more, err := c.s.tail.Next(c.ctx(), after, c.s.tail.Read)
		if err != nil {
			return nil, after, err
		}
		for i := range notices {
			v, err := c.view(&notices[i], kind)
			if err != nil {
				return nil, after, err
			}
			if after = notices[i].Number; v != nil {
				if list = append(list, *v); len(list) == c.limit() {
					break
				}
			}
		}
		if len(list) > 0 {
			return list, after, nil
		}
		if after = next; len(notices) > 0 {
			continue
		}
		select {
		case <-deadline.C:
			return nil, after, nil
		case <-more:
		case <-c.ctx().Done():
			return nil, after, c.ctx().Err()
		}
	}
}

// views are events as tenants see them, which all streams of a tenant share for a moment.
type views struct {
	mu    sync.Mutex
	since time.Time
	views map[viewKey]*view
}

type viewKey struct {
	tenant string
	number int64
}

type view struct {
	mu    sync.Mutex
	known bool
	event *eventView
}

// get returns a view, which may have to be made.
func (s *views) get(key viewKey, now time.Time) *view {
	s.mu.Lock()
	defer s.mu.Unlock()
	if age := now.Sub(s.since); age < 0 || age > viewTime || len(s.views) >= mostViews {
		s.since, s.views = now, make(map[viewKey]*view)
	}
	v := s.views[key]
	if v == nil {
		v = new(view)
		s.views[key] = v
	}
	return v
}

// view returns an event as event does, once for all streams of the tenant.
func (c *call) view(n *catalog.Notice, kind string) (*eventView, error) {
	if kind != "" && n.Kind != kind {
		return nil, nil
	}
	v := c.s.views.get(viewKey{c.tenant(), n.Number}, time.Now())
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.known {
		return v.event, nil
	}
	g, release, err := c.s.Index.Generations(c.ctx())
	if err != nil {
		return nil, err
	}
	defer release()
	if v.event, err = c.event(c.s.Verdicts.Journal(c.tenant()), n, g, ""); err == nil {
		v.known = true
	}
	return v.event, err
}
