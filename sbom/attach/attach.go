// Package attach keeps SBOMs in a registry beside the images that they are about, as artifacts of the OCI distribution
// specification, version 1.1, that name the image as their subject. Registries without the referrers API are served by the
// tag that the specification names for them. Documents are bytes here: sbom.Encode makes them, and sbom.Decode reads them.
//
// It is a package of its own because it brings an HTTP client.
package attach

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Media types of documents.
const (
	CycloneDXJSON = "application/vnd.cyclonedx+json"
	CycloneDXXML  = "application/vnd.cyclonedx+xml"
	SPDXJSON      = "application/spdx+json"
	InToto        = "application/vnd.in-toto+json"
)

const emptyConfig = "application/vnd.oci.empty.v1+json"

var (
	// ErrNone says that no SBOM is attached to an image.
	ErrNone = errors.New("no SBOM is attached")

	// ErrSubject says that what a registry names as attached to an image says itself that it is about another one.
	ErrSubject = errors.New("it is about another image")

	// ErrTooLarge says that a document is larger than MaxSize.
	ErrTooLarge = errors.New("too large")
)

const (
	// MaxSize is how many bytes a document may have that is read from a registry.
	MaxSize = 512 << 20

	maxManifest  = 4 << 20 // bytes, what registries accept at least
	maxReferrers = 128     // SBOMs of one image that are looked at
)

// Options say how to reach registries. The zero value is fine.
type Options struct {
	Keychain  authn.Keychain    // nil: what "docker login" wrote
	Transport http.RoundTripper // nil: one like http.DefaultTransport
	Insecure  []string          // registries, as host or host:port, that are spoken to in plain HTTP; those on the loopback interface always are
}

func (o Options) remote(ctx context.Context) []remote.Option {
	keychain := o.Keychain
	if keychain == nil {
		keychain = authn.DefaultKeychain
	}
	list := []remote.Option{remote.WithContext(ctx), remote.WithAuthFromKeychain(keychain), remote.WithUserAgent("hullmark")}
	if o.Transport != nil {
		list = append(list, remote.WithTransport(o.Transport))
	}
	return list
}

// parse reads "registry/repository@sha256:...", also with a tag before the "@".
func (o Options) parse(image string) (name.Digest, error) {
	var options []name.Option
	if host, _, ok := strings.Cut(image, "/"); ok && slices.Contains(o.Insecure, host) {
		options = append(options, name.Insecure)
	}
	d, err := name.NewDigest(image, options...)
	if err != nil {
		return name.Digest{}, fmt.Errorf("%s: not an image by its digest: %w", image, err)
	}
	return d, nil
}

// A manifest is that of an artifact.
type manifest struct {
	SchemaVersion int64             `json:"schemaVersion"`
	MediaType     types.MediaType   `json:"mediaType"`
	ArtifactType  string            `json:"artifactType"`
	Config        v1.Descriptor     `json:"config"`
	Layers        []v1.Descriptor   `json:"layers"`
	Subject       *v1.Descriptor    `json:"subject,omitempty"`
	Annotations   map[string]string `json:"annotations,omitempty"`
}

// raw is a manifest that is written as it is.
type raw []byte

func (r raw) RawManifest() ([]byte, error)        { return r, nil }
func (r raw) MediaType() (types.MediaType, error) { return types.OCIManifestSchema1, nil }

// Push attaches a document of a media type to the image that "registry/repository@sha256:..." names, with annotations, and
// returns the same for the artifact. Pushing the same again changes nothing.
func Push(ctx context.Context, image, mediaType string, document []byte, annotations map[string]string, o Options) (string, error) {
	ref, err := push(ctx, image, mediaType, document, annotations, o)
	if err != nil {
		return "", fmt.Errorf("attach: %w", err)
	}
	return ref, nil
}

func push(ctx context.Context, image, mediaType string, document []byte, annotations map[string]string, o Options) (string, error) {
	subject, err := o.parse(image)
	if err != nil {
		return "", err
	}
	options := o.remote(ctx)
	about, err := remote.Head(subject, options...)
	if err != nil {
		return "", err
	}
	if about.Digest.String() != subject.DigestStr() {
		return "", fmt.Errorf("%s: the registry has %s under this name: %w", image, about.Digest, ErrSubject)
	}
	m := manifest{
		SchemaVersion: 2, MediaType: types.OCIManifestSchema1, ArtifactType: mediaType,
		Subject: &v1.Descriptor{MediaType: about.MediaType, Size: about.Size, Digest: about.Digest}, Annotations: annotations,
	}
	for _, part := range []struct {
		mediaType string
		content   []byte
	}{{emptyConfig, []byte("{}")}, {mediaType, document}} {
		l := static.NewLayer(part.content, types.MediaType(part.mediaType))
		if err := remote.WriteLayer(subject.Context(), l, options...); err != nil {
			return "", err
		}
		digest, size, err := v1.SHA256(bytes.NewReader(part.content))
		if err != nil {
			return "", err
		}
		m.Layers = append(m.Layers, v1.Descriptor{MediaType: types.MediaType(part.mediaType), Size: size, Digest: digest})
	}
	m.Config, m.Layers = m.Layers[0], m.Layers[1:]
	text, err := json.Marshal(m)
	if err != nil {
		return "", err
	}
	digest, _, err := v1.SHA256(bytes.NewReader(text))
	if err != nil {
		return "", err
	}
	artifact := subject.Context().Digest(digest.String())
	if err := remote.Put(artifact, raw(text), options...); err != nil {
		return "", err
	}
	return artifact.Name(), nil
}

// An Attachment is a document that is attached to an image.
type Attachment struct {
	Ref         string // the artifact: "registry/repository@sha256:..."
	MediaType   string // of the document
	Size        int64  // of the document, in bytes
	Annotations map[string]string

	layer   name.Digest
	options Options
}

// Find returns the SBOMs that are attached to the image that "registry/repository@sha256:..." names: CycloneDX first, then
// SPDX, then in-toto statements, newer ones (by the annotation org.opencontainers.image.created) before older ones.
// Each manifest is checked to be what its digest says, and to name the image as its subject. It fails with [ErrNone]
// where there is none, and with [ErrSubject] where there are only such that are about other images.
func Find(ctx context.Context, image string, o Options) ([]Attachment, error) {
	list, err := find(ctx, image, o)
	if err != nil {
		return nil, fmt.Errorf("attach: %w", err)
	}
	return list, nil
}

func find(ctx context.Context, image string, o Options) ([]Attachment, error) {
	subject, err := o.parse(image)
	if err != nil {
		return nil, err
	}
	options := o.remote(ctx)
	index, err := remote.Referrers(subject, options...)
	if err != nil {
		return nil, err
	}
	referrers, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	var list []Attachment
	var foreign error
	for _, d := range referrers.Manifests {
		if rank(d.ArtifactType) == 0 && d.ArtifactType != emptyConfig && d.ArtifactType != "" || d.Size > maxManifest {
			continue
		}
		if len(list) == maxReferrers {
			break
		}
		a, err := read(subject, d, o, options)
		switch {
		case errors.Is(err, ErrSubject):
			foreign = err
		case err != nil:
			return nil, err
		case a != nil:
			list = append(list, *a)
		}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%s: %w", image, cmp.Or(foreign, ErrNone))
	}
	const created = "org.opencontainers.image.created"
	slices.SortStableFunc(list, func(a, b Attachment) int {
		return cmp.Or(cmp.Compare(rank(a.MediaType), rank(b.MediaType)), strings.Compare(b.Annotations[created], a.Annotations[created]), strings.Compare(a.Ref, b.Ref))
	})
	return list, nil
}

// rank orders the media types of documents; 0 is for what is none.
func rank(mediaType string) int {
	return 1 + slices.Index([]string{CycloneDXJSON, CycloneDXXML, SPDXJSON, InToto}, mediaType)
}

// read reads the manifest of an artifact, which may turn out not to be an SBOM.
func read(subject name.Digest, d v1.Descriptor, o Options, options []remote.Option) (*Attachment, error) {
	ref := subject.Context().Digest(d.Digest.String())
	got, err := remote.Get(ref, options...)
	if err != nil {
		return nil, err
	}
	var m manifest
	if err := json.Unmarshal(got.Manifest, &m); err != nil {
		return nil, fmt.Errorf("%s: %w", ref, err)
	}
	if len(m.Layers) != 1 || rank(string(m.Layers[0].MediaType)) == 0 {
		return nil, nil
	}
	if m.Subject == nil || m.Subject.Digest.String() != subject.DigestStr() {
		return nil, fmt.Errorf("%s: %w", ref, ErrSubject)
	}
	return &Attachment{
		Ref: ref.Name(), MediaType: string(m.Layers[0].MediaType), Size: m.Layers[0].Size, Annotations: m.Annotations,
		layer: subject.Context().Digest(m.Layers[0].Digest.String()), options: o,
	}, nil
}

// Open returns the document. Reading fails where it is not what its digest says. It fails with [ErrTooLarge] for one of more
// than MaxSize bytes.
func (a *Attachment) Open(ctx context.Context) (io.ReadCloser, error) {
	if a.Size > MaxSize {
		return nil, fmt.Errorf("attach: %s: %d bytes: %w", a.Ref, a.Size, ErrTooLarge)
	}
	l, err := remote.Layer(a.layer, a.options.remote(ctx)...)
	if err != nil {
		return nil, fmt.Errorf("attach: %s: %w", a.Ref, err)
	}
	r, err := l.Compressed() // checks the digest
	if err != nil {
		return nil, fmt.Errorf("attach: %s: %w", a.Ref, err)
	}
	return r, nil
}
