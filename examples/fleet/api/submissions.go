package api

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/hullmark/hullmark/examples/fleet/address"
	"github.com/hullmark/hullmark/examples/fleet/store"
)

const (
	defaultPriority = 5
	pollTime        = 100 * time.Millisecond // between looks at the submissions that requests wait for
	lookTime        = 10 * time.Second       // for one look
)

type submissionView struct {
	ID          string            `json:"id"`
	Kind        store.Kind        `json:"kind"`
	Reference   string            `json:"reference,omitempty"`
	Platform    string            `json:"platform,omitempty"`
	Platforms   []string          `json:"platforms,omitempty"`
	Annotations map[string]string `json:"annotations"`
	Priority    int               `json:"priority"`
	State       store.State       `json:"state"`
	Reason      string            `json:"reason,omitempty"`
	Message     string            `json:"message,omitempty"`
	Image       string            `json:"image,omitempty"`
	Index       string            `json:"index,omitempty"`
	Attempts    int               `json:"attempts"`
	Submitted   time.Time         `json:"submitted"`
	Started     *time.Time        `json:"started,omitempty"`
	Finished    *time.Time        `json:"finished,omitempty"`
}

func viewSubmission(m *store.Submission) submissionView {
	v := submissionView{ID: m.ID, Kind: m.Kind, Reference: m.Reference, Platform: m.Platform, Annotations: m.Annotations, Priority: m.Priority, State: m.State, Reason: m.Reason, Message: m.Message,
		Image: m.Digest, Index: m.Index, Attempts: m.Attempts, Submitted: m.Submitted, Started: timeOf(m.Started), Finished: timeOf(m.Finished)}
	if list := strings.Split(m.Platform, ","); len(list) > 1 {
		v.Platform, v.Platforms = "", list
	}
	if v.Annotations == nil {
		v.Annotations = map[string]string{}
	}
	return v
}

func (c *call) listSubmissions() (*reply, error) {
	after, err := c.cursor()
	if err != nil {
		return nil, err
	}
	list, err := c.s.Store.Submissions(c.ctx(), c.tenant(), store.State(c.query.Get("state")), after, c.limit()+1)
	if err != nil {
		return nil, err
	}
	views := make([]submissionView, len(list))
	for i := range list {
		views[i] = viewSubmission(&list[i])
	}
	return ok(paged(views, c.limit(), func(v *submissionView) string { return v.ID })), nil
}

func (c *call) getSubmission() (*reply, error) {
	id := c.r.PathValue("submission")
	m, err := c.s.Store.Submission(c.ctx(), c.tenant(), id)
	wait := c.int("wait", 0)
	if err != nil || wait == 0 || m.State == store.Analyzed || m.State == store.Failed {
		return submissionReply(m, err)
	}
	ended, leave := c.s.waits.join(c.s.Store, id)
	defer leave()
	deadline := time.NewTimer(time.Duration(wait) * time.Second)
	defer deadline.Stop()
	select {
	case <-deadline.C:
	case <-ended:
	case <-c.ctx().Done():
		return nil, c.ctx().Err()
	}
	return submissionReply(c.s.Store.Submission(c.ctx(), c.tenant(), id))
}

func submissionReply(m *store.Submission, err error) (*reply, error) {
	if err != nil {
		return nil, err
	}
	return ok(viewSubmission(m)), nil
}

// waits wakes requests that wait for the end of a submission. One query looks at all these submissions.
type waits struct {
	mu      sync.Mutex
	of      map[string]map[chan struct{}]bool // by the ID of the submission
	running bool
}

// join returns a channel that is closed when a submission has ended. The caller calls leave when it no longer waits.
func (w *waits) join(s *store.Store, id string) (ended <-chan struct{}, leave func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.of == nil {
		w.of = make(map[string]map[chan struct{}]bool)
	}
	if w.of[id] == nil {
		w.of[id] = make(map[chan struct{}]bool)
	}
	c := make(chan struct{})
	if w.of[id][c] = true; !w.running {
		w.running = true
		go w.run(s)
	}
	return c, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if delete(w.of[id], c); len(w.of[id]) == 0 {
			delete(w.of, id)
		}
	}
}

// run looks for submissions that ended until no request waits. A look that fails is repeated.
func (w *waits) run(s *store.Store) {
	for {
		time.Sleep(pollTime)
		w.mu.Lock()
		list := slices.Collect(maps.Keys(w.of))
		w.running = len(list) > 0
		w.mu.Unlock()
		if len(list) == 0 {
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), lookTime)
		ended, _ := s.Ended(ctx, list)
		cancel()
		w.mu.Lock()
		for _, id := range ended {
			for c := range w.of[id] {
				close(c)
			}
			delete(w.of, id)
		}
		w.mu.Unlock()
	}
}

// registries returns the patterns of the tenant's registries.
func (c *call) registries() ([]string, error) {
	list, err := c.s.Store.Registries(c.ctx(), c.tenant())
	if err == nil && list == nil {
		list = c.s.Settings().Registries
	}
	return list, err
}

// submitted is the reply to a submission.
func submitted(m *store.Submission) *reply {
	return &reply{status: http.StatusAccepted, value: viewSubmission(m), location: "/v1/submissions/" + m.ID}
}

// add adds a submission and its job.
func (c *call) add(hash []byte, m *store.Submission) (*reply, error) {
	if err := checkAnnotations(m.Annotations); err != nil {
		return nil, err
	}
	return c.once(hash, func(tx *store.Tx) (*reply, error) {
		if err := c.s.Queue.Submit(c.ctx(), tx, m); err != nil {
			return nil, err
		}
		if err := tx.Audit(c.ctx(), c.tenant(), c.token.Name, "submit", cmp.Or(m.Reference, m.ID)); err != nil {
			return nil, err
		}
		return submitted(m), c.count(tx, 1) // last, as requests with one token wait for each other from here on
	})
}

// count counts submissions of the token. Those over its limit of a day are refused until the next day.
func (c *call) count(tx *store.Tx, n int) error {
	now := time.Now().UTC()
	daily := c.s.Settings().Daily
	err := tx.Count(c.ctx(), c.token.ID, now, n, daily)
	if errors.Is(err, store.ErrLimit) {
		tomorrow := now.Truncate(24 * time.Hour).Add(24 * time.Hour)
		return &problem{Status: http.StatusTooManyRequests, Code: "daily-limit", Detail: fmt.Sprintf("the token may submit %d images a day", daily), retry: tomorrow.Sub(now)}
	}
	return err
}

func checkAnnotations(m map[string]string) error {
	if len(m) > 100 {
		return malformed("more than 100 annotations")
	}
	for k, v := range m {
		if k == "" || len(k) > 200 || len(v) > 2000 {
			return malformed("an annotation's name has 1 to 200 bytes, and its value at most 2,000")
		}
	}
	return nil
}

func (c *call) submit() (*reply, error) {
	var in struct {
		Reference   string            `json:"reference"`
		Platform    string            `json:"platform"`
		Platforms   []string          `json:"platforms"`
		Annotations map[string]string `json:"annotations"`
		Priority    *int              `json:"priority"`
		Again       bool              `json:"again"`
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if in.Platform != "" && in.Platforms != nil {
		return nil, malformed("platform and platforms exclude each other")
	}
	if in.Platforms != nil && len(in.Platforms) == 0 || len(in.Platforms) > store.MostRequested {
		return nil, malformed(fmt.Sprintf("there are 1 to %d platforms", store.MostRequested))
	}
	if in.Platforms == nil && in.Platform != "" {
		in.Platforms = []string{in.Platform}
	}
	for _, p := range in.Platforms {
		if p == "" {
			return nil, malformed("the platform is malformed")
		}
		if err := checkPlatform(p); err != nil {
			return nil, err
		}
	}
	patterns, err := c.registries()
	if err != nil {
		return nil, err
	}
	m := &store.Submission{Tenant: c.tenant(), Kind: store.Reference, Platform: strings.Join(in.Platforms, ","), Annotations: in.Annotations, Priority: defaultPriority, Again: in.Again}
	if in.Priority != nil {
		if m.Priority = *in.Priority; m.Priority < 0 || m.Priority > 9 {
			return nil, malformed("the priority is not between 0 and 9")
		}
	}
	ref, err := address.Check(in.Reference, patterns)
	switch {
	case errors.Is(err, address.ErrRegistry):
		return nil, &problem{Status: http.StatusForbidden, Code: "registry", Detail: "the tenant may not submit images of this registry"}
	case err != nil || len(in.Reference) > 1024:
		return nil, malformed("the reference is malformed")
	}
	m.Reference = ref.Name()
	sum := sha256.New()
	hashStrings(sum, m.Reference, m.Platform)
	for _, k := range sortedKeys(m.Annotations) {
		hashStrings(sum, k, m.Annotations[k])
	}
	fmt.Fprintf(sum, "%d %t", m.Priority, m.Again)
	return c.add(sum.Sum(nil), m)
}

func hashStrings(h hash.Hash, list ...string) {
	for _, s := range list {
		one := sha256.Sum256([]byte(s))
		h.Write(one[:])
	}
}

// uploaded stores the body of a request as an object, and submits it.
func (c *call) uploaded(kind store.Kind) (*reply, error) {
	limit, d := c.s.MaxUpload, c.s.UploadTime
	if limit == 0 {
		limit = defaultUpload
	}
	if d == 0 {
		d = 30 * time.Minute
	}
	if c.r.ContentLength > limit { // before a client has sent it
		return nil, tooLarge(limit)
	}
	end := c.deadline(d)
	m := &store.Submission{Tenant: c.tenant(), Kind: kind, Object: "upload/" + store.NewID(), Platform: c.query.Get("platform"), Priority: c.int("priority", defaultPriority)}
	if text := c.query.Get("reference"); text != "" {
		ref, err := name.ParseReference(text)
		if err != nil {
			return nil, malformed("the reference is malformed")
		}
		m.Reference = ref.Name()
	}
	if err := checkPlatform(m.Platform); err != nil { // before all of the body is read
		return nil, err
	}
	if err := c.s.Store.Trash(c.ctx(), m.Object, d+time.Hour); err != nil { // until it is submitted
		return nil, err
	}
	sum, body := sha256.New(), &body{r: http.MaxBytesReader(c.w, c.r.Body, limit)}
	_, err := c.s.Objects.Put(c.ctx(), m.Object, io.TeeReader(body, sum))
	if body.err == nil {
		end() // otherwise, the server would wait for the rest of the body without it
	}
	if large, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, tooLarge(large.Limit)
	}
	if err != nil && body.err != nil {
		return nil, malformed("the body cannot be read")
	}
	if err != nil {
		return nil, err
	}
	m.Checksum = hex.EncodeToString(sum.Sum(nil))
	rep, err := c.add(sum.Sum(nil), m)
	if err != nil || rep.body != nil { // refused, or the answer to an earlier request
		c.s.discard(m.Object)
	}
	return rep, err
}

// A body keeps the error of the client, which is not a failure of the service.
type body struct {
	r   io.Reader
	err error
}

// Read implements [io.Reader].
func (b *body) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if err != nil && err != io.EOF {
		b.err = err
	}
	return n, err
}

func checkPlatform(platform string) error {
	if platform == "" {
		return nil
	}
	if _, err := v1.ParsePlatform(platform); err != nil || strings.Contains(platform, ",") || len(platform) > 100 {
		return malformed("the platform is malformed")
	}
	return nil
}

func (c *call) upload() (*reply, error)     { return c.uploaded(store.Archive) }
func (c *call) importSBOM() (*reply, error) { return c.uploaded(store.SBOM) }

// sortedKeys returns the keys of a map in their order.
func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
