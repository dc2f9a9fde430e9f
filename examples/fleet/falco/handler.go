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
	"time"

	"github.com/hullmark/hullmark/examples/fleet/store"
)

// A Handler serves these paths:
//
//	POST   /v1/falco/alerts            Falco's http_output: an alert, an array, or lines
//	GET    /v1/falco/events            ?image= ?container= ?rule= ?priority= ?order=newest ?cursor= ?limit=, or a stream of server-sent events
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
}

// A failure is an error for the client.
type failure struct {
	status  int
	message string
}

func (f *failure) Error() string { return f.message }

func bad(message string) error { return &failure{http.StatusBadRequest, message} }

// Handler returns the handler of all paths.
func (h *Handler) Handler() http.Handler {
	mux := http.NewServeMux()
	for pattern, run := range map[string]func(r *http.Request, tenant string) (int, any, error){
		"POST /v1/falco/alerts":         h.alerts,
		"GET /v1/falco/events":          h.events,
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
			status, value, err := run(r, tenant)
			if q, ok := value.(*Query); ok && err == nil {
				h.stream(w, r, tenant, q)
				return
			}
			if err != nil {
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
				status, value = f.status, map[string]any{"type": "about:blank", "title": http.StatusText(f.status), "status": f.status, "detail": f.message} // RFC 9457
				w.Header().Set("Content-Type", "application/problem+json")
			} else {
				w.Header().Set("Content-Type", "application/json")
			}
			if value == nil {
				w.WriteHeader(status)
				return
			}
			var b bytes.Buffer
			e := json.NewEncoder(&b)
			e.SetEscapeHTML(false) // alerts stay as they are
			if err := e.Encode(value); err != nil {
				h.Intake.log().ErrorContext(r.Context(), "writing a response failed", "error", err)
				status = http.StatusInternalServerError
			}
			w.WriteHeader(status)
			w.Write(b.Bytes()) // the client may be gone
		})
	}
	return mux
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
	n, err := h.Intake.Lines(r.Context(), tenant, "http", lines)
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

func (h *Handler) events(r *http.Request, tenant string) (int, any, error) {
	n, err := limit(r)
	if err != nil {
		return 0, nil, err
	}
	q := r.URL.Query()
	if c := q.Get("container"); c != "" && (len(c) > 64 || strings.Trim(c, "0123456789abcdef") != "") {
		return 0, nil, bad("container must be the beginning of an identifier")
	}
	query := &Query{Image: clip(q.Get("image")), Container: q.Get("container"), Rule: clip(q.Get("rule")), Priority: Priority(clip(q.Get("priority"))),
		Newest: q.Get("order") == "newest", After: clip(q.Get("cursor")), Limit: n + 1}
	if strings.Contains(r.Header.Get("Accept"), "text/event-stream") {
		if last := r.Header.Get("Last-Event-ID"); last != "" {
			query.After = clip(last)
		}
		query.Newest, query.Limit = false, streamed
		return http.StatusOK, query, nil
	}
	items, err := h.selected(r.Context(), tenant, query)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, page(items, n, func(e *Event) string { return e.ID }), nil
}

// selected returns events with the marks that hold for them.
func (h *Handler) selected(ctx context.Context, tenant string, q *Query) ([]Event, error) {
	items, err := h.Intake.Store.Events(ctx, tenant, *q)
	if err != nil || len(items) == 0 {
		return items, err
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

const (
	streamed  = 100 // events that a stream reads at once
	heartbeat = 15 * time.Second
)

// stream sends events as they come, until the context of the request ends.
func (h *Handler) stream(w http.ResponseWriter, r *http.Request, tenant string, q *Query) {
	ctx, rc := r.Context(), http.NewResponseController(w)
	w.Header().Set("Content-Type", "text/event-stream")
	w.WriteHeader(http.StatusOK)
	look, beat := time.NewTicker(poll), time.NewTicker(heartbeat)
	defer look.Stop()
	defer beat.Stop()
	for {
		if err := h.send(ctx, w, tenant, q); err != nil {
			if ctx.Err() == nil {
				h.Intake.log().ErrorContext(ctx, "the stream of alerts ends", "error", err)
			}
			return
		}
		if rc.Flush() != nil {
			return // the client is gone
		}
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
			fmt.Fprint(w, ": waiting\n\n")
		case <-look.C:
		}
	}
}

// send sends the events after the one in the query, and sets it to the last one that was written, whether the query selects it or not.
func (h *Handler) send(ctx context.Context, w io.Writer, tenant string, q *Query) error {
	last, err := h.Intake.Store.Last(ctx, tenant)
	for err == nil && q.After < last {
		var items []Event
		if items, err = h.selected(ctx, tenant, q); err != nil {
			break
		}
		for i := range items {
			data, err := json.Marshal(&items[i])
			if err != nil {
				return err
			}
			if _, err := fmt.Fprintf(w, "id: %s\nevent: alert\ndata: %s\n\n", items[i].ID, data); err != nil {
				return nil // the client is gone, and so is its context
			}
		}
		if len(items) < q.Limit {
			q.After = max(last, q.After)
		} else {
			q.After = items[len(items)-1].ID
		}
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
