// Package neighbours connects the packages admission, harbor, clair and falco with the service.
package neighbours

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"go.opentelemetry.io/otel/attribute"

	"github.com/hullmark/hullmark/db/catalog"
	"github.com/hullmark/hullmark/db/catalog/journal"
	"github.com/hullmark/hullmark/examples/fleet/admission"
	"github.com/hullmark/hullmark/examples/fleet/advisories"
	"github.com/hullmark/hullmark/examples/fleet/answer"
	"github.com/hullmark/hullmark/examples/fleet/clair"
	"github.com/hullmark/hullmark/examples/fleet/falco"
	"github.com/hullmark/hullmark/examples/fleet/harbor"
	"github.com/hullmark/hullmark/examples/fleet/seal"
	"github.com/hullmark/hullmark/examples/fleet/store"
	"github.com/hullmark/hullmark/examples/fleet/telemetry"
	"github.com/hullmark/hullmark/examples/fleet/verdict"
	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/matcher/watch"
	"github.com/hullmark/hullmark/matcher/watch/webhook"
)

const (
	priority = 3 // of submissions that a person or a cluster waits for
	pollTime = 200 * time.Millisecond
	maxPages = 100 // of deliveries that are searched for a notification, 500 each
)

// Events of admission.
const Admission watch.Kind = "admission"

// A Service is what all neighbours need.
type Service struct {
	Store      *store.Store
	Answers    *answer.Answerer
	Verdicts   *verdict.Evaluator
	Advisories *advisories.Provider
	Key        *seal.Key
	Submit     func(ctx context.Context, list ...*store.Submission) error
	State      string // changes with the versions of the analyzers
	Version    string
	Log        *slog.Logger
	ReviewTime time.Duration // of admission; see admission.Handler
}

// Secret decrypts the secret of a submission.
func (s *Service) Secret(m *store.Submission) ([]byte, error) { return s.Key.Open(m.Secret, place(m)) }

func place(m *store.Submission) string { return "submission\x00" + m.Tenant + "\x00" + m.ID }

// submit submits an image with a secret, which may be nil.
func (s *Service) submit(ctx context.Context, m *store.Submission, secret []byte) error {
	m.ID, m.Priority = store.NewID(), priority
	if secret != nil {
		m.Secret = s.Key.Seal(secret, place(m))
	}
	return s.Submit(ctx, m)
}

// analyzed returns an image of a tenant that is analyzed, or store.ErrNotFound.
func (s *Service) analyzed(ctx context.Context, tenant, digest string) (*store.Image, error) {
	m, err := s.Store.Image(ctx, tenant, digest)
	if err == nil && m.State != store.Analyzed {
		err = store.ErrNotFound
	}
	return m, err
}

// assess assesses an image of a tenant with its marks.
func (s *Service) assess(ctx context.Context, tenant, digest string) (*report.Assessment, error) {
	m, err := s.analyzed(ctx, tenant, digest)
	if err != nil {
		return nil, err
	}
	source, release, err := s.Advisories.For(ctx, tenant)
	if err != nil {
		return nil, err
	}
	defer release()
	r := &answer.Request{Image: m, Source: source, Now: time.Now()}
	if _, documents, err := s.Verdicts.Journal(tenant).Marks(ctx, m.Digest); err != nil {
		return nil, err
	} else if len(documents) > 0 {
		r.VEX = documents
	}
	return s.Answers.Assess(ctx, r)
}

// token returns the tenant of a request whose token has a scope. It reads the token from "Bearer TOKEN", from the password of "Basic", and from
// the header X-ScannerAdapter-API-Key.
func (s *Service) token(r *http.Request, scopes ...store.Scope) (tenant string, status int) {
	scheme, secret, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	switch {
	case strings.EqualFold(scheme, "basic"):
		_, secret, _ = r.BasicAuth()
	case !strings.EqualFold(scheme, "bearer"):
		secret = r.Header.Get("X-ScannerAdapter-API-Key")
	}
	now := time.Now()
	t, err := s.Store.TokenOf(r.Context(), strings.TrimSpace(secret), now)
	switch {
	case secret == "" || errors.Is(err, store.ErrNotFound):
		return "", http.StatusUnauthorized
	case err != nil:
		s.Log.ErrorContext(r.Context(), "finding a token failed", "error", err)
		return "", http.StatusInternalServerError
	case !t.Expires.IsZero() && !now.Before(t.Expires):
		return "", http.StatusUnauthorized
	case slices.ContainsFunc(scopes, func(x store.Scope) bool { return !t.Has(x) }):
		return "", http.StatusForbidden
	}
	telemetry.Current(r.Context()).Set(attribute.String("fleet.tenant", t.Tenant))
	return t.Tenant, 0
}

// Admission returns the handler of Kubernetes' webhooks for a tenant.
func (s *Service) Admission(tenant string, config *admission.Config) http.Handler {
	a := &admitting{s, tenant}
	return &admission.Handler{Config: config, Verdicts: a, Resolver: a, Submit: a, Recorder: a, Log: s.Log, Timeout: s.ReviewTime}
}

type admitting struct {
	*Service
	tenant string
}

// Verdict implements [admission.Verdicts].
func (a *admitting) Verdict(ctx context.Context, digest, policy string, on admission.Platforms) (*admission.Verdict, error) {
	x, err := a.Store.Index(ctx, a.tenant, digest)
	if err == nil {
		return a.combined(ctx, x, policy, on)
	}
	if !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	m, err := a.analyzed(ctx, a.tenant, digest)
	if errors.Is(err, store.ErrNotFound) {
		return nil, admission.ErrUnknown
	}
	if err != nil {
		return nil, err
	}
	if policy == "" {
		if policy, err = a.Verdicts.Mapped(ctx, m); errors.Is(err, verdict.ErrUnmapped) {
			return nil, admission.ErrUnknown
		} else if err != nil {
			return nil, err
		}
	}
	v, err := a.stored(ctx, m.Digest, policy)
	if errors.Is(err, verdict.ErrMissing) {
		return nil, admission.ErrUnknown
	}
	if err != nil {
		return nil, err
	}
	return verdictOf(v)
}

// combined returns the verdict about an index.
func (a *admitting) combined(ctx context.Context, x *store.Index, policy string, on admission.Platforms) (*admission.Verdict, error) {
	var mapped map[string]string
	if policy == "" {
		var images []*store.Image
		for i := range x.Platforms {
			if p := &x.Platforms[i]; p.Analyzed() {
				images = append(images, p.Image)
			}
		}
		var err error
		if mapped, err = a.Verdicts.MappedAll(ctx, a.tenant, images...); err != nil {
			return nil, err
		}
	}
	c, err := verdict.Combine(x, on.Selects, func(m *store.Image) (*catalog.Verdict, error) {
		return a.stored(ctx, m.Digest, cmp.Or(policy, mapped[m.Digest]))
	})
	if err != nil {
		return nil, err
	}
	if c.Action != report.Stop && !c.Complete() {
		lack := &admission.LackError{Text: c.Lack()}
		for _, p := range c.Missing {
			if p.Submittable() && len(lack.Platforms) < store.MostRequested {
				lack.Platforms = append(lack.Platforms, p.Name)
			}
		}
		return nil, lack
	}
	out := &admission.Verdict{Action: c.Action}
	for _, p := range c.Platforms {
		if p.Verdict == nil || p.Verdict.Action != c.Action.String() {
			continue
		}
		v, err := verdictOf(p.Verdict)
		if err != nil {
			return nil, err
		}
		for _, reason := range v.Reasons {
			out.Reasons = append(out.Reasons, p.Title()+": "+reason)
		}
	}
	return out, nil
}

// stored returns the verdict of a policy that is stored, or verdict.ErrMissing.
func (a *admitting) stored(ctx context.Context, digest, policy string) (*catalog.Verdict, error) {
	if policy == "" {
		return nil, verdict.ErrMissing
	}
	v, err := a.Store.Catalog.Verdict(ctx, a.tenant, digest, policy)
	if errors.Is(err, catalog.ErrNotFound) {
		err = verdict.ErrMissing
	}
	return v, err
}

func verdictOf(v *catalog.Verdict) (*admission.Verdict, error) {
	var summary journal.Summary
	if err := json.Unmarshal(v.Body, &summary); err != nil {
		return nil, fmt.Errorf("neighbours: verdict about %s: %w", v.Image, err)
	}
	out := new(admission.Verdict)
	if err := out.Action.UnmarshalText([]byte(v.Action)); err != nil {
		return nil, fmt.Errorf("neighbours: verdict about %s: %w", v.Image, err)
	}
	if summary.Denied != "" {
		out.Reasons = append(out.Reasons, summary.Denied)
	}
	for _, action := range []report.Action{report.Stop, report.Warn} {
		for _, d := range summary.Decisions {
			if d.Action == action {
				out.Reasons = append(out.Reasons, d.Message)
			}
		}
	}
	return out, nil
}

// Resolve returns the index or image that a tag pointed at when it was analyzed last: nodes of other platforms could not pull the image of one.
// It implements [admission.Resolver].
func (a *admitting) Resolve(ctx context.Context, ref name.Reference) (string, error) {
	t, err := a.Store.Pointed(ctx, a.tenant, ref.Name())
	if err == nil && t.Index == "" {
		_, err = a.analyzed(ctx, a.tenant, t.Digest)
	}
	if errors.Is(err, store.ErrNotFound) {
		return "", admission.ErrUnknown
	}
	return t.Named(), err
}

// Submit implements [admission.Submitter].
func (a *admitting) Submit(ctx context.Context, reference string, platforms []string) error {
	return a.submit(ctx, &store.Submission{Tenant: a.tenant, Kind: store.Reference, Reference: reference, Platform: strings.Join(platforms, ",")}, nil)
}

// Record writes an event of the tenant. It implements [admission.Recorder].
func (a *admitting) Record(ctx context.Context, e *admission.Event) error {
	text := fmt.Sprintf("%s: %s %s/%s by %s, rule %s", e.Outcome, e.Kind, e.Namespace, e.Name, e.User, e.Rule)
	if e.Reason != "" {
		text += ": " + e.Reason
	}
	m := webhook.Message{ID: journal.ID(Admission, a.tenant, store.NewID()), Kind: Admission, Text: text, Images: []webhook.Image{{Tenant: a.tenant}}}
	if len(e.Images) > 0 {
		m.Images = nil
	}
	for _, image := range e.Images {
		m.Images = append(m.Images, webhook.Image{Tenant: a.tenant, Repository: image.Reference, Digest: image.Digest})
	}
	j := a.Verdicts.Journal(a.tenant)
	n, err := j.Notice(m)
	if err != nil {
		return err
	}
	return a.Store.Catalog.Write(ctx, &catalog.Batch{Notices: []catalog.Notice{n}})
}

// Harbor returns the handler of Harbor's scanner API. The token of each request names the tenant.
func (s *Service) Harbor() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		scopes := []store.Scope{store.Read}
		if r.Method == http.MethodPost {
			scopes = append(scopes, store.Submit)
		}
		tenant, status := s.token(r, scopes...)
		if status != 0 {
			w.Header().Set("WWW-Authenticate", `Bearer realm="fleet"`)
			http.Error(w, http.StatusText(status), status)
			return
		}
		(&harbor.Handler{Backend: &scanning{s, tenant}, Version: s.Version, Log: s.Log}).ServeHTTP(w, r)
	})
}

type scanning struct {
	*Service
	tenant string
}

// Known implements [harbor.Backend].
func (h *scanning) Known(ctx context.Context, digest string) (bool, error) {
	_, err := h.analyzed(ctx, h.tenant, digest)
	if errors.Is(err, store.ErrNotFound) {
		return false, h.noIndex(ctx, digest)
	}
	return err == nil, err
}

// noIndex returns harbor.ErrIndex for the digest of an index.
func (h *scanning) noIndex(ctx context.Context, digest string) error {
	_, err := h.Store.Index(ctx, h.tenant, digest)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil
	case err == nil:
		return harbor.ErrIndex
	}
	return err
}

// Submit implements [harbor.Backend].
func (h *scanning) Submit(ctx context.Context, x harbor.Submission) (string, error) {
	m := &store.Submission{Tenant: h.tenant, Kind: store.Reference, Reference: x.Reference}
	var secret []byte
	if x.Authorization != "" {
		secret = []byte(x.Authorization)
	}
	err := h.submit(ctx, m, secret)
	return m.ID, err
}

// Progress implements [harbor.Backend].
func (h *scanning) Progress(ctx context.Context, id string) (harbor.Progress, error) {
	m, err := h.Store.Submission(ctx, h.tenant, id)
	if errors.Is(err, store.ErrNotFound) {
		return harbor.Progress{}, harbor.ErrNotFound
	}
	if err != nil {
		return harbor.Progress{}, err
	}
	p := harbor.Progress{Done: m.State == store.Analyzed || m.State == store.Failed}
	if m.State == store.Failed {
		p.Failed = m.Reason
	}
	return p, nil
}

// Assess implements [harbor.Backend].
func (h *scanning) Assess(ctx context.Context, digest string) (*report.Assessment, error) {
	a, err := h.assess(ctx, h.tenant, digest)
	if errors.Is(err, store.ErrNotFound) {
		if err := h.noIndex(ctx, digest); err != nil {
			return nil, err
		}
		return nil, harbor.ErrNotFound
	}
	return a, err
}

// Updated implements [harbor.Backend].
func (h *scanning) Updated(context.Context) (time.Time, error) {
	set, release, err := h.Advisories.Current()
	if errors.Is(err, advisories.ErrNone) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, err
	}
	defer release()
	return set.Info().Date, nil
}

// Clair returns the handler of Clair's API for a tenant. Keys check the tokens of clients.
func (s *Service) Clair(tenant string, keys *clair.Keys) http.Handler {
	return &clair.Handler{Backend: &indexing{s, tenant}, Keys: keys, Log: s.Log}
}

type indexing struct {
	*Service
	tenant string
}

// Index implements [clair.Backend].
func (c *indexing) Index(ctx context.Context, m clair.Manifest) error {
	if _, err := c.analyzed(ctx, c.tenant, m.Hash); err == nil || !errors.Is(err, store.ErrNotFound) {
		return err
	}
	text, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("neighbours: %w", err)
	}
	image := &store.Image{Tenant: c.tenant, Kind: store.Manifest, Digest: clair.LayersDigest(&m), Manifest: m.Hash, Submitted: time.Now()}
	if err := c.Store.Write(ctx, func(tx *store.Tx) error { return tx.Begin(ctx, image) }); err != nil { // so that the client finds it at once
		return err
	}
	return c.submit(ctx, &store.Submission{Tenant: c.tenant, Kind: store.Manifest, Digest: image.Digest}, text)
}

// Wait implements [clair.Backend].
func (c *indexing) Wait(ctx context.Context, digest string, most time.Duration) (clair.Progress, error) {
	deadline := time.Now().Add(most)
	for {
		m, err := c.Store.Image(ctx, c.tenant, digest)
		switch {
		case errors.Is(err, store.ErrNotFound):
			return clair.Progress{}, clair.ErrNotFound
		case err != nil:
			return clair.Progress{}, err
		case m.State == store.Analyzed:
			return clair.Progress{Done: true}, nil
		case m.State == store.Failed:
			return clair.Progress{Done: true, Failed: m.Reason}, nil
		case time.Now().After(deadline):
			return clair.Progress{}, nil
		}
		select {
		case <-ctx.Done():
			return clair.Progress{}, ctx.Err()
		case <-time.After(pollTime):
		}
	}
}

// Assess implements [clair.Backend].
func (c *indexing) Assess(ctx context.Context, digest string) (*report.Assessment, error) {
	a, err := c.assess(ctx, c.tenant, digest)
	if errors.Is(err, store.ErrNotFound) {
		return nil, clair.ErrNotFound
	}
	return a, err
}

// Forget implements [clair.Backend].
func (c *indexing) Forget(ctx context.Context, digests []string) (gone []string, err error) {
	for _, d := range digests {
		m, err := c.Store.Image(ctx, c.tenant, d)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err == nil {
			err = c.Store.Write(ctx, func(tx *store.Tx) error {
				_, err := tx.DeleteImage(ctx, c.tenant, m.Digest)
				return err
			})
		}
		if err != nil {
			return gone, err
		}
		gone = append(gone, d)
	}
	return gone, nil
}

// State implements [clair.Backend].
func (c *indexing) State(context.Context) (string, error) { return c.Service.State, nil }

// Delivery implements [clair.Backend].
func (c *indexing) Delivery(ctx context.Context, id string) (*webhook.Delivery, error) {
	outbox := c.Store.Catalog.Outbox()
	for _, state := range []webhook.DeliveryState{webhook.Pending, webhook.Sent, webhook.Dead} { // it may become Sent meanwhile
		after := ""
		for range maxPages {
			list, err := outbox.List(ctx, state, after, 500)
			if err != nil || len(list) == 0 {
				if err != nil {
					return nil, err
				}
				break
			}
			for i := range list {
				if webhook.ClairID(list[i].ID) == id && c.own(ctx, &list[i]) {
					return &list[i], nil
				}
			}
			after = list[len(list)-1].ID
		}
	}
	return nil, clair.ErrNotFound
}

// own reports whether a delivery is for a subscription of the tenant.
func (c *indexing) own(ctx context.Context, d *webhook.Delivery) bool {
	if strings.HasPrefix(d.Subscription, "clair-") { // of the configuration, which has this tenant
		return true
	}
	_, err := c.Store.Subscription(ctx, c.tenant, d.Subscription)
	return err == nil
}

// Acknowledge implements [clair.Backend]. The outbox forgets deliveries by their age.
func (c *indexing) Acknowledge(context.Context, string) error { return nil }

// Falco returns the intake of Falco's alerts, and its handler. Tenant returns the tenant of an authenticated request.
func (s *Service) Falco(alerts falco.Store, tenant func(context.Context) string) (*falco.Intake, http.Handler) {
	intake := &falco.Intake{Store: alerts, Images: &naming{s}, Log: s.Log}
	h := &falco.Handler{Intake: intake, Tenant: func(_ http.ResponseWriter, r *http.Request) (string, bool) { return tenant(r.Context()), true }}
	return intake, h.Handler()
}

type naming struct{ *Service }

// Find implements [falco.Images].
func (n *naming) Find(ctx context.Context, tenant string, x falco.ImageName) (string, error) {
	var names []string
	if len(x.ID) == hex {
		names = append(names, "sha256:"+x.ID)
	}
	if x.Digest != "" {
		names = append(names, x.Digest)
	} else if x.Repository != "" {
		text := x.Repository
		if x.Tag != "" {
			text += ":" + x.Tag
		}
		if ref, err := name.ParseReference(text); err == nil {
			names = append(names, ref.Name())
		}
	}
	for _, text := range names {
		index, err := n.Store.Index(ctx, tenant, text)
		if err == nil {
			return running(index, x)
		}
		if !errors.Is(err, store.ErrNotFound) {
			return "", err
		}
		m, err := n.analyzed(ctx, tenant, text)
		switch {
		case errors.Is(err, store.ErrNotFound):
			continue
		case err != nil:
			return "", err
		case strings.HasPrefix(text, "sha256:") || isConfig(m, x.ID):
			return m.Digest, nil
		}
	}
	return "", falco.ErrUnknown
}

const hex = 64 // characters of a digest

// isConfig reports whether the digest of an image's configuration begins with an identifier, as far as both are known.
func isConfig(m *store.Image, id string) bool {
	return id == "" || m.Config == "" || strings.HasPrefix(strings.TrimPrefix(m.Config, "sha256:"), id)
}

// running returns the image of an index that a host runs: that with the identifier, or the only one for the platform of the host. A host may run
// images for another architecture, so its platform rules out nothing if the index lacks it. Falco observes programs of Linux.
func running(index *store.Index, x falco.ImageName) (string, error) {
	host, err := v1.ParsePlatform(cmp.Or(x.Platform, "linux"))
	if err != nil {
		return "", falco.ErrPlatform
	}
	var fit, own []*store.Platform
	for i := range index.Platforms {
		p := &index.Platforms[i]
		known := p.Image != nil && p.Image.Config != "" && x.ID != ""
		if known && isConfig(p.Image, x.ID) {
			fit, own, index.More = []*store.Platform{p}, nil, 0
			break
		}
		if known || p.Name != "" && !strings.HasPrefix(p.Name, "linux/") {
			continue
		}
		fit = append(fit, p)
		if is, err := v1.ParsePlatform(p.Name); p.Name == "" || err == nil && is.Satisfies(*host) {
			own = append(own, p)
		}
	}
	if len(own) > 0 {
		fit = own
	}
	different := slices.ContainsFunc(fit, func(p *store.Platform) bool { return p.Digest != fit[0].Digest })
	switch {
	case different || index.More > 0:
		return "", falco.ErrPlatform
	case len(fit) == 0 || !fit[0].Analyzed():
		return "", falco.ErrUnknown
	}
	return fit[0].Digest, nil
}

// Assess implements [falco.Images].
func (n *naming) Assess(ctx context.Context, tenant, digest string) (*report.Assessment, error) {
	a, err := n.assess(ctx, tenant, digest)
	if errors.Is(err, store.ErrNotFound) {
		return nil, falco.ErrUnknown
	}
	return a, err
}
