package catalog

import (
	"context"
	"errors"
	"iter"
	"slices"
	"time"

	"github.com/hullmark/hullmark/analyzer"
)

// ErrNotFound reports that a Store has no such image or part.
var ErrNotFound = errors.New("not found")

// An Image is an analyzed image, without the content of its parts.
type Image struct {
	Digest string             // of its manifest, or another name that is its own
	Info   analyzer.ImageInfo // ID is the digest of its configuration
	Added  time.Time          // when it was analyzed first
	Parts  []PartRef
}

// A Tag is an image that a tag pointed at since a time, until the next Tag of the name.
type Tag struct {
	Name   string // "registry.example/team/app:1.2"
	Digest string // "" since the tag is deleted
	Since  time.Time
}

// A Notice is an entry of the outbox: an event to deliver. A Store keeps one for each ID, so that an event that is computed again, after a
// crash, is not delivered twice.
type Notice struct {
	ID      string
	Kind    string
	Body    []byte
	Created time.Time
	Number  int64 // the Store gives it: later notices have higher numbers
}

// A Verdict is the outcome of a policy for an image, from a time on. A Store keeps a history for each tenant, image and policy.
type Verdict struct {
	Tenant string
	Image  string    // its digest
	Policy string    // the name of its history
	Key    string    // a hash of all that decided: policy, marks, matches
	Action string    // a report.Action
	Body   []byte    // the verdict in the form of its writer
	Since  time.Time // when it was evaluated first
	Until  time.Time // when it has to be evaluated again; zero if that does not depend on the time
}

// A Document is a file that was submitted with an image: an SBOM, a Dockerfile.
type Document struct {
	Image   string // digest of the image
	Name    string // of its own among those of the image
	Kind    string
	Added   time.Time
	Size    int64 // of the content, in bytes
	Content []byte
}

// A Batch is written in one transaction: all of it, or nothing.
type Batch struct {
	Parts     []Part     // those that the store has are ignored
	Images    []Image    // replace those of the same digest, and keep Added
	Deleted   []string   // digests of images; their documents are deleted, tags and verdicts stay
	Documents []Document // replace those of the same image and name
	Tags      []Tag      // that an image has already are ignored
	Marks     []Mark     // replace those of the same ID, and keep their place
	Verdicts  []Verdict  // one with the Key and Action of the current verdict sets only its Until
	Notices   []Notice   // those that the store has or had are ignored
	Delivered []string   // IDs of notices
}

// A Store keeps a catalog. [Memory] is one, and package sqlstore has one for databases; package catalogtest tests others. Methods return
// [ErrNotFound] for missing data, and [ErrCorrupt] for damaged data. Times are kept to the microsecond, in UTC. Strings are any bytes.
type Store interface {
	// Write writes a batch. An image whose parts are neither in the store nor in the batch is ErrNotFound, and so is a document of an image
	// that is in neither.
	Write(ctx context.Context, b *Batch) error

	// Image returns an image by its digest, or the one written last of those with a configuration of this digest. Only the digest is proof: an SBOM may
	// state any configuration, also that of an image that was never analyzed. If others write SBOMs, compare Image.Digest with the digest asked for, or
	// write SBOMs without Info.ID.
	Image(ctx context.Context, digest string) (*Image, error)

	// Images yields all images in the order of their digests.
	Images(ctx context.Context) iter.Seq2[Image, error]

	// Parts returns the parts with hashes, in their order.
	Parts(ctx context.Context, hashes []Hash) ([]Part, error)

	// Missing returns those of hashes that the store has no part of. An image whose parts are known needs no upload.
	Missing(ctx context.Context, hashes []Hash) ([]Hash, error)

	// Tags returns the images that a tag pointed at, oldest first.
	Tags(ctx context.Context, name string) ([]Tag, error)

	// Pointing returns the tags that point at one of the digests now, in the order of their names.
	Pointing(ctx context.Context, digests []string) ([]Tag, error)

	// Document returns a document of an image.
	Document(ctx context.Context, digest, name string) (*Document, error)

	// Documents returns the documents of an image without their content, in the order of their names.
	Documents(ctx context.Context, digest string) ([]Document, error)

	// Marks returns the marks of a tenant, in the order in which they were made.
	Marks(ctx context.Context, tenant string) ([]Mark, error)

	// Verdicts returns the verdicts of an image for a tenant, oldest first.
	Verdicts(ctx context.Context, tenant, digest string) ([]Verdict, error)

	// Verdict returns the current verdict of a policy about an image for a tenant, or an error that wraps ErrNotFound.
	Verdict(ctx context.Context, tenant, digest, policy string) (*Verdict, error)

	// Due returns up to n current verdicts whose Until is not after now, the earliest first. Verdicts of deleted images are not due.
	Due(ctx context.Context, now time.Time, n int) ([]Verdict, error)

	// Notices returns up to n notices that are not delivered, oldest first.
	Notices(ctx context.Context, n int) ([]Notice, error)

	// Events returns up to n notices with a higher number than after, delivered or not, in the order of their numbers. A notice that is written
	// later gets a higher number than those that Events has returned, so a reader that continues from the last number misses none.
	Events(ctx context.Context, after int64, n int) ([]Notice, error)

	// Collect deletes the parts that no image has, and the delivered notices that were created before a time, and returns their number.
	Collect(ctx context.Context, before time.Time) (int, error)
}

// Put divides the report of an image and writes it, with tags, in one transaction. It writes only the parts that the store lacks.
func Put(ctx context.Context, s Store, image Image, report *analyzer.Report, tags ...Tag) error {
	return PutBatch(ctx, s, image, report, Batch{Tags: tags})
}

// PutBatch writes an image as Put does, and all that b has in the same transaction.
func PutBatch(ctx context.Context, s Store, image Image, report *analyzer.Report, b Batch) error {
	refs, parts := Divide(report)
	image.Info, image.Parts = report.Image, refs
	hashes := make([]Hash, len(parts))
	for i := range parts {
		hashes[i] = parts[i].Hash
	}
	missing, err := s.Missing(ctx, hashes)
	if err != nil {
		return err
	}
	lacks := make(map[Hash]bool, len(missing))
	for _, h := range missing {
		lacks[h] = true
	}
	all := b
	all.Images = append(slices.Clone(b.Images), image)
	all.Parts = slices.Clone(b.Parts)
	for i := range parts {
		if lacks[parts[i].Hash] {
			lacks[parts[i].Hash] = false
			all.Parts = append(all.Parts, parts[i])
		}
	}
	err = s.Write(ctx, &all)
	if errors.Is(err, ErrNotFound) { // Collect deleted a part meanwhile
		all.Parts = append(slices.Clone(b.Parts), parts...)
		err = s.Write(ctx, &all)
	}
	return err
}

// Load returns the report of an image, and its parts for [Match]. It finds the image as [Store.Image] does, which says what proves that it is the one
// asked for.
func Load(ctx context.Context, s Store, digest string) (*analyzer.Report, []Part, error) {
	image, err := s.Image(ctx, digest)
	if err != nil {
		return nil, nil, err
	}
	hashes := make([]Hash, len(image.Parts))
	for i := range image.Parts {
		hashes[i] = image.Parts[i].Hash
	}
	parts, err := s.Parts(ctx, hashes)
	if err != nil {
		return nil, nil, err
	}
	report, err := Restore(image.Info, image.Parts, parts)
	return report, parts, err
}

// Outdated yields the images that an older version of one of the analyzers looked at, or none at all: those to analyze again.
func Outdated(ctx context.Context, s Store, analyzers []analyzer.Info) iter.Seq2[Image, error] {
	return func(yield func(Image, error) bool) {
		known := make(map[Hash]bool) // settings, and whether they are outdated
		for image, err := range s.Images(ctx) {
			old := false
			for i := range image.Parts {
				ref := &image.Parts[i]
				if err != nil || ref.Kind != Setting {
					continue
				}
				is, ok := known[ref.Hash]
				if !ok {
					is, err = outdated(ctx, s, ref.Hash, analyzers)
					known[ref.Hash] = is
				}
				old = is
			}
			if err != nil {
				yield(Image{}, err)
				return
			}
			if old && !yield(image, nil) {
				return
			}
		}
	}
}

func outdated(ctx context.Context, s Store, h Hash, analyzers []analyzer.Info) (bool, error) {
	parts, err := s.Parts(ctx, []Hash{h})
	if err != nil {
		return false, err
	}
	var is setting
	if err := parts[0].decode(&is); err != nil {
		return false, err
	}
	versions := make(map[string]int)
	for _, x := range is.Examined {
		versions[x.Analyzer] = max(versions[x.Analyzer], x.Version)
	}
	for _, a := range analyzers {
		if v, ok := versions[a.Name]; !ok || v < a.Version {
			return true, nil
		}
	}
	return false, nil
}
