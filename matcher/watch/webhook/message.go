package webhook

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/watch"
)

// Kinds of messages, beside those of package watch.
const (
	ImageAnalyzed  watch.Kind = "image-analyzed"
	AnalysisFailed watch.Kind = "analysis-failed"
	TagMoved       watch.Kind = "tag-moved"
	VerdictChanged watch.Kind = "verdict-changed"
	FeedFailed     watch.Kind = "feed-failed"
	MarkExpired    watch.Kind = "mark-expired" // a statement about a vulnerability expired
	Test           watch.Kind = "test"         // sent by Sender.Test
)

// A Message is one event and its images. Its JSON form is the one that receivers of [JSON] get.
type Message struct {
	ID            string     `json:"id"` // ID of the event; a Sender queues it once for each subscription
	Kind          watch.Kind `json:"kind"`
	Time          time.Time  `json:"time"` // time of the event
	Vulnerability string     `json:"vulnerability,omitempty"`
	Was           string     `json:"was,omitempty"` // the identifier before, of watch.Renamed
	Package       Package    `json:"package,omitzero"`
	Old           State      `json:"old,omitzero"`
	New           State      `json:"new,omitzero"`
	Images        []Image    `json:"images,omitempty"`
	More          int        `json:"moreImages,omitempty"` // images that Images leaves out; Sender.Queue needs all, and sets it
	Text          string     `json:"text,omitempty"`       // says more, in one line
}

// A Package is the package that the advisories of an event are about. The fields are those of matcher.Key.
type Package struct {
	Type      string `json:"type"`
	Namespace string `json:"namespace,omitempty"`
	Release   string `json:"release,omitempty"`
	Name      string `json:"name"`
}

// A State is a watch.State with a JSON form.
type State struct {
	Status    matcher.Status `json:"status"`
	Uncertain bool           `json:"uncertain,omitempty"`
	Fixable   bool           `json:"fixable,omitempty"`
	Level     matcher.Level  `json:"severity"`
	Exploited bool           `json:"exploited,omitempty"`
}

// An Image is an image that an event is about.
type Image struct {
	Repository string `json:"repository,omitempty"` // "registry.example/team/app"
	Tag        string `json:"tag,omitempty"`
	Digest     string `json:"digest,omitempty"`
	Tenant     string `json:"tenant,omitempty"`
}

// FromEvent returns the message of an event of package watch. Images are all images that have the event's package versions.
func FromEvent(e watch.Event, at time.Time, images []Image) Message {
	return Message{ID: e.ID, Kind: e.Kind, Time: at, Vulnerability: e.Vulnerability, Was: e.Was, Package: Package(e.Package), Old: State(e.Old), New: State(e.New), Images: images}
}

// String returns the repository, tag and digest.
func (i Image) String() string {
	s := i.Repository
	if i.Tag != "" {
		s += ":" + i.Tag
	}
	if s != "" && i.Digest != "" {
		s += "@"
	}
	return s + i.Digest
}

// text returns the name and its ecosystem: "openssl (deb, debian 12)".
func (p Package) text() string {
	if p == (Package{}) {
		return ""
	}
	where := []string{p.Type}
	if distro := strings.TrimSpace(p.Namespace + " " + p.Release); p.Release != "" {
		where = append(where, distro)
	}
	name := p.Name
	if p.Release == "" && p.Namespace != "" {
		name = p.Namespace + "/" + p.Name
	}
	return name + " (" + strings.Join(where, ", ") + ")"
}

var kindText = map[watch.Kind]string{
	watch.Appeared: "new vulnerability", watch.Disappeared: "no longer affected", watch.FixAvailable: "fix available", watch.SeverityChanged: "severity changed",
	watch.Exploited: "exploited", watch.StatusChanged: "assessment changed", watch.Renamed: "renamed", ImageAnalyzed: "image analyzed", AnalysisFailed: "analysis failed",
	TagMoved: "tag moved", VerdictChanged: "verdict changed", FeedFailed: "feed failed", MarkExpired: "statement expired", Test: "test message",
}

func textOf(k watch.Kind) string { return cmp.Or(kindText[k], string(k), "event") }

// text returns the message in one line of English, without its images. Names are not escaped.
func (m *Message) text() string {
	var b strings.Builder
	b.WriteString(textOf(m.Kind))
	if m.Vulnerability != "" {
		b.WriteString(": " + m.Vulnerability)
	}
	if m.Was != "" {
		b.WriteString(", before " + m.Was)
	}
	if p := m.Package.text(); p != "" {
		b.WriteString(" in " + p)
	}
	switch {
	case m.Kind == watch.SeverityChanged:
		fmt.Fprintf(&b, ", from %s to %s", m.Old.Level, m.New.Level)
	case m.Kind == watch.StatusChanged && m.Old.Status != m.New.Status:
		fmt.Fprintf(&b, ", from %s to %s", m.Old.Status.Text(), m.New.Status.Text())
	case m.New != State{}:
		fmt.Fprintf(&b, ", severity %s", m.New.Level)
	}
	if m.Text != "" {
		b.WriteString(": " + m.Text)
	}
	return b.String()
}
