// Package verdict evaluates the policies of tenants about their images, and again when anything that decides has changed.
package verdict

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hullmark/hullmark/db/catalog"
	"github.com/hullmark/hullmark/db/catalog/journal"
	"github.com/hullmark/hullmark/examples/fleet/address"
	"github.com/hullmark/hullmark/examples/fleet/advisories"
	"github.com/hullmark/hullmark/examples/fleet/answer"
	"github.com/hullmark/hullmark/examples/fleet/store"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/assess"
	"github.com/hullmark/hullmark/matcher/policy"
	"github.com/hullmark/hullmark/matcher/policy/anchore"
	"github.com/hullmark/hullmark/matcher/report"
)

// The formats of policies.
const (
	Hullmark = "hullmark"
	Anchore  = "anchore"
)

// ErrUnmapped reports an image for which a tenant has no policy.
var ErrUnmapped = errors.New("no policy fits the image")

// ErrFormat reports an unknown format.
var ErrFormat = errors.New("unknown format of a policy")

// Compile reads a policy.
func Compile(format, name, body string) (report.Policy, error) {
	switch format {
	case Hullmark:
		return policy.Load(strings.NewReader(body), name)
	case Anchore:
		return anchore.Read(strings.NewReader(body), name, anchore.Options{})
	}
	return nil, fmt.Errorf("verdict: %w: %q", ErrFormat, format)
}

// An Evaluator evaluates policies.
type Evaluator struct {
	Store      *store.Store
	Answers    *answer.Answerer
	Advisories *advisories.Provider

	mu       sync.Mutex
	compiled map[string]report.Policy // by the hash of the document

	after store.StaleImage // the last one at which Refresh looked
}

// mostCompiled is the number of compiled policies that are kept.
const mostCompiled = 200

// Journal returns the journal of a tenant.
func (e *Evaluator) Journal(tenant string) *journal.Journal {
	return &journal.Journal{Store: e.Store.Catalog, Tenant: tenant, Match: e.Answers.Match, Names: e.Store.Names}
}

// policy returns a tenant's policy.
func (e *Evaluator) policy(ctx context.Context, tenant, name string) (journal.Policy, error) {
	d, err := e.Store.Document(ctx, store.Policies, tenant, name)
	if err != nil {
		return journal.Policy{}, err
	}
	sum := sha256.Sum256([]byte(d.Format + "\n" + d.Name + "\n" + d.Body))
	p := journal.Policy{Name: name, Hash: hex.EncodeToString(sum[:])}
	e.mu.Lock()
	defer e.mu.Unlock()
	if p.Policy = e.compiled[p.Hash]; p.Policy != nil {
		return p, nil
	}
	if p.Policy, err = Compile(d.Format, d.Name, d.Body); err != nil {
		return p, err
	}
	if e.compiled == nil || len(e.compiled) >= mostCompiled {
		e.compiled = make(map[string]report.Policy)
	}
	e.compiled[p.Hash] = p.Policy
	return p, nil
}

// Policy returns a tenant's policy, that of the mappings for an image if the name is "". It returns ErrUnmapped if no mapping fits.
func (e *Evaluator) Policy(ctx context.Context, m *store.Image, name string) (journal.Policy, error) {
	names, err := e.names(ctx, m.Tenant, m)
	if err != nil {
		return journal.Policy{}, err
	}
	return e.policyOf(ctx, m, names[m.Digest], name)
}

// policyOf is Policy for an image with some names.
func (e *Evaluator) policyOf(ctx context.Context, m *store.Image, names []string, name string) (journal.Policy, error) {
	if name == "" {
		list, err := e.Store.Mappings(ctx, m.Tenant)
		if err != nil {
			return journal.Policy{}, err
		}
		if name = mapped(list, names); name == "" {
			return journal.Policy{}, fmt.Errorf("verdict: %s: %w", m.Digest, ErrUnmapped)
		}
	}
	return e.policy(ctx, m.Tenant, name)
}

// mapped returns the policy of the first mapping that fits one of the names, or "".
func mapped(list []store.Mapping, names []string) string {
	for _, x := range list {
		if slices.ContainsFunc(names, func(name string) bool { return address.Match(x.Pattern, name) }) {
			return x.Policy
		}
	}
	return ""
}

// Mapped returns the name of the policy that a tenant's mappings choose for an image, or ErrUnmapped.
func (e *Evaluator) Mapped(ctx context.Context, m *store.Image) (string, error) {
	policies, err := e.MappedAll(ctx, m.Tenant, m)
	if err == nil && policies[m.Digest] == "" {
		err = fmt.Errorf("verdict: %s: %w", m.Digest, ErrUnmapped)
	}
	return policies[m.Digest], err
}

// MappedAll returns the names of the policies that a tenant's mappings choose for images, by their digests. It leaves out images for which they choose none.
func (e *Evaluator) MappedAll(ctx context.Context, tenant string, images ...*store.Image) (map[string]string, error) {
	list, err := e.Store.Mappings(ctx, tenant)
	if err != nil {
		return nil, err
	}
	named, err := e.names(ctx, tenant, images...)
	if err != nil {
		return nil, err
	}
	policies := make(map[string]string)
	for digest, names := range named {
		if name := mapped(list, names); name != "" {
			policies[digest] = name
		}
	}
	return policies, nil
}

// names returns the names by which mappings choose, by the digests of images: the tags that point at the image, the reference and the digest.
func (e *Evaluator) names(ctx context.Context, tenant string, images ...*store.Image) (map[string][]string, error) {
	digests := make([]string, len(images))
	for i, m := range images {
		digests[i] = m.Digest
	}
	tagged, err := e.Store.Names(ctx, digests)
	if err != nil {
		return nil, err
	}
	names := make(map[string][]string)
	for _, i := range tagged {
		if i.Tenant == tenant && i.Repository != "" {
			names[i.Digest] = append(names[i.Digest], i.Repository+":"+i.Tag)
		}
	}
	for _, m := range images {
		if m.Reference != "" {
			names[m.Digest] = append(names[m.Digest], m.Reference)
		}
		names[m.Digest] = append(names[m.Digest], m.Digest)
	}
	return names, nil
}

// Verdict returns the verdict of a tenant's policy about an image, that of the mappings if the name is "". It evaluates the policy only if
// something has changed that decides: the policy, the advisories, marks, the image or the time.
func (e *Evaluator) Verdict(ctx context.Context, m *store.Image, name string) (*catalog.Verdict, error) {
	byMapping := name == ""
	named, err := e.names(ctx, m.Tenant, m)
	if err != nil {
		return nil, err
	}
	names := named[m.Digest]
	p, err := e.policyOf(ctx, m, names, name)
	if err != nil {
		return nil, err
	}
	name = p.Name
	source, release, err := e.Advisories.For(ctx, m.Tenant)
	if err != nil {
		return nil, err
	}
	defer release()
	basis, err := e.basis(ctx, m, names, p.Hash, source.Describe().Hash)
	if err != nil {
		return nil, err
	}
	former, err := e.Store.Basis(ctx, m.Tenant, m.Digest, name)
	if err != nil {
		return nil, err
	}
	if former == basis {
		v, err := e.last(ctx, m, name)
		if err != nil {
			return nil, err
		}
		if v != nil && (v.Until.IsZero() || time.Now().Before(v.Until)) {
			if byMapping && m.Verdict != v.Action { // the mappings choose another policy than before
				err = e.Store.SetOutcome(ctx, m.Tenant, m.Digest, v.Action, m.Severity)
			}
			return v, err
		}
	}
	pipeline := assess.Pipeline{Source: source, Name: m.Reference, Tool: report.Tool{Name: "hullmark"}}
	a, err := e.Journal(m.Tenant).Evaluate(ctx, pipeline, p, m.Digest)
	if err != nil {
		return nil, err
	}
	if byMapping {
		if err := e.Store.SetOutcome(ctx, m.Tenant, m.Digest, a.Verdict.Action.String(), worst(a)); err != nil {
			return nil, err
		}
	}
	if err := e.Store.SetBasis(ctx, m.Tenant, m.Digest, name, basis); err != nil {
		return nil, err
	}
	v, err := e.last(ctx, m, name)
	if err == nil && v == nil {
		err = catalog.ErrNotFound
	}
	return v, err
}

// unjudged stores the highest severity of an image that has no verdict.
func (e *Evaluator) unjudged(ctx context.Context, m *store.Image) error {
	source, release, err := e.Advisories.For(ctx, m.Tenant)
	if err != nil {
		return err
	}
	defer release()
	a, err := e.assess(ctx, m, source, nil, time.Now())
	if errors.Is(err, catalog.ErrNotFound) {
		return nil // deleted meanwhile
	}
	if err != nil {
		return err
	}
	return e.Store.SetOutcome(ctx, m.Tenant, m.Digest, "", worst(a))
}

// assess assesses an image with the marks that hold for it. Policy may be nil.
func (e *Evaluator) assess(ctx context.Context, m *store.Image, source advisories.Source, p report.Policy, now time.Time) (*report.Assessment, error) {
	r := &answer.Request{Image: m, Source: source, Policy: p, Now: now}
	if _, documents, err := e.Journal(m.Tenant).Marks(ctx, m.Digest); err != nil {
		return nil, err
	} else if len(documents) > 0 {
		r.VEX = documents
	}
	return e.Answers.Assess(ctx, r)
}

// Draft evaluates a policy that is not stored about an image, and stores nothing.
func (e *Evaluator) Draft(ctx context.Context, m *store.Image, p report.Policy) (*report.Assessment, error) {
	source, release, err := e.Advisories.For(ctx, m.Tenant)
	if err != nil {
		return nil, err
	}
	defer release()
	return e.assess(ctx, m, source, p, time.Now())
}

// worst returns the highest severity of the vulnerabilities that no statement suppresses, "" without any.
func worst(a *report.Assessment) string {
	found, level := false, matcher.Unknown
	for i := range a.Result.Matches {
		if m := &a.Result.Matches[i]; !m.Suppressed() {
			found, level = true, max(level, m.Severity.Level)
		}
	}
	if !found {
		return ""
	}
	return level.String()
}

// basis returns a hash of all that decides about a verdict, but for the time.
func (e *Evaluator) basis(ctx context.Context, m *store.Image, names []string, policy, advisories string) (string, error) {
	marks, err := e.Store.Catalog.Marks(ctx, m.Tenant)
	if err != nil {
		return "", err
	}
	h := sha256.New()
	fmt.Fprintf(h, "%s %s %d %q\n", policy, advisories, m.Finished.UnixMicro(), names)
	for i := range marks {
		fmt.Fprintf(h, "%s %t %d\n", marks[i].ID, marks[i].Ended, marks[i].Expires.UnixMicro())
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// last returns the current verdict, or nil without one.
func (e *Evaluator) last(ctx context.Context, m *store.Image, name string) (*catalog.Verdict, error) {
	v, err := e.Store.Catalog.Verdict(ctx, m.Tenant, m.Digest, name)
	if errors.Is(err, catalog.ErrNotFound) {
		return nil, nil
	}
	return v, err
}

const (
	staleAtOnce = 100 // images that Refresh reads at once
	refreshing  = 4   // images that it evaluates at once
)

// Refresh evaluates the images that are marked as stale, and those whose verdicts ended, so that their events do not wait for a reader. A mark
// ends after the evaluation. A failure of an image keeps its mark, and the others go on. Only one goroutine may call Refresh.
func (e *Evaluator) Refresh(ctx context.Context) error {
	var failed []error
	for len(failed) < mostFailed {
		list, err := e.Store.StaleImages(ctx, e.after, staleAtOnce)
		if err != nil {
			return errors.Join(append(failed, err)...)
		}
		if len(list) == 0 {
			e.after = store.StaleImage{}
			break
		}
		for i, err := range e.refreshAll(ctx, list) {
			if errors.Is(err, advisories.ErrNone) || ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil {
				failed = append(failed, fmt.Errorf("verdict: %s: %w", list[i].Digest, err))
			}
		}
		e.after = list[len(list)-1]
	}
	_, err := e.Journal("").Due(ctx, func(ctx context.Context, v *catalog.Verdict) error {
		m, err := e.Store.Image(ctx, v.Tenant, v.Image)
		if err == nil && m.State == store.Archived {
			return e.end(ctx, v)
		}
		if err == nil {
			_, err = e.Verdict(ctx, m, v.Policy)
		}
		if err != nil && passing(err) {
			err = e.end(ctx, v)
		}
		return err
	})
	return errors.Join(append(failed, err)...)
}

// mostFailed is the number of failures after which Refresh ends, because the database itself may fail.
const mostFailed = 10

// refreshAll evaluates marked images, some at once, in a random order: another process that has the same list then evaluates others.
func (e *Evaluator) refreshAll(ctx context.Context, list []store.StaleImage) []error {
	errs := make([]error, len(list))
	order := rand.Perm(len(list))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(len(list), refreshing, runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			for ctx.Err() == nil {
				n := int(next.Add(1)) - 1
				if n >= len(list) {
					return
				}
				errs[order[n]] = e.refresh(ctx, list[order[n]])
			}
		})
	}
	wg.Wait()
	return errs
}

// refresh evaluates a marked image and ends the mark.
func (e *Evaluator) refresh(ctx context.Context, m store.StaleImage) error {
	image, err := e.Store.Image(ctx, m.Tenant, m.Digest)
	if err == nil {
		if _, err = e.Verdict(ctx, image, ""); err != nil && passing(err) {
			err = e.unjudged(ctx, image)
		}
	}
	if err != nil && !passing(err) {
		return err
	}
	return e.Store.Fresh(ctx, m)
}

// end lets a verdict stand that cannot be evaluated again, since the image is archived, or the image or the policy is deleted.
func (e *Evaluator) end(ctx context.Context, v *catalog.Verdict) error {
	again := *v
	again.Until = time.Time{}
	return e.Store.Catalog.Write(ctx, &catalog.Batch{Verdicts: []catalog.Verdict{again}})
}

// passing reports whether an image just has no verdict.
func passing(err error) bool {
	for _, known := range []error{ErrUnmapped, store.ErrNotFound, catalog.ErrNotFound, policy.ErrNoMapping, anchore.ErrNoMapping} {
		if errors.Is(err, known) {
			return true
		}
	}
	return false
}
