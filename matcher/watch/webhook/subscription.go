package webhook

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/hullmark/hullmark/internal/glob"
	"github.com/hullmark/hullmark/matcher/watch"
)

// A Subscription says which messages a receiver gets, and how. The caller stores it.
type Subscription struct {
	ID       string
	Disabled bool // deliveries become dead instead of being sent

	Kinds        []watch.Kind  // to deliver; all if it is empty
	Tenant       string        // only images of this tenant; all images if it is ""
	Repositories []string      // only images whose repository matches one of these patterns, in which "*" is any text; all if it is empty
	Digest       time.Duration // collects the messages of each such period, counted from the zero time, and sends them as one

	URL    string // http or https; "{id}" in it is replaced by the webhook-id
	Format Format // JSON if it is nil

	Secrets        []string     // sign with each, in the form of NewSecret; unsigned if it is empty
	Bearer         string       // token of the header Authorization
	User, Password string       // for the header Authorization, if Bearer is ""
	Client         *http.Client // with a client certificate, for instance; nil for that of the Sender

	// Deliver replaces HTTP, for e-mail and other ways. The ID is the webhook-id: the same ID is the same message again.
	Deliver func(ctx context.Context, id string, b *Body) error
}

// Bounds of stored messages, in characters and images.
const (
	maxName         = 256
	maxText         = 1000
	maxImages       = 100
	maxDigestImages = 10
)

// selects returns m with the images that s is about, and false if s is not about m. A message without images is for subscriptions that
// are not restricted to some images.
func (s *Subscription) selects(m Message) (Message, bool) {
	if len(s.Kinds) > 0 && !slices.Contains(s.Kinds, m.Kind) {
		return m, false
	}
	most := maxImages
	if s.Digest > 0 {
		most = maxDigestImages
	}
	restricted := s.Tenant != "" || len(s.Repositories) > 0
	var images []Image
	more := 0
	if !restricted {
		more = m.More
	}
	for _, i := range m.Images {
		switch {
		case !s.has(i):
		case len(images) == most:
			more++
		default:
			images = append(images, i)
		}
	}
	m.Images, m.More = images, more
	return bounded(m), len(images) > 0 || !restricted
}

func (s *Subscription) has(i Image) bool {
	if s.Tenant != "" && s.Tenant != i.Tenant {
		return false
	}
	return len(s.Repositories) == 0 || slices.ContainsFunc(s.Repositories, func(p string) bool { return glob.Match(p, i.Repository) })
}

// bounded returns m with long texts cut, in UTF-8.
func bounded(m Message) Message {
	return mapped(m, func(s string, n int) string { return strings.ToValidUTF8(cut(s, n), "\uFFFD") })
}

// mapped returns m with a function applied to each text from outside, with the greatest number of characters.
func mapped(m Message, f func(s string, n int) string) Message {
	for _, s := range []*string{&m.ID, &m.Vulnerability, &m.Was, &m.Package.Type, &m.Package.Namespace, &m.Package.Release, &m.Package.Name} {
		*s = f(*s, maxName)
	}
	m.Kind = watch.Kind(f(string(m.Kind), maxName))
	m.Text = f(m.Text, maxText)
	m.Images = slices.Clone(m.Images)
	for i := range m.Images {
		image := &m.Images[i]
		*image = Image{f(image.Repository, maxName), f(image.Tag, maxName), f(image.Digest, maxName), f(image.Tenant, maxName)}
	}
	return m
}

// deliveryID returns the webhook-id of the parts of a delivery, which has no full stop.
func deliveryID(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		sum := sha256.Sum256([]byte(p))
		h.Write(sum[:])
	}
	return "msg_" + hex.EncodeToString(h.Sum(nil)[:16])
}
