// Package work analyzes submitted images. A Queue has a job for each submission; a Worker runs jobs, in any number of processes.
package work

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/riverqueue/river/rivertype"
	"go.opentelemetry.io/otel/attribute"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/analyzer/source"
	"github.com/hullmark/hullmark/analyzer/source/registry"
	"github.com/hullmark/hullmark/db/catalog"
	"github.com/hullmark/hullmark/db/catalog/journal"
	"github.com/hullmark/hullmark/examples/fleet/address"
	"github.com/hullmark/hullmark/examples/fleet/answer"
	"github.com/hullmark/hullmark/examples/fleet/clair"
	"github.com/hullmark/hullmark/examples/fleet/objects"
	"github.com/hullmark/hullmark/examples/fleet/store"
	"github.com/hullmark/hullmark/examples/fleet/telemetry"
	"github.com/hullmark/hullmark/matcher/watch/webhook"
	"github.com/hullmark/hullmark/sbom"
)

// attempts is the number of attempts of a submission that fails for a reason that may pass.
const attempts = 5

// A Worker analyzes images.
type Worker struct {
	Store    *store.Store
	Objects  objects.Store
	Scanner  scan.Scanner     // with a Cache that all processes share, and a Budget
	Registry registry.Options // its Keychain is replaced by that of the tenant
	Parallel int              // jobs at once

	Keychain   func(ctx context.Context, tenant string) (authn.Keychain, error)
	Registries func(ctx context.Context, tenant string) ([]string, error) // patterns for package address

	Secret func(m *store.Submission) ([]byte, error) // decrypts that of a submission
	Client *http.Client                              // for layers of manifests; it refuses addresses inside the network

	Pauses []time.Duration // before further attempts; by default 5 s, 30 s, 2 min and 10 min
	Log    *slog.Logger
	Done   func(*store.Submission) // called after a submission ends; may be nil

	id string // of the process

	mu    sync.Mutex
	jobs  map[int64]bool // that run
	large chan struct{}  // has a place for the job that reads a large SBOM
}

// lost returns submissions that this worker has, but that none of its jobs works on, as their end could not be stored.
func (w *Worker) lost(ctx context.Context) ([]store.Submission, error) {
	list, err := w.Store.Working(ctx, w.id) // before the jobs are looked at, which begin before their submissions
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.DeleteFunc(list, func(m store.Submission) bool { return w.jobs[m.Job] }), err
}

// begins records a running job. The caller calls ends when the job ends.
func (w *Worker) begins(job int64) (ends func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.jobs == nil {
		w.jobs = make(map[int64]bool)
	}
	w.jobs[job] = true
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.jobs, job)
	}
}

const (
	aliveFor   = 15 * time.Second // without a sign
	aliveEvery = 4 * time.Second
	mostWaits  = 20 // attempts of a submission whose registry asks to wait, or while the service itself fails
)

// live gives signs of life until ctx ends.
func (w *Worker) live(ctx context.Context) error {
	if err := w.Store.Alive(ctx, w.id, aliveFor); err != nil {
		return err
	}
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-time.After(aliveEvery):
				if err := w.Store.Alive(ctx, w.id, aliveFor); err != nil && ctx.Err() == nil {
					w.Log.WarnContext(ctx, "a sign of life failed", "error", err)
				}
			}
		}
	}()
	return nil
}

// ErrExpired reports a credential for a registry that has expired.
var ErrExpired = errors.New("the credential has expired")

// waitError reports that a registry asked to wait.
type waitError struct {
	time time.Duration
	err  error
}

func (e *waitError) Error() string { return e.err.Error() }
func (e *waitError) Unwrap() error { return e.err }

// NextRetry implements [river.ClientRetryPolicy].
func (w *Worker) NextRetry(job *rivertype.JobRow) time.Time {
	pauses := w.Pauses
	if len(pauses) == 0 {
		pauses = []time.Duration{5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute}
	}
	return time.Now().Add(pauses[min(len(job.Errors), len(pauses)-1)])
}

// turn works on the submission of a job.
func (w *Worker) turn(ctx context.Context, job int64) (err error) {
	defer w.begins(job)()
	m, err := w.Store.Start(ctx, job, w.id)
	if errors.Is(err, store.ErrNotFound) {
		return nil // an earlier attempt ended, and its end was lost
	}
	if err != nil {
		return err
	}
	ctx, span := telemetry.Job(ctx, "analysis", m.Trace, attribute.String("fleet.tenant", m.Tenant), attribute.String("fleet.submission", m.ID),
		attribute.String("fleet.kind", string(m.Kind)), attribute.Int("fleet.attempt", m.Attempts))
	defer span.End()
	start := time.Now()
	err = w.guarded(ctx, m)
	span.Set(attribute.String("fleet.image", m.Digest))
	after := context.WithoutCancel(ctx)
	if err == nil {
		w.Log.InfoContext(ctx, "analyzed", "tenant", m.Tenant, "submission", m.ID, "digest", m.Digest, "duration", time.Since(start))
		w.ended(ctx, m)
		return nil
	}
	if errors.Is(err, store.ErrConflict) {
		span.Fail("conflict")
		w.Log.WarnContext(ctx, "another worker has the submission", "tenant", m.Tenant, "submission", m.ID)
		return nil
	}
	limit, limited := errors.AsType[*registry.RateLimitError](err)
	reason, permanent := Reason(err)
	span.Fail(reason)
	last := m.Attempts >= attempts && !limited && reason != "unavailable" || m.Attempts >= mostWaits
	m.State, m.Reason, m.Message = store.Waiting, reason, err.Error()
	if reason == "unavailable" || store.FromDatabase(err) {
		m.Message = "the database or the objects of the service failed" // the error may have an address or a statement
	}
	if permanent || last {
		m.State = store.Failed
	}
	w.Log.WarnContext(ctx, "analysis failed", "tenant", m.Tenant, "submission", m.ID, "reason", reason, "attempt", m.Attempts, "final", m.State == store.Failed, "error", err)
	if m.State == store.Failed {
		if failErr := w.fail(after, m); failErr != nil {
			return errors.Join(err, failErr)
		}
		return nil
	}
	if storeErr := w.Store.Write(after, func(tx *store.Tx) error { return tx.Finish(after, m) }); storeErr != nil {
		return errors.Join(err, storeErr)
	}
	if limited {
		return &waitError{limit.Wait, err}
	}
	return err
}

// fail ends a submission with its reason: first the event, then the state.
func (w *Worker) fail(ctx context.Context, m *store.Submission) error {
	m.State = store.Failed
	if err := w.tell(ctx, m.Tenant, failed(m)); err != nil {
		return err
	}
	if err := w.Store.Write(ctx, func(tx *store.Tx) error {
		if m.Digest != "" {
			if err := tx.End(ctx, m.Tenant, m.Digest, store.Failed, m.Reason, m.Message); err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
		}
		if m.Index != "" {
			if err := tx.EndPlatforms(ctx, m.Tenant, m.Index); err != nil {
				return err
			}
		}
		return tx.Finish(ctx, m)
	}); err != nil {
		return err
	}
	w.ended(ctx, m)
	return nil
}

func (w *Worker) ended(ctx context.Context, m *store.Submission) {
	ctx = context.WithoutCancel(ctx)
	if m.Object != "" {
		err := w.Objects.Delete(ctx, m.Object)
		if err == nil {
			err = w.Store.Emptied(ctx, m.Object)
		}
		if err != nil {
			w.Log.WarnContext(ctx, "deleting an upload failed", "object", m.Object, "error", err)
		}
	}
	if w.Done != nil {
		w.Done(m)
	}
}

// guarded analyzes a submission. A panic is an error.
func (w *Worker) guarded(ctx context.Context, m *store.Submission) (err error) {
	defer func() {
		if v := recover(); v != nil {
			w.Log.ErrorContext(ctx, "panic", "value", v, "stack", string(debug.Stack()))
			err = fmt.Errorf("work: panic: %v", v)
		}
	}()
	switch m.Kind {
	case store.Reference:
		return w.reference(ctx, m)
	case store.Archive:
		return w.upload(ctx, m, func(o *objects.Object) error { return w.archive(ctx, m, o) })
	case store.SBOM:
		return w.upload(ctx, m, func(o *objects.Object) error { return w.document(ctx, m, o) })
	case store.Manifest:
		return w.manifest(ctx, m)
	}
	return fmt.Errorf("work: %w kind %q", errors.ErrUnsupported, m.Kind)
}

// Reason returns the code of why an analysis failed, and whether another attempt would fail for the same reason.
func Reason(err error) (code string, permanent bool) {
	_, limited := errors.AsType[*analyzer.LimitError](err)
	_, digest := errors.AsType[*analyzer.DigestError](err)
	_, rate := errors.AsType[*registry.RateLimitError](err)
	switch {
	case errors.Is(err, objects.ErrUnavailable):
		return "unavailable", false
	case errors.Is(err, errMalformed):
		return "malformed", true
	case errors.Is(err, ErrExpired):
		return "credential-expired", true
	case errors.Is(err, ErrDeleted):
		return "deleted", true
	case store.Unavailable(err):
		return "unavailable", false
	case errors.Is(err, address.ErrRegistry), errors.Is(err, webhook.ErrAddress):
		return "not-allowed", true
	case errors.Is(err, address.ErrReference):
		return "malformed-reference", true
	case limited, errors.Is(err, sbom.ErrLimit):
		return "limit", true
	case digest:
		return "digest-mismatch", true
	case rate:
		return "rate-limit", false
	case errors.Is(err, fs.ErrNotExist):
		return "not-found", true
	case errors.Is(err, fs.ErrPermission):
		return "access-denied", true
	case errors.Is(err, errors.ErrUnsupported), errors.Is(err, sbom.ErrUnsupported), errors.Is(err, source.ErrKind):
		return "unsupported", true
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout", false
	case errors.Is(err, context.Canceled):
		return "stopped", false
	}
	return "error", false
}

// ErrDeleted reports an image that its tenant deleted during the analysis.
var ErrDeleted = errors.New("the image was deleted during the analysis")

// errMalformed reports an upload that cannot be read.
var errMalformed = errors.New("malformed")

// reference analyzes an image in a registry.
func (w *Worker) reference(ctx context.Context, m *store.Submission) error {
	patterns, err := w.Registries(ctx, m.Tenant)
	if err != nil {
		return err
	}
	ref, err := address.Check(m.Reference, patterns)
	if err != nil {
		return err
	}
	options := w.Registry
	if options.Keychain, err = w.keychain(ctx, m, ref); err != nil {
		return err
	}
	fetched := step(ctx, "fetch")
	x, err := source.OpenIndex(ctx, "registry:"+ref.Name(), source.Options{Kinds: []string{"registry"}, Registry: options})
	fetched(err)
	if errors.Is(err, fs.ErrPermission) { // the client goes on without a credential, as the image may be public
		if _, expired := options.Keychain.Resolve(ref.Context()); errors.Is(expired, ErrExpired) {
			return fmt.Errorf("%w: %w", expired, err)
		}
	}
	if err != nil {
		return err
	}
	defer x.Close()
	if x.Digest != "" {
		return w.index(ctx, m, x, ref)
	}
	m.Index = "" // an earlier attempt may have stored one
	img, err := x.Open(ctx, 0)
	if err != nil {
		return err
	}
	defer img.Close()
	if m.Platform != "" {
		config, err := img.ConfigFile()
		if err != nil {
			return err
		}
		if _, err := choose([]listed{{store.Platform{Name: store.PlatformName(platformOf(config))}, 0}}, m.Platform); err != nil {
			return fmt.Errorf("%w: it is for %s", err, platformOf(config))
		}
	}
	return w.image(ctx, m, img, ref)
}

// keychain returns the credentials of the tenant, or the one that a submission has for its own registry.
func (w *Worker) keychain(ctx context.Context, m *store.Submission, ref name.Reference) (authn.Keychain, error) {
	if m.Secret == nil {
		return w.Keychain(ctx, m.Tenant)
	}
	header, err := w.Secret(m)
	if err != nil {
		return nil, err
	}
	scheme, value, _ := strings.Cut(string(header), " ")
	var config authn.AuthConfig
	switch {
	case strings.EqualFold(scheme, "basic"):
		config.Auth = value
		pair, err := base64.StdEncoding.DecodeString(value)
		user, password, ok := strings.Cut(string(pair), ":")
		if err != nil || !ok {
			return nil, fmt.Errorf("work: %w: the credential of the submission", errMalformed)
		}
		config = authn.AuthConfig{Username: user, Password: password}
	case strings.EqualFold(scheme, "bearer"):
		config.RegistryToken = value
	default:
		return nil, fmt.Errorf("work: %w: the credential of the submission", errMalformed)
	}
	return only{ref.Context().RegistryStr(), authn.FromConfig(config)}, nil
}

// An only is a credential for one registry.
type only struct {
	registry string
	authn.Authenticator
}

// Resolve implements [authn.Keychain].
func (o only) Resolve(r authn.Resource) (authn.Authenticator, error) {
	if r.RegistryStr() != o.registry {
		return authn.Anonymous, nil
	}
	return o.Authenticator, nil
}

// manifest analyzes an image by the addresses of its layers. The catalog knows it by its layers, because nothing proves the digest that the
// manifest states; the tenant finds it by that one.
func (w *Worker) manifest(ctx context.Context, m *store.Submission) error {
	text, err := w.Secret(m)
	if err != nil {
		return err
	}
	var layers clair.Manifest
	if err := json.Unmarshal(text, &layers); err != nil {
		return fmt.Errorf("work: %w: %w", errMalformed, err)
	}
	row := &store.Image{Tenant: m.Tenant, Kind: m.Kind, Digest: clair.LayersDigest(&layers), Manifest: layers.Hash, Annotations: m.Annotations, Submitted: m.Submitted}
	if err := w.begin(ctx, m, row); err != nil {
		return err
	}
	if _, err := w.Store.Catalog.Image(ctx, row.Digest); err == nil && !m.Again {
		return w.end(ctx, m, row, nil)
	} else if err != nil && !errors.Is(err, catalog.ErrNotFound) {
		return err
	}
	dir, err := os.MkdirTemp("", "fleet-layers-")
	if err != nil {
		return fmt.Errorf("work: %w", err)
	}
	defer os.RemoveAll(dir)
	fetched := step(ctx, "fetch")
	img, err := clair.Fetch(ctx, w.Client, dir, &layers, clair.Limits{})
	fetched(err)
	if err != nil {
		return err
	}
	found, err := w.scan(ctx, m, img)
	if err != nil {
		return err
	}
	if err := w.put(ctx, row, found); err != nil {
		return err
	}
	return w.end(ctx, m, row, nil)
}

// upload calls run with the object of a submission. An error of reading the object takes the place of that of run, which may look like one of
// the content.
func (w *Worker) upload(ctx context.Context, m *store.Submission, run func(*objects.Object) error) error {
	fetched := step(ctx, "fetch")
	object, err := w.Objects.Open(ctx, m.Object)
	fetched(err)
	if err != nil {
		return err
	}
	defer object.Close()
	err = run(object)
	if failed := object.Err(); err != nil && failed != nil {
		return failed
	}
	return err
}

// verify compares an upload with its checksum.
func verify(m *store.Submission, h hash.Hash) error {
	if got := hex.EncodeToString(h.Sum(nil)); m.Checksum != "" && got != m.Checksum {
		return fmt.Errorf("work: %s: %w: the SHA-256 is %s, want %s", m.Object, objects.ErrUnavailable, got, m.Checksum)
	}
	return nil
}

// archive analyzes an uploaded archive.
func (w *Worker) archive(ctx context.Context, m *store.Submission, object *objects.Object) error {
	h := sha256.New()
	if _, err := io.Copy(h, object.Reader()); err != nil {
		return err
	}
	err := verify(m, h)
	if err != nil {
		return err
	}
	var ref name.Reference
	if m.Reference != "" {
		if ref, err = name.ParseReference(m.Reference); err != nil {
			return fmt.Errorf("work: %q: %w", m.Reference, address.ErrReference)
		}
	}
	img, err := source.OpenStream(ctx, source.Stream{Ref: "upload", Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(object.Reader()), nil }},
		source.Options{Platform: m.Platform})
	if err != nil {
		if code, _ := Reason(err); code == "error" || code == "not-found" {
			err = fmt.Errorf("%w: %w", errMalformed, err)
		}
		return err
	}
	defer img.Close()
	return w.image(ctx, m, img, ref)
}

// image scans an image unless the catalog has it, and stores the result.
func (w *Worker) image(ctx context.Context, m *store.Submission, img *source.Image, ref name.Reference) error {
	row, err := rowOf(m, img, ref)
	if err != nil {
		return err
	}
	if err := w.begin(ctx, m, row); err != nil {
		return err
	}
	if err := w.content(ctx, m, img, row); err != nil {
		return err
	}
	return w.end(ctx, m, row, ref)
}

// rowOf describes an image.
func rowOf(m *store.Submission, img *source.Image, ref name.Reference) (*store.Image, error) {
	config, err := img.ConfigName()
	if err != nil {
		return nil, err
	}
	row := &store.Image{Tenant: m.Tenant, Kind: m.Kind, Digest: img.ManifestDigest(), Manifest: img.ManifestDigest(), Config: config.String(), Annotations: m.Annotations, Submitted: m.Submitted}
	if row.Digest == "" {
		row.Digest = row.Config // of a docker archive
	}
	if ref != nil {
		row.Reference = ref.Name()
	}
	file, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	row.Platform = platformOf(file).String()
	return row, nil
}

// platformOf returns the platform that a configuration states.
func platformOf(config *v1.ConfigFile) v1.Platform {
	if p := config.Platform(); p != nil {
		return *p
	}
	return v1.Platform{}
}

// content scans an image unless the catalog has it. Its digests authenticate everything that all tenants share.
func (w *Worker) content(ctx context.Context, m *store.Submission, img *source.Image, row *store.Image) error {
	if _, err := w.Store.Catalog.Image(ctx, row.Digest); err == nil && !m.Again || err != nil && !errors.Is(err, catalog.ErrNotFound) {
		return err
	}
	documents, err := documentsOf(img, row)
	if err != nil {
		return err
	}
	found, err := w.scan(ctx, m, img)
	if err != nil {
		return err
	}
	return w.put(ctx, row, found, documents...)
}

// step starts the span of a step of an analysis, which the returned function ends. Requests to registries are not in it but in that of the
// analysis, since an image fetches layers while it is analyzed.
func step(ctx context.Context, name string) (end func(error)) {
	_, span := telemetry.Start(ctx, name)
	return func(err error) {
		if err != nil {
			reason, _ := Reason(err)
			span.Fail(reason)
		}
		span.End()
	}
}

// scan scans the image of a submission. The bytes of an image that is not in a registry are here, so what cannot be read of it is malformed for ever;
// a registry may send the rest next time.
func (w *Worker) scan(ctx context.Context, m *store.Submission, img v1.Image) (*analyzer.Report, error) {
	analyzed := step(ctx, "analyze")
	found, err := w.Scanner.Scan(ctx, img)
	if code, _ := Reason(err); err != nil && code == "error" && m.Kind != store.Reference {
		if _, disk := errors.AsType[*fs.PathError](err); !disk {
			err = fmt.Errorf("%w: %w", errMalformed, err)
		}
	}
	analyzed(err)
	return found, err
}

// documentsOf returns the manifest and the configuration of an image, which its digest authenticates.
func documentsOf(img *source.Image, row *store.Image) (list []catalog.Document, err error) {
	add := func(name, digest string, raw []byte) error {
		if got := fmt.Sprintf("sha256:%x", sha256.Sum256(raw)); got != digest {
			return &analyzer.DigestError{Want: digest, Got: got}
		}
		list = append(list, catalog.Document{Image: row.Digest, Name: name, Kind: "application/json", Added: time.Now(), Content: raw})
		return nil
	}
	raw, err := img.RawConfigFile()
	if err == nil {
		err = add(journal.Config, row.Config, raw)
	}
	if err == nil && row.Manifest != "" {
		if raw, err = img.RawManifest(); err == nil {
			err = add(answer.Manifest, row.Manifest, raw)
		}
	}
	return list, err
}

// put writes the content of an image to the catalog, for all tenants, and marks it for the index.
func (w *Worker) put(ctx context.Context, row *store.Image, found *analyzer.Report, documents ...catalog.Document) (err error) {
	stored := step(ctx, "store")
	defer func() { stored(err) }()
	image := catalog.Image{Digest: row.Digest, Info: found.Image, Added: time.Now()}
	if err := catalog.PutBatch(ctx, w.Store.Catalog, image, found, catalog.Batch{Documents: documents}); err != nil {
		return err
	}
	return w.Store.Unindexed(ctx, row.Digest)
}

// Jobs read SBOMs of up to smallSBOM at the same time, and larger ones one after the other, as a gzipped document may take much memory.
var (
	smallSBOM = sbom.Limits{Bytes: 32 << 20, Components: 20_000}
	largeSBOM = sbom.Limits{Bytes: 256 << 20, Components: 300_000}
)

// decode reads an SBOM, and writes its bytes to h.
func (w *Worker) decode(ctx context.Context, m *store.Submission, object *objects.Object, h hash.Hash) (*analyzer.Report, error) {
	content := io.TeeReader(object.Reader(), h)
	found, err := sbom.Decode(content, smallSBOM)
	if _, err := io.Copy(io.Discard, content); err != nil {
		return nil, err
	}
	if wrong := verify(m, h); wrong != nil {
		return nil, wrong
	}
	if !errors.Is(err, sbom.ErrLimit) {
		return found, err
	}
	select {
	case w.large <- struct{}{}:
		defer func() { <-w.large }()
		return sbom.Decode(object.Reader(), largeSBOM)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// document analyzes an SBOM. Its image is named by the SBOM's own digest: a document cannot replace the result of a scan.
func (w *Worker) document(ctx context.Context, m *store.Submission, object *objects.Object) error {
	h := sha256.New()
	analyzed := step(ctx, "analyze")
	found, err := w.decode(ctx, m, object, h)
	analyzed(err)
	if err != nil {
		if code, _ := Reason(err); code == "error" {
			err = fmt.Errorf("%w: %w", errMalformed, err)
		}
		return err
	}
	var ref name.Reference
	if m.Reference != "" {
		if ref, err = name.ParseReference(m.Reference); err != nil {
			return fmt.Errorf("work: %q: %w", m.Reference, address.ErrReference)
		}
	}
	row := &store.Image{Tenant: m.Tenant, Kind: m.Kind, Digest: "sha256:" + hex.EncodeToString(h.Sum(nil)), Config: digestOf(found.Image.ID), Manifest: digestOf(found.Image.Digest),
		Annotations: m.Annotations, Submitted: m.Submitted}
	if p, err := v1.ParsePlatform(found.Image.Platform); err == nil {
		row.Platform = p.String()
	}
	if ref != nil {
		row.Reference = ref.Name()
	}
	if err := w.begin(ctx, m, row); err != nil {
		return err
	}
	if err := w.put(ctx, row, found); err != nil {
		return err
	}
	return w.end(ctx, m, row, ref)
}

// digestOf returns the digest that a document states, or "" for other texts.
func digestOf(text string) string {
	h, err := v1.NewHash(text)
	if err != nil {
		return ""
	}
	return h.String()
}

// begin stores the image of a submission.
func (w *Worker) begin(ctx context.Context, m *store.Submission, row *store.Image) error {
	m.Digest = row.Digest
	return w.Store.Write(ctx, func(tx *store.Tx) error {
		if err := tx.Begin(ctx, row); err != nil {
			return err
		}
		return tx.Finish(ctx, m)
	})
}

// end stores that an image is analyzed, after the catalog has its content and the events. A crash in between repeats all of it, and the events
// have the same IDs.
func (w *Worker) end(ctx context.Context, m *store.Submission, row *store.Image, ref name.Reference) error {
	if err := w.present(ctx, m, row.Digest); err != nil {
		return err
	}
	if err := w.tell(ctx, m.Tenant, webhook.Message{ID: journal.ID(webhook.ImageAnalyzed, m.Tenant, m.ID), Kind: webhook.ImageAnalyzed, Images: []webhook.Image{named(m, row.Digest, ref)}}); err != nil {
		return err
	}
	return w.complete(ctx, m, ref, "")
}

// complete stores that a submission is analyzed, and points its tag at the image or index. If the tag moves, it writes an event before.
func (w *Worker) complete(ctx context.Context, m *store.Submission, ref name.Reference, message string) error {
	tag, tagged := ref.(name.Tag)
	if tagged {
		late, err := w.moves(ctx, m, tag)
		if err != nil {
			return err
		}
		if late {
			tagged, message = false, cmp.Or(message, "the tag names an image of a later request")
		}
	}
	return w.Store.Write(ctx, func(tx *store.Tx) error {
		if tagged {
			if _, err := tx.PointAt(ctx, m.Tenant, tag.Name(), m.Digest, m.Index, asked(m)); err != nil {
				return err
			}
			if err := tx.StaleIndex(ctx, m.Tenant, m.Index); err != nil {
				return err
			}
		}
		if m.Index == "" {
			if err := analyzed(ctx, tx, m, m.Digest); err != nil {
				return err
			}
		}
		m.State, m.Reason, m.Message = store.Analyzed, "", message
		return tx.Finish(ctx, m)
	})
}

// asked returns when the tag of a submission named its image: when it was submitted with its content, or when the worker asked the registry.
func asked(m *store.Submission) time.Time {
	if m.Kind == store.Reference {
		return m.Started
	}
	return m.Submitted
}

// moves writes the event that a tag moves to the image of a submission, if it names another. It reports whether the submission is too late: the tag names
// an image of a later request.
func (w *Worker) moves(ctx context.Context, m *store.Submission, tag name.Tag) (late bool, err error) {
	before, err := w.Store.Pointed(ctx, m.Tenant, tag.Name())
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil || asked(m).Before(before.Asked) {
		return true, err
	}
	was, is := before.Named(), (&store.Tag{Digest: m.Digest, Index: m.Index}).Named()
	if was == is {
		return false, nil
	}
	if m.Index != "" && before.Index == "" { // a version that did not know indexes stored an image of this one
		listed, err := w.lists(ctx, m.Tenant, m.Index, before.Digest)
		if err != nil || listed {
			return false, err
		}
	}
	return false, w.tell(ctx, m.Tenant, webhook.Message{ID: journal.ID(webhook.TagMoved, m.Tenant, tag.Name(), was, is, fmt.Sprint(before.Since.UnixMicro())),
		Kind: webhook.TagMoved, Images: []webhook.Image{named(m, is, tag)}, Text: "from " + was + " to " + is})
}

// lists reports whether an index lists an image.
func (w *Worker) lists(ctx context.Context, tenant, index, digest string) (bool, error) {
	x, err := w.Store.Index(ctx, tenant, index)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(x.Platforms, func(p store.Platform) bool { return p.Digest == digest }), nil
}

// named names an image in an event.
func named(m *store.Submission, digest string, ref name.Reference) webhook.Image {
	i := webhook.Image{Tenant: m.Tenant, Digest: digest}
	if ref != nil {
		i.Repository = ref.Context().Name()
	}
	if tag, ok := ref.(name.Tag); ok {
		i.Tag = tag.TagStr()
	}
	return i
}

// present returns ErrDeleted if the tenant no longer has an image.
func (w *Worker) present(ctx context.Context, m *store.Submission, digest string) error {
	_, err := w.Store.Image(ctx, m.Tenant, digest)
	if errors.Is(err, store.ErrNotFound) {
		return ErrDeleted
	}
	return err
}

// analyzed stores that an image is analyzed. It returns ErrDeleted if the tenant no longer has it.
func analyzed(ctx context.Context, tx *store.Tx, m *store.Submission, digest string) error {
	err := tx.End(ctx, m.Tenant, digest, store.Analyzed, "", "")
	if errors.Is(err, store.ErrNotFound) {
		return ErrDeleted
	}
	return err
}

// tell writes events.
func (w *Worker) tell(ctx context.Context, tenant string, events ...webhook.Message) error {
	j := &journal.Journal{Store: w.Store.Catalog, Tenant: tenant}
	var b catalog.Batch
	for _, e := range events {
		n, err := j.Notice(e)
		if err != nil {
			return err
		}
		b.Notices = append(b.Notices, n)
	}
	return w.Store.Catalog.Write(ctx, &b)
}

// failed returns the event that a submission failed.
func failed(m *store.Submission) webhook.Message {
	ref, err := name.ParseReference(m.Reference)
	if err != nil {
		ref = nil
	}
	return webhook.Message{ID: journal.ID(webhook.AnalysisFailed, m.Tenant, m.ID), Kind: webhook.AnalysisFailed, Images: []webhook.Image{named(m, cmp.Or(m.Digest, m.Index), ref)}, Text: m.Reason}
}
