package clair

import (
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strconv"

	"github.com/hullmark/hullmark/matcher/watch"
	"github.com/hullmark/hullmark/matcher/watch/webhook"
)

type notification struct {
	ID            string  `json:"id"`
	Manifest      string  `json:"manifest"`
	Reason        string  `json:"reason"`
	Vulnerability summary `json:"vulnerability"`
}

type page struct {
	Page struct {
		Size int    `json:"size"`
		Next string `json:"next,omitempty"`
	} `json:"page"`
	Notifications []notification `json:"notifications"`
}

// notificationPage returns a page of the notifications of a delivery: up to size, from the one with the ID next, or from the first one. It returns
// ErrNotFound for an unknown next.
func notificationPage(d *webhook.Delivery, next string, size int) (*page, error) {
	all := notifications(d)
	start := 0
	if next != "" {
		if start = slices.IndexFunc(all, func(n notification) bool { return n.ID == next }); start < 0 {
			return nil, ErrNotFound
		}
	}
	end := min(len(all), start+size)
	p := &page{Notifications: append([]notification{}, all[start:end]...)}
	p.Page.Size = len(p.Notifications)
	if end < len(all) {
		p.Page.Next = all[end].ID
	}
	return p, nil
}

// notifications returns the notifications of a delivery, each manifest and vulnerability once. A changed vulnerability is removed in its old
// state and added in its new one: Clair, whose vulnerabilities don't change, does the same, and its schema has no other reasons.
func notifications(d *webhook.Delivery) []notification {
	list := []notification{}
	seen := make(map[string]bool)
	for i := range d.Messages {
		m := &d.Messages[i]
		if m.Vulnerability == "" {
			continue // about images, not about vulnerabilities
		}
		for _, image := range m.Images {
			add := func(reason, name string, state webhook.State) {
				id := webhook.ClairID(d.ID + "\x00" + m.ID + "\x00" + image.Digest + "\x00" + reason)
				if image.Digest != "" && !seen[id] { // an image with several tags occurs several times
					seen[id] = true
					list = append(list, notification{id, image.Digest, reason, summaryOf(m, name, state)})
				}
			}
			switch m.Kind {
			case watch.Appeared:
				add("added", m.Vulnerability, m.New)
			case watch.Disappeared:
				add("removed", m.Vulnerability, m.Old)
			case watch.Renamed:
				add("removed", m.Was, m.Old)
				add("added", m.Vulnerability, m.New)
			default:
				add("removed", m.Vulnerability, m.Old)
				add("added", m.Vulnerability, m.New)
			}
		}
	}
	return list
}

// summaryOf returns Clair's form of a vulnerability. An event does not have the versions.
func summaryOf(m *webhook.Message, name string, state webhook.State) summary {
	level := severities[state.Level]
	s := summary{Name: name, Severity: level, Normalized: level, Description: m.Text}
	p := &m.Package
	full := p.Name
	if p.Release == "" && p.Namespace != "" {
		full = p.Namespace + "/" + p.Name
	}
	s.Package, s.Operation = &pack{Name: full}, anyArch
	if p.Release != "" {
		s.Distribution = &distribution{ID: distributionID, DID: p.Namespace, Release: p.Release}
	} else if p.Type != "" {
		s.Repository = &repository{ID: p.Type, Name: p.Type}
	}
	return s
}

var uuid = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

func (h *Handler) notification(w http.ResponseWriter, r *http.Request, id string) error {
	kind, err := accept(r, typeNotification)
	if err != nil {
		return err
	}
	query := r.URL.Query()
	next, size := query.Get("next"), defaultPage
	if text := query.Get("page_size"); text != "" {
		if size, err = strconv.Atoi(text); err != nil || size < 0 {
			return bad("page_size is no number of notifications")
		}
		if size == 0 {
			size = defaultPage
		}
	}
	if !uuid.MatchString(id) || next != "" && !uuid.MatchString(next) {
		return bad("the identifier of the notification, or next, is malformed")
	}
	d, err := h.Backend.Delivery(r.Context(), id)
	if err != nil {
		return err
	}
	p, err := notificationPage(d, next, min(size, maxPage))
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, kind, p)
}

// acknowledge forgets a notification. A second request, after one whose answer was lost, succeeds, too: Clair fails for an unknown
// identifier, which clients repeat for ever, see https://github.com/quay/clair/issues/1716.
func (h *Handler) acknowledge(w http.ResponseWriter, r *http.Request, id string) error {
	if !uuid.MatchString(id) {
		return bad("the identifier of the notification is malformed")
	}
	if err := h.Backend.Acknowledge(r.Context(), id); err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	w.WriteHeader(http.StatusOK)
	return nil
}
