package webhook

import (
	"crypto/sha256"
	"fmt"
	"strings"

	"github.com/hullmark/hullmark/matcher/watch"
)

// Clair is the body that the notifier of Clair v4 sends: the ID of the notification, a UUID, and a URL below callback from which the receiver
// fetches it. A server answers there with [ClairPage]. ClairID tells the UUID of a delivery.
func Clair(callback string) Format {
	return func(d *Delivery) (*Body, error) {
		id := ClairID(d.ID)
		return marshal(typeJSON, struct {
			ID       string `json:"notification_id"`
			Callback string `json:"callback"`
		}{id, strings.TrimSuffix(callback, "/") + "/" + id})
	}
}

// ClairID returns the UUID by which Clair's receivers know a delivery.
func ClairID(id string) string {
	h := sha256.Sum256([]byte(id))
	h[6], h[8] = h[6]&0x0f|0x80, h[8]&0x3f|0x80 // version 8: made by other means
	return fmt.Sprintf("%x-%x-%x-%x-%x", h[:4], h[4:6], h[6:8], h[8:10], h[10:16])
}

type clairPackage struct {
	Name string `json:"name"`
}

type clairDistribution struct {
	ID        string `json:"id"`
	DID       string `json:"did"`
	VersionID string `json:"version_id"`
}

type clairVulnerability struct {
	Name           string             `json:"name"`
	Description    string             `json:"description"`
	Package        *clairPackage      `json:"package,omitempty"`
	Distribution   *clairDistribution `json:"distribution,omitempty"`
	Severity       string             `json:"severity"`
	Normalized     string             `json:"normalized_severity"`
	Operation      string             `json:"arch_op"`
	FixedInVersion string             `json:"fixed_in_version"`
	Links          string             `json:"links"`
}

type clairNotification struct {
	ID            string             `json:"id"`
	Manifest      string             `json:"manifest"`
	Reason        string             `json:"reason"`
	Vulnerability clairVulnerability `json:"vulnerability"`
}

// ClairPage is the page of notifications that a receiver of [Clair] fetches: one notification for each vulnerability and manifest. It leaves out
// messages that are not about vulnerabilities. There is one page.
func ClairPage(d *Delivery) (*Body, error) {
	list := []clairNotification{}
	for i := range d.Messages {
		m := &d.Messages[i]
		if m.Vulnerability == "" {
			continue
		}
		for _, c := range clairChanges(m) {
			v := clairOf(m, c.name, c.state)
			for _, image := range m.Images {
				list = append(list, clairNotification{ClairID(d.ID + m.ID + image.Digest + c.reason), image.Digest, c.reason, v})
			}
		}
	}
	var page struct {
		Page struct {
			Size int `json:"size"`
		} `json:"page"`
		Notifications []clairNotification `json:"notifications"`
	}
	page.Page.Size, page.Notifications = len(list), list
	return marshal(typeJSON, page)
}

// A clairChange is a vulnerability that is added or removed.
type clairChange struct {
	reason, name string
	state        State
}

// clairChanges returns the changes of a message. Clair's vulnerabilities don't change, so one that does is removed in its old state and added in
// its new one, as in Clair's document, which has no other reason.
func clairChanges(m *Message) []clairChange {
	was := m.Vulnerability
	if m.Was != "" {
		was = m.Was
	}
	removed, added := clairChange{"removed", was, m.Old}, clairChange{"added", m.Vulnerability, m.New}
	switch m.Kind {
	case watch.Appeared:
		return []clairChange{added}
	case watch.Disappeared:
		return []clairChange{removed}
	}
	return []clairChange{removed, added}
}

// clairOf returns Clair's form of a vulnerability. An event does not have the fixed version.
func clairOf(m *Message, name string, state State) clairVulnerability {
	level := state.Level.String()
	level = strings.ToUpper(level[:1]) + level[1:]
	v := clairVulnerability{Name: name, Description: m.Text, Severity: level, Normalized: level, Operation: "pattern match"}
	if m.Package.Name != "" {
		v.Package = &clairPackage{m.Package.Name}
	}
	if m.Package.Release != "" {
		v.Distribution = &clairDistribution{"1", m.Package.Namespace, m.Package.Release}
	}
	return v
}
