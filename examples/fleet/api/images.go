package api

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/hullmark/hullmark/examples/fleet/store"
)

type tagView struct {
	Name  string    `json:"name"`
	Since time.Time `json:"since"`
}

type imageView struct {
	Digest      string            `json:"digest"`
	Kind        store.Kind        `json:"kind"`
	Config      string            `json:"config,omitempty"`
	Manifest    string            `json:"manifest,omitempty"`
	Reference   string            `json:"reference,omitempty"`
	Platform    string            `json:"platform,omitempty"`
	State       store.State       `json:"state"`
	Reason      string            `json:"reason,omitempty"`
	Message     string            `json:"message,omitempty"`
	Annotations map[string]string `json:"annotations"`
	Tags        []tagView         `json:"tags,omitempty"`
	Submitted   time.Time         `json:"submitted"`
	Finished    *time.Time        `json:"finished,omitempty"`
	Verdict     string            `json:"verdict,omitempty"`
	Severity    string            `json:"severity,omitempty"`
	Platforms   []platformView    `json:"platforms,omitempty"`
	More        int               `json:"more,omitempty"`
}

func viewImage(m *store.Image) imageView {
	return imageView{Digest: m.Digest, Kind: m.Kind, Config: m.Config, Manifest: m.Manifest, Reference: m.Reference, Platform: m.Platform, State: m.State, Reason: m.Reason,
		Message: m.Message, Annotations: m.Annotations, Submitted: m.Submitted, Finished: timeOf(m.Finished), Verdict: m.Verdict, Severity: m.Severity}
}

// image returns the image that the path names.
func (c *call) image() (*store.Image, error) {
	text := c.r.PathValue("image")
	m, err := c.s.Store.Image(c.ctx(), c.tenant(), text)
	if errors.Is(err, store.ErrNotFound) {
		if ref, bad := name.ParseReference(text); bad == nil && ref.Name() != text {
			m, err = c.s.Store.Image(c.ctx(), c.tenant(), ref.Name())
		}
	}
	if err == nil && m.Kind != store.SBOM || err != nil && !errors.Is(err, store.ErrNotFound) {
		return m, err
	}
	x, none := c.s.Store.Index(c.ctx(), c.tenant(), text) // an SBOM may state the digest of an index
	if errors.Is(none, store.ErrNotFound) {
		return m, err
	}
	if none != nil {
		return nil, none
	}
	if err == nil && m.Digest == text {
		return m, nil
	}
	return nil, isIndex(x)
}

var errArchived = &problem{Status: http.StatusConflict, Code: "archived", Detail: "the image is archived; restore it first"}

// analyzed returns the image that the path names, and a problem if it has no content yet.
func (c *call) analyzed() (*store.Image, error) {
	m, err := c.image()
	if err != nil {
		return nil, err
	}
	switch m.State {
	case store.Analyzed:
		return m, nil
	case store.Archived:
		return nil, errArchived
	case store.Failed:
		return nil, &problem{Status: http.StatusConflict, Code: "failed", Detail: "the analysis failed: " + m.Reason}
	}
	return nil, &problem{Status: http.StatusConflict, Code: "not-analyzed", Detail: "the image is not analyzed yet", retry: time.Second}
}

func (c *call) listImages() (*reply, error) {
	after, err := c.cursor()
	if err != nil {
		return nil, err
	}
	filter := store.Filter{State: store.State(c.query.Get("state")), Verdict: c.query.Get("verdict"), Severity: c.query.Get("severity"), Name: c.query.Get("name")}
	list, err := c.s.Store.Images(c.ctx(), c.tenant(), filter, after, c.limit()+1)
	if err != nil {
		return nil, err
	}
	return ok(paged(viewImages(list), c.limit(), func(v *imageView) string { return v.Digest })), nil
}

func viewImages(list []store.Image) []imageView {
	views := make([]imageView, len(list))
	for i := range list {
		views[i] = viewImage(&list[i])
	}
	return views
}

// imageReply is an image with its tags. The ETag is its revision, for If-Match.
func (c *call) imageReply(m *store.Image) (*reply, error) {
	v := viewImage(m)
	tags, err := c.s.Store.Tags(c.ctx(), c.tenant(), m.Digest)
	if err != nil {
		return nil, err
	}
	for _, t := range tags {
		v.Tags = append(v.Tags, tagView{t.Name, t.Since})
	}
	rep := ok(v)
	rep.etag = etag(m.Revision, len(tags), m.Verdict, m.Severity)
	return rep, nil
}

// etag names a revision. The number of tags rises without a new revision, and further texts change without one.
func etag(revision int64, tags int, further ...string) string {
	return `"r` + strconv.FormatInt(revision, 10) + "-" + strconv.Itoa(tags) + strings.Join(append([]string{""}, further...), "-") + `"`
}

// revision returns the revision in If-Match, 0 without one, and store.Any if any will do.
func (c *call) revision() (int64, error) {
	text := c.r.Header.Get("If-Match")
	switch text {
	case "":
		return 0, nil
	case "*":
		return store.Any, nil
	}
	number, ok := strings.CutPrefix(text, `"r`)
	number, closed := strings.CutSuffix(number, `"`)
	ok = ok && closed && strings.Count(text, `"`) == 2
	number, _, _ = strings.Cut(number, "-")
	n, err := strconv.ParseInt(number, 10, 64)
	if !ok || err != nil || n < 1 {
		return 0, &problem{Status: http.StatusPreconditionFailed, Code: "changed", Detail: "If-Match is no ETag of this resource"}
	}
	return n, nil
}

func (c *call) getImage() (*reply, error) {
	if x, err := c.index(); err != nil {
		return nil, err
	} else if x != nil {
		return c.indexReply(x)
	}
	m, err := c.image()
	if err != nil {
		return nil, err
	}
	return c.imageReply(m)
}

func (c *call) changeImage() (*reply, error) {
	var in struct {
		Annotations map[string]string `json:"annotations"`
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if err := checkAnnotations(in.Annotations); err != nil {
		return nil, err
	}
	revision, err := c.revision()
	if err != nil {
		return nil, err
	}
	m, err := c.image()
	if err != nil {
		return nil, err
	}
	if err := c.s.Store.Write(c.ctx(), func(tx *store.Tx) error {
		if m, err = tx.SetAnnotations(c.ctx(), c.tenant(), m.Digest, in.Annotations, revision); err != nil {
			return err
		}
		return tx.Audit(c.ctx(), c.tenant(), c.token.Name, "annotate", m.Digest)
	}); err != nil {
		return nil, err
	}
	return c.imageReply(m)
}

func (c *call) deleteImage() (*reply, error) {
	if x, err := c.index(); err != nil {
		return nil, err
	} else if x != nil && c.r.PathValue("image") == x.Digest {
		return &reply{status: http.StatusNoContent}, c.s.Store.Write(c.ctx(), func(tx *store.Tx) error {
			if err := tx.DeleteIndex(c.ctx(), c.tenant(), x.Digest); err != nil {
				return err
			}
			return tx.Audit(c.ctx(), c.tenant(), c.token.Name, "delete", x.Digest)
		})
	}
	m, err := c.image()
	if err != nil {
		return nil, err
	}
	err = c.s.Store.Write(c.ctx(), func(tx *store.Tx) error {
		if _, err := tx.DeleteImage(c.ctx(), c.tenant(), m.Digest); err != nil {
			return err
		}
		return tx.Audit(c.ctx(), c.tenant(), c.token.Name, "delete", m.Digest)
	})
	return &reply{status: http.StatusNoContent}, err
}

func (c *call) analyzeAgain() (*reply, error) {
	x, err := c.index()
	if err != nil {
		return nil, err
	}
	m := new(store.Image)
	if x != nil {
		m = &store.Image{Kind: store.Reference, Digest: x.Digest, Reference: x.Reference}
	} else {
		m, err = c.image()
	}
	if err != nil {
		return nil, err
	}
	if m.Kind != store.Reference {
		return nil, &problem{Status: http.StatusConflict, Code: "no-reference", Detail: "the service does not keep uploads; upload it again"}
	}
	ref, err := name.ParseReference(m.Reference)
	if err != nil {
		return nil, err
	}
	again := ref.Context().Name() + "@" + m.Digest // the tag may have moved
	return c.add([]byte(again), &store.Submission{Tenant: c.tenant(), Kind: store.Reference, Reference: again, Priority: defaultPriority, Again: true})
}

// discard deletes an object that is not needed. A failure costs space only.
func (s *Server) discard(object string) {
	if err := s.Objects.Delete(context.Background(), object); err != nil {
		s.Log.Warn("deleting an object failed", "object", object, "error", err)
	}
}
