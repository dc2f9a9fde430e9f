package falco

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hullmark/hullmark/examples/fleet/store"
	"github.com/hullmark/hullmark/examples/fleet/stream"
)

// A Handler serves these paths:
//
//	POST   /v1/falco/alerts            Falco's http_output: an alert, an array, or lines; ?platform= of the host
//	GET    /v1/falco/events            ?image= ?container= ?rule= ?priority= ?order=newest ?cursor= ?limit=, also as a stream
//	GET    /v1/falco/counts            ?image=
//	GET    /v1/falco/diagnostics       ?cursor= ?limit=
//	PUT    /v1/falco/containers/{id}   {"image": digest}, from an agent on the host
//	GET    /v1/falco/monitoring
//	PUT    /v1/falco/monitoring        {"name": repository, digest or container, "on": false}
//	GET    /v1/falco/marks
//	POST   /v1/falco/marks             {"image", "rule", "path", "reason", "author", "expires"}
//	DELETE /v1/falco/marks/{id}
type Handler struct {
	Intake *Intake

	// Tenant returns the tenant of an authenticated request. It answers the request itself if it returns false.
	Tenant func(w http.ResponseWriter, r *http.Request) (string, bool)

	mu    sync.Mutex
	tails map[string]*stream.Tail[string, Event] // by tenant
}

// A failure is an error for the client.
type failure struct {
	status  int
	message string
}

func (f *failure) Error() string { return f.message }

func bad(message string) error { return &failure{http.StatusBadRequest, message} }

const eventsPattern = "GET /v1/falco/events"

// Handler returns the handler of all paths.
func (h *Handler) Handler() http.Handler {
	mux := http.NewServeMux()
	for pattern, run := range map[string]func(r *http.Request, tenant string) (int, any, error){
		"POST /v1/falco/alerts":         h.alerts,
		eventsPattern:                   h.events,
		"GET /v1/falco/counts":          h.counts,
		"GET /v1/falco/diagnostics":     h.diagnostics,
		"PUT /v1/falco/containers/{id}": h.setContainer,
		"GET /v1/falco/monitoring":      h.targets,
		"PUT /v1/falco/monitoring":      h.monitor,
		"GET /v1/falco/marks":           h.marks,
		"POST /v1/falco/marks":          h.addMark,
		"DELETE /v1/falco/marks/{mark}": h.deleteMark,
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			tenant, ok := h.Tenant(w, r)
			if !ok {
				return
			}
			r.Body = http.MaxBytesReader(w, r.Body, maxBody)
			if pattern == eventsPattern && strings.Contains(r.Header.Get("Accept"), "text/event-stream") {
				if err := h.stream(w, r, tenant); err != nil {
					h.fail(w, r, err)
				}
				return
			}
			status, value, err := run(r, tenant)
			if err != nil {
				h.fail(w, r, err)
				return
			}
			if w.Header().Set("Content-Type", "application/json"); value == nil {
				w.WriteHeader(status)
				return
			}
			var b bytes.Buffer
			e := json.NewEncoder(&b)
			e.SetEscapeHTML(false) // alerts stay unchanged
			if err := e.Encode(value); err != nil {
				h.fail(w, r, err)
				return
			}
			w.WriteHeader(status)
			w.Write(b.Bytes()) // the client may be gone
		})
	}
	return mux
}

// fail writes the problem of an error.
func (h *Handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	f, known := errors.AsType[*failure](err)
	_, large := errors.AsType[*http.MaxBytesError](err)
	switch {
	case known:
	case large:
		f = &failure{http.StatusRequestEntityTooLarge, "the body has more than " + strconv.Itoa(maxBody) + " bytes"}
	case errors.Is(err, ErrNotFound):
		f = &failure{http.StatusNotFound, "there is no such mark"}
	default:
		h.Intake.log().ErrorContext(r.Context(), "request failed", "path", r.URL.Path, "error", err)
		f = &failure{http.StatusInternalServerError, "internal error"}
	}
	body, _ := json.Marshal(map[string]any{"type": "about:blank", "title": http.StatusText(f.status), "status": f.status, "detail": f.message}) // RFC 9457
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(f.status)
	w.Write(append(body, '\n'))
}

func (h *Handler) alerts(r *http.Request, tenant string) (int, any, error) {
	body, err := io.ReadAll(r.Body)
	if _, large := errors.AsType[*http.MaxBytesError](err); err != nil && !large {
		return 0, nil, bad("the body cannot be read")
	}
	if err != nil {
		return 0, nil, err
	}
	lines, err := documents(body)
	if err != nil {
		return 0, nil, &failure{http.StatusRequestEntityTooLarge, err.Error()}
	}
	text := r.URL.Query().Get("platform")
	host := platform(text)
	if text != "" && host == "" {
		return 0, nil, bad("platform must be an operating system and an architecture, such as linux/arm64")
	}
	n, err := h.Intake.Lines(r.Context(), tenant, "http", host, lines)
	return http.StatusOK, n, err
}

// A list is a page of items, and the cursor of the next one.
type list[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty"`
}

// page makes a page of items that were read with one more than the limit.
func page[T any](items []T, limit int, id func(*T) string) list[T] {
	p := list[T]{Items: items}
	if len(items) > limit {
		p.Items = items[:limit]
		p.Next = id(&p.Items[limit-1])
	}
	if p.Items == nil {
		p.Items = []T{}
	}
	return p
}

func limit(r *http.Request) (int, error) {
	text := r.URL.Query().Get("limit")
	if text == "" {
		return 100, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > 1000 {
		return 0, bad("limit must be 1 to 1000")
	}
	return n, nil
}

// query returns the query of a request for n alerts.
func query(r *http.Request, n int) (Query, error) {
	v := r.URL.Query()
	if c := v.Get("container"); c != "" && (len(c) > 64 || strings.Trim(c, "0123456789abcdef") != "") {
		return Query{}, bad("container must be the beginning of an identifier")
	}
	return Query{Image: clip(v.Get("image")), Container: v.Get("container"), Rule: clip(v.Get("rule")), Priority: Priority(clip(v.Get("priority"))),
		Newest: v.Get("order") == "newest", After: clip(v.Get("cursor")), Limit: n}, nil
}

func (h *Handler) events(r *http.Request, tenant string) (int, any, error) {
	n, err := limit(r)
	if err != nil {
		return 0, nil, err
	}
	q, err := query(r, n+1)
	if err != nil {
		return 0, nil, err
	}
	items, err := h.list(r.Context(), tenant, q)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, page(items, n, func(e *Event) string { return e.ID }), nil
}

// list returns alerts, with the marks that hold.
func (h *Handler) list(ctx context.Context, tenant string, q Query) ([]Event, error) {
	items, err := h.Intake.Store.Events(ctx, tenant, q)
	if err != nil || len(items) == 0 {
		return nil, err
	}
	marks, err := h.Intake.Store.Marks(ctx, tenant)
	if err != nil {
		return nil, err
	}
	for i := range items {
		for m := range marks {
			if marks[m].holds(&items[i], h.Intake.now()) {
				items[i].FalsePositive = marks[m].ID
				break
			}
		}
	}
	return items, nil
}

// tail returns the newest alerts of a tenant.
func (h *Handler) tail(tenant string) *stream.Tail[string, Event] {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.tails == nil {
		h.tails = make(map[string]*stream.Tail[string, Event])
	}
	t := h.tails[tenant]
	if t == nil {
		t = &stream.Tail[string, Event]{
			Key:  func(e *Event) string { return e.ID },
			Size: func(e *Event) int { return len(e.Alert) + maxText },
			Last: func(ctx context.Context) (string, error) { return h.Intake.Store.Last(ctx, tenant) },
			Read: func(ctx context.Context, after string) ([]Event, error) {
				return h.list(ctx, tenant, Query{After: after, Limit: stream.AtOnce})
			},
			Log: h.Intake.log(),
		}
		h.tails[tenant] = t
	}
	return t
}

// stream sends alerts as they come. The image of an alert that is joined later is not sent again.
func (h *Handler) stream(w http.ResponseWriter, r *http.Request, tenant string) error {
	q, err := query(r, stream.AtOnce)
	if err != nil {
		return err
	}
	after := q.After
	if last := clip(r.Header.Get("Last-Event-ID")); last != "" {
		after = last
	}
	t := h.tail(tenant)
	began, err := t.Send(r.Context(), w, after, func(ctx context.Context, after string) ([]Event, error) {
		old := q
		old.Newest, old.After = false, after
		return h.list(ctx, tenant, old)
	}, func(e *Event) (*stream.Message, error) {
		if !q.selects(e) {
			return nil, nil
		}
		return &stream.Message{ID: e.ID, Kind: "alert", Data: e}, nil
	})
	if began && err != nil && r.Context().Err() == nil {
		h.Intake.log().ErrorContext(r.Context(), "the stream of alerts ends", "error", err)
	}
	if began || r.Context().Err() != nil {
		return nil
	}
	return err
}

func (h *Handler) counts(r *http.Request, tenant string) (int, any, error) {
	items, err := h.Intake.Store.Counts(r.Context(), tenant, clip(r.URL.Query().Get("image")))
	return http.StatusOK, list[Count]{Items: append([]Count{}, items...)}, err
}

func (h *Handler) diagnostics(r *http.Request, tenant string) (int, any, error) {
	n, err := limit(r)
	if err != nil {
		return 0, nil, err
	}
	items, err := h.Intake.Store.Diagnostics(r.Context(), tenant, clip(r.URL.Query().Get("cursor")), n+1)
	return http.StatusOK, page(items, n, func(d *Diagnostic) string { return d.ID }), err
}

// decode reads a small body.
func decode(r *http.Request, target any) error {
	d := json.NewDecoder(io.LimitReader(r.Body, 64<<10))
	d.DisallowUnknownFields()
	if err := d.Decode(target); err != nil {
		return bad("the body is malformed")
	}
	return nil
}

func (h *Handler) setContainer(r *http.Request, tenant string) (int, any, error) {
	var in struct{ Image string }
	if err := decode(r, &in); err != nil {
		return 0, nil, err
	}
	id := r.PathValue("id")
	if !isContainer(id) || in.Image == "" || clip(in.Image) != in.Image {
		return 0, nil, bad("the identifier of the container or the digest of the image is malformed")
	}
	return http.StatusNoContent, nil, h.Intake.Store.SetContainer(r.Context(), tenant, id, in.Image)
}

func (h *Handler) targets(r *http.Request, tenant string) (int, any, error) {
	items, err := h.Intake.Store.Targets(r.Context(), tenant)
	return http.StatusOK, list[Target]{Items: append([]Target{}, items...)}, err
}

func (h *Handler) monitor(r *http.Request, tenant string) (int, any, error) {
	var in struct {
		Name string
		On   *bool
	}
	if err := decode(r, &in); err != nil {
		return 0, nil, err
	}
	if in.Name == "" || in.On == nil || clip(in.Name) != in.Name {
		return 0, nil, bad("name and on are required")
	}
	return http.StatusNoContent, nil, h.Intake.Store.Monitor(r.Context(), tenant, in.Name, *in.On)
}

func (h *Handler) marks(r *http.Request, tenant string) (int, any, error) {
	items, err := h.Intake.Store.Marks(r.Context(), tenant)
	return http.StatusOK, list[Mark]{Items: append([]Mark{}, items...)}, err
}

func (h *Handler) addMark(r *http.Request, tenant string) (int, any, error) {
	var in struct {
		Image, Rule, Path, Reason, Author string
		Expires                           time.Time
	}
	if err := decode(r, &in); err != nil {
		return 0, nil, err
	}
	switch {
	case in.Rule == "" || in.Reason == "" || in.Author == "":
		return 0, nil, bad("rule, reason and author are required")
	case !in.Expires.IsZero() && in.Expires.Before(h.Intake.now()):
		return 0, nil, bad("the mark would have expired already")
	}
	if marks, err := h.Intake.Store.Marks(r.Context(), tenant); err != nil {
		return 0, nil, err
	} else if len(marks) >= maxMarks {
		return 0, nil, &failure{http.StatusConflict, fmt.Sprintf("the tenant has %d marks", maxMarks)}
	}
	m := &Mark{store.NewID(), clip(in.Image), clip(in.Rule), clip(in.Path), clip(in.Reason), clip(in.Author), h.Intake.now().UTC().Truncate(time.Microsecond), in.Expires}
	return http.StatusCreated, m, h.Intake.Store.AddMark(r.Context(), tenant, m)
}

func (h *Handler) deleteMark(r *http.Request, tenant string) (int, any, error) {
	return http.StatusNoContent, nil, h.Intake.Store.DeleteMark(r.Context(), tenant, clip(r.PathValue("mark")))
}
