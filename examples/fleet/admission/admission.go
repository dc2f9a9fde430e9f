package admission

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/hullmark/hullmark/matcher/report"
)

const (
	maxBody         = 8 << 20 // the API server takes objects of 3 MiB, and a review has the old object, too
	defaultTimeout  = 80 * time.Millisecond
	defaultParallel = 8
	maxWarning      = 120 // characters, which kubectl shows in full
	maxWarnings     = 20
	maxMessage      = 2000
)

// ErrUnknown reports that there is no verdict about an image, or no digest of a tag.
var ErrUnknown = errors.New("unknown image")

// A Verdict is the stored outcome of a policy about an image.
type Verdict struct {
	Action  report.Action
	Reasons []string // for a person, the most important first
}

// A LackError reports platforms of an index without a verdict. It is an ErrUnknown.
type LackError struct {
	Text      string   // "linux/arm64 was not analyzed"
	Platforms []string // that another submission may analyze
}

func (e *LackError) Error() string { return e.Text }

// Is makes the error an ErrUnknown.
func (e *LackError) Is(target error) bool { return target == ErrUnknown }

// Verdicts has stored verdicts.
type Verdicts interface {
	// Verdict returns the verdict of a policy, or ErrUnknown. The digest of an index has the worst verdict among those of its platforms
	// on which the pod may run. If there is no verdict about one of them, and none stops the image, the error is a *LackError.
	// The name "" is that of the active policy.
	Verdict(ctx context.Context, digest, policy string, on Platforms) (*Verdict, error)
}

// A Resolver finds the digest of a tag.
type Resolver interface {
	// Resolve returns the digest, or ErrUnknown.
	Resolve(ctx context.Context, ref name.Reference) (digest string, err error)
}

// A Submitter asks for the analysis of an image.
type Submitter interface {
	// Submit submits an image. Platforms are those of an index to analyze, nil for those that the service chooses.
	Submit(ctx context.Context, reference string, platforms []string) error
}

// An Outcome says how a review ended.
type Outcome string

const (
	Admitted    Outcome = "admitted"
	Warned      Outcome = "warned" // or recorded: it would have been refused
	Refused     Outcome = "refused"
	BrokenGlass Outcome = "break-glass"
)

// An Event is a review that is worth keeping: all but those that admit images by their verdicts.
type Event struct {
	Outcome   Outcome
	Rule      string
	Namespace string
	Kind      string
	Name      string
	User      string
	Reason    string // to break the glass
	Images    []ImageOutcome
}

// An ImageOutcome is the outcome about one image.
type ImageOutcome struct {
	Reference string
	Digest    string // "" if it is unknown
	Where     string // "init container setup"
	Message   string // "" if nothing speaks against the image
	Note      string // why it is admitted without a verdict, else ""
}

// A Recorder stores events.
type Recorder interface {
	Record(ctx context.Context, e *Event) error
}

// A Handler answers reviews. It may be used by many goroutines at once.
type Handler struct {
	Config   *Config
	Verdicts Verdicts
	Resolver Resolver
	Submit   Submitter // for [Scan]
	Recorder Recorder  // nil records nothing
	Log      *slog.Logger

	Timeout  time.Duration // of a review; 80 ms if zero
	Parallel int           // images of a review that are looked up at once; 8 if zero
}

// ServeHTTP implements [http.Handler].
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var answer func(context.Context, []byte) (any, error)
	switch r.URL.Path {
	case "/validate":
		answer = h.validate
	case "/mutate":
		answer = h.mutate
	case "/image-review":
		answer = h.imageReview
	default:
		http.Error(w, "admission: no such path", http.StatusNotFound)
		return
	}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "admission: POST only", http.StatusMethodNotAllowed)
		return
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		http.Error(w, "admission: the body must be application/json", http.StatusUnsupportedMediaType)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		code := http.StatusBadRequest
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			code = http.StatusRequestEntityTooLarge
		}
		http.Error(w, "admission: the body cannot be read", code)
		return
	}
	timeout := h.Timeout
	if timeout == 0 {
		timeout = defaultTimeout
	}
	ctx, cancel := context.WithTimeout(r.Context(), timeout)
	defer cancel()
	value, err := answer(ctx, body)
	if err != nil {
		http.Error(w, "admission: "+err.Error(), http.StatusBadRequest)
		return
	}
	b, err := json.Marshal(value)
	if err != nil {
		h.log().ErrorContext(ctx, "writing a review failed", "error", err)
		http.Error(w, "admission: internal error", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Write(b) // the client may be gone
}

func (h *Handler) log() *slog.Logger {
	if h.Log == nil {
		return slog.Default()
	}
	return h.Log
}

const (
	admissionVersion = "admission.k8s.io/v1"
	imageVersion     = "imagepolicy.k8s.io/v1alpha1"
)

func readAdmission(body []byte) (*admissionRequest, error) {
	var in admissionReview
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, errors.New("the review is malformed")
	}
	if in.APIVersion != admissionVersion || in.Kind != "AdmissionReview" {
		return nil, errors.New("the body is no AdmissionReview of " + admissionVersion)
	}
	if in.Request == nil || in.Request.UID == "" {
		return nil, errors.New("the review has no request, or one without uid")
	}
	return in.Request, nil
}

func admissionAnswer(r *admissionRequest, response *admissionResponse) any {
	response.UID = r.UID
	return &admissionReview{APIVersion: admissionVersion, Kind: "AdmissionReview", Response: response}
}

// refuse returns a response that refuses with a message for the user.
func refuse(code int32, reason, message string) *admissionResponse {
	return &admissionResponse{Status: &status{Status: "Failure", Message: cut(message, maxMessage), Reason: reason, Code: code}}
}

// concerns reports whether a request can bring a new image.
func (r *admissionRequest) concerns() bool {
	return (r.Operation == "CREATE" || r.Operation == "UPDATE") && (r.SubResource == "" || r.SubResource == "ephemeralcontainers") &&
		len(r.Object) > 0 && string(r.Object) != "null"
}

// workload returns the workload of a request, with the images that the old object doesn't have for the same platforms. So objects whose images were admitted before
// can be changed and deleted whatever their verdict is now: a finalizer could not be removed otherwise.
func (r *admissionRequest) workload() (*workload, error) {
	w, err := readWorkload(r.Object)
	if err != nil {
		return nil, err
	}
	// Names in the request count, since objects may lack a namespace or have a generated name.
	if r.Namespace != "" {
		w.namespace = r.Namespace
	}
	if r.Name != "" {
		w.name = r.Name
	}
	if r.Kind.Kind != "" {
		w.kind = r.Kind.Kind
	}
	if r.Operation == "UPDATE" && w.deleting { // who creates an object may set the field, too
		w.images = nil
	}
	if r.Operation == "UPDATE" && len(w.images) > 0 {
		if old, err := readWorkload(r.OldObject); err == nil {
			known := make(map[string]bool)
			for _, i := range old.images {
				known[i.reference+" "+i.on.String()] = true
			}
			w.images = slices.DeleteFunc(w.images, func(i image) bool { return known[i.reference+" "+i.on.String()] })
		}
	}
	return w, nil
}

func (h *Handler) validate(ctx context.Context, body []byte) (any, error) {
	r, err := readAdmission(body)
	if err != nil {
		return nil, err
	}
	if !r.concerns() {
		return admissionAnswer(r, &admissionResponse{Allowed: true}), nil
	}
	w, err := r.workload()
	if err != nil {
		return admissionAnswer(r, refuse(http.StatusUnprocessableEntity, "Invalid", "hullmark: "+err.Error())), nil
	}
	if len(w.images) == 0 {
		return admissionAnswer(r, &admissionResponse{Allowed: true}), nil
	}
	j := h.judge(ctx, w, &r.User, r.DryRun)
	response := &admissionResponse{Allowed: j.outcome != Refused, AuditAnnotations: j.audit()}
	if j.outcome == Refused {
		response = refuse(http.StatusForbidden, "Forbidden", j.message())
		response.AuditAnnotations = j.audit()
	}
	if j.outcome != Refused && (j.outcome == BrokenGlass || j.rule.mode() == Warn) {
		response.Warnings = j.warnings()
	}
	return admissionAnswer(r, response), nil
}

func (h *Handler) mutate(ctx context.Context, body []byte) (any, error) {
	r, err := readAdmission(body)
	if err != nil {
		return nil, err
	}
	response := &admissionResponse{Allowed: true}
	if !r.concerns() {
		return admissionAnswer(r, response), nil
	}
	w, err := r.workload()
	if err != nil { // the validating webhook refuses it
		return admissionAnswer(r, response), nil
	}
	pinned := make([]string, len(w.images))
	h.each(len(w.images), func(i int) {
		ref, err := parse(w.images[i].reference)
		if err != nil {
			return
		}
		if _, ok := ref.(name.Digest); ok {
			return
		}
		if digest, err := h.Resolver.Resolve(ctx, ref); err == nil {
			pinned[i] = w.images[i].reference + "@" + digest
		}
	})
	var patches []patch
	for i := range w.images {
		if pinned[i] != "" {
			patches = append(patches, patch{"replace", w.images[i].pointer, pinned[i]})
		}
	}
	if len(patches) > 0 {
		if response.Patch, err = json.Marshal(patches); err != nil {
			return nil, err
		}
		response.PatchType = "JSONPatch"
	}
	return admissionAnswer(r, response), nil
}

func (h *Handler) imageReview(ctx context.Context, body []byte) (any, error) {
	var in imageReview
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, errors.New("the review is malformed")
	}
	if in.APIVersion != imageVersion || in.Kind != "ImageReview" {
		return nil, errors.New("the body is no ImageReview of " + imageVersion)
	}
	in.Status = imageReviewStatus{Allowed: true}
	w := &workload{namespace: in.Spec.Namespace, kind: "Pod", annotations: in.Spec.Annotations}
	for i, c := range in.Spec.Containers {
		w.images = append(w.images, image{reference: c.Image, where: fmt.Sprintf("container %d", i+1)})
	}
	if len(w.images) > maxImages {
		return nil, fmt.Errorf("more than %d images", maxImages)
	}
	if len(w.images) > 0 {
		j := h.judge(ctx, w, &user{}, false)
		in.Status = imageReviewStatus{Allowed: j.outcome != Refused, AuditAnnotations: j.audit()}
		if j.outcome == Refused {
			in.Status.Reason = cut(j.message(), maxMessage)
		}
	}
	return &in, nil
}

// A judgement is the outcome about a workload.
type judgement struct {
	outcome Outcome
	rule    *Rule
	glass   string // the reason to break the glass
	images  []ImageOutcome
}

// judge judges the images of a workload. It neither submits nor records in a dry run.
func (h *Handler) judge(ctx context.Context, w *workload, u *user, dry bool) *judgement {
	rule := h.Config.rule(w)
	if rule == nil {
		rule = &Rule{Name: "none"} // Check requires a last rule; a Config without one refuses
	}
	j := &judgement{outcome: Admitted, rule: rule, images: make([]ImageOutcome, len(w.images))}
	submit := make([]submission, len(w.images))
	h.each(len(w.images), func(i int) {
		j.images[i] = ImageOutcome{Reference: w.images[i].reference, Where: w.images[i].where}
		j.images[i].Message, submit[i] = h.one(ctx, rule, w.images[i].on, &j.images[i])
	})
	if slices.ContainsFunc(j.images, func(o ImageOutcome) bool { return o.Message != "" }) {
		if j.outcome = Warned; rule.mode() == Enforce {
			j.outcome = Refused
		}
	}
	if j.outcome == Refused {
		if reason, may := h.Config.BreakGlass.reason(w, u); may {
			j.outcome, j.glass = BrokenGlass, cut(reason, maxMessage)
		}
	}
	if dry {
		return j
	}
	for _, s := range submit {
		if s.reference != "" && h.Submit != nil {
			if err := h.Submit.Submit(ctx, s.reference, s.platforms); err != nil {
				h.log().WarnContext(ctx, "submitting an unknown image failed", "reference", s.reference, "error", err)
			}
		}
	}
	if h.Recorder != nil && (j.outcome != Admitted || slices.ContainsFunc(j.images, func(o ImageOutcome) bool { return o.Note != "" })) {
		e := &Event{j.outcome, rule.Name, w.namespace, w.kind, w.name, u.Name, j.glass, j.images}
		if err := h.Recorder.Record(ctx, e); err != nil {
			h.log().ErrorContext(ctx, "recording an event failed", "outcome", string(e.Outcome), "namespace", e.Namespace, "name", e.Name, "user", e.User, "reason", e.Reason, "error", err)
		}
	}
	return j
}

// each calls do for the numbers below n, a few at once.
func (h *Handler) each(n int, do func(int)) {
	parallel := h.Parallel
	if parallel == 0 {
		parallel = defaultParallel
	}
	var wg sync.WaitGroup
	next := make(chan int)
	for range min(n, parallel) {
		wg.Go(func() {
			for i := range next {
				do(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
}

// A submission is an unknown image to submit; the zero value submits nothing.
type submission struct {
	reference string
	platforms []string
}

// one returns what speaks against an image, and what to submit if it is unknown.
func (h *Handler) one(ctx context.Context, rule *Rule, on Platforms, o *ImageOutcome) (message string, submit submission) {
	ref, err := parse(o.Reference)
	if err != nil {
		return err.Error(), submission{}
	}
	if d, ok := ref.(name.Digest); ok {
		o.Digest = d.DigestStr()
	} else if rule.Pinned {
		return "the reference has no digest", submission{}
	} else if o.Digest, err = h.Resolver.Resolve(ctx, ref); err != nil {
		return h.unread(ctx, rule, o, ref.Name(), err)
	}
	v, err := h.Verdicts.Verdict(ctx, o.Digest, rule.Policy, on)
	if err != nil {
		return h.unread(ctx, rule, o, ref.Context().Digest(o.Digest).Name(), err)
	}
	if v.Action != report.Stop {
		return "", submission{}
	}
	if len(v.Reasons) == 0 {
		return "the policy stops it", submission{}
	}
	return cut(strings.Join(v.Reasons, "; "), maxMessage), submission{}
}

// unread returns what follows for an image without a verdict.
func (h *Handler) unread(ctx context.Context, rule *Rule, o *ImageOutcome, reference string, err error) (message string, submit submission) {
	if errors.Is(err, ErrUnknown) {
		lack, partly := errors.AsType[*LackError](err)
		note := func(text string) string {
			if partly {
				text += ": " + lack.Text
			}
			return text
		}
		switch rule.unknown() {
		case Allow:
			o.Note = note("not analyzed")
			return "", submission{}
		case Scan:
			o.Note = note("not analyzed yet")
			if !partly {
				return "", submission{reference: reference}
			}
			if len(lack.Platforms) == 0 { // another submission would fail, too
				return "", submission{}
			}
			return "", submission{reference, lack.Platforms}
		}
		return note("the image is not analyzed"), submission{}
	}
	h.log().WarnContext(ctx, "a verdict cannot be read", "reference", reference, "error", err)
	if rule.failure() == Open {
		o.Note = "the verdict cannot be read"
		return "", submission{}
	}
	if ctx.Err() != nil {
		return "the verdict cannot be read in time", submission{}
	}
	return "the verdict cannot be read", submission{}
}

// lines returns a line for each image with a message.
func (j *judgement) lines() []string {
	var list []string
	for _, o := range j.images {
		if o.Message != "" {
			list = append(list, clean(o.Where+": "+o.Reference+": "+o.Message))
		}
	}
	return list
}

func (j *judgement) message() string {
	return "hullmark: rule " + j.rule.Name + ": " + strings.Join(j.lines(), "\n")
}

func (j *judgement) warnings() []string {
	lines := j.lines()
	if more := len(lines) - maxWarnings; more > 0 {
		lines = append(lines[:maxWarnings], fmt.Sprintf("%d more images", more))
	}
	for i := range lines {
		lines[i] = cut("hullmark: "+lines[i], maxWarning)
	}
	return lines
}

// audit returns annotations for the audit log of the API server, which puts the name of the webhook before the keys.
func (j *judgement) audit() map[string]string {
	m := map[string]string{"outcome": string(j.outcome), "rule": j.rule.Name}
	if lines := j.lines(); len(lines) > 0 {
		m["images"] = cut(strings.Join(lines, "\n"), maxMessage)
	}
	var notes []string
	for _, o := range j.images {
		if o.Note != "" {
			notes = append(notes, clean(o.Where+": "+o.Reference+": "+o.Note))
		}
	}
	if len(notes) > 0 {
		m["unchecked"] = cut(strings.Join(notes, "\n"), maxMessage)
	}
	if j.glass != "" {
		m["break-glass"] = clean(j.glass)
	}
	return m
}

// clean replaces control characters, which would end a line in the terminal of another user.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return '?'
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
}

// cut returns the first n bytes of s, at a boundary of a character, with a mark.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n-3], "") + "..."
}
