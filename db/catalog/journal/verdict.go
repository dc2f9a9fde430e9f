package journal

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/db/catalog"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/assess"
	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/matcher/vex"
	"github.com/hullmark/hullmark/matcher/watch/webhook"
)

// Config is the name of the document that has the configuration of an image, which policies read.
const Config = "config.json"

const dueAtOnce = 100

// A Policy is a policy with a name for its history.
type Policy struct {
	Name   string // of the history: "production"
	Hash   string // of the document
	Policy report.Policy
}

// A Decision is a decision of a verdict to stop or to warn.
type Decision struct {
	Action  report.Action `json:"action"`
	Policy  string        `json:"policy,omitempty"`
	Rule    string        `json:"rule,omitempty"`
	Target  report.Target `json:"target"`
	Message string        `json:"message,omitempty"`
	Package string        `json:"package,omitempty"` // identifier of the component
	ID      string        `json:"id,omitempty"`      // of the vulnerability
	Place   string        `json:"place,omitempty"`
}

// A Summary is the body of a [catalog.Verdict], in JSON.
type Summary struct {
	Document  string     `json:"document"`
	Hash      string     `json:"hash"` // of the policy
	Mapping   string     `json:"mapping,omitempty"`
	Policies  []string   `json:"policies,omitempty"`
	Denied    string     `json:"denied,omitempty"` // the entry that denies the image
	Passed    string     `json:"passed,omitempty"` // the entry that lets it pass
	Marks     []string   `json:"marks,omitempty"`  // identifiers of those that hold for the image
	Database  string     `json:"database,omitempty"`
	Decisions []Decision `json:"decisions,omitempty"`
}

// Evaluate evaluates a policy about an image of the store, with the marks that hold for it, and adds the verdict to its history. It writes an
// event if the policy had another action before. Pipeline has the advisories and all else that decides; Evaluate sets its Policy
// and Now. Its VEX must be nil or [vex.Documents].
func (j *Journal) Evaluate(ctx context.Context, pipeline assess.Pipeline, policy Policy, digest string) (*report.Assessment, error) {
	now := j.now()
	image, found, parts, err := j.load(ctx, digest)
	if err != nil {
		return nil, err
	}
	config, err := j.config(ctx, image)
	if err != nil {
		return nil, err
	}
	tags, err := j.tags(ctx, image.Digest)
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	marks, documents, until, err := j.marks(ctx, image, func() ([]string, error) { return layersOf(found), nil }, tags, now)
	if err != nil {
		return nil, err
	}
	switch v := pipeline.VEX.(type) {
	case nil:
	case vex.Documents:
		documents = append(v[:len(v):len(v)], documents...)
	default:
		return nil, fmt.Errorf("journal: statements of type %T", v)
	}
	if len(documents) > 0 {
		pipeline.VEX = documents
	}
	match := j.Match
	if match == nil {
		match = catalog.Match
	}
	pipeline.Match = func(ctx context.Context, m matcher.Matcher, found *analyzer.Report) (*matcher.Result, error) {
		return match(ctx, m, found, parts)
	}
	pipeline.Policy, pipeline.Now = policy.Policy, now
	for i := range tags {
		pipeline.Names = append(pipeline.Names[:len(pipeline.Names):len(pipeline.Names)], tags[i].Name)
	}
	if pipeline.Name == "" {
		if pipeline.Name = digest; len(tags) > 0 {
			pipeline.Name = tags[0].Name
		}
	}
	a, err := pipeline.Report(ctx, found, config)
	if err != nil {
		return nil, fmt.Errorf("journal: %s: %w", digest, err)
	}
	if a.Verdict == nil {
		return nil, fmt.Errorf("journal: %s: no verdict", digest)
	}
	if next := a.Verdict.Next; !next.IsZero() && (until.IsZero() || next.Before(until)) {
		until = next
	}
	if t := until.Truncate(time.Microsecond); t.Before(until) { // stores keep microseconds, and the verdict holds until then
		until = t.Add(time.Microsecond)
	}
	summary := summarize(a, policy.Hash)
	for i := range marks {
		summary.Marks = append(summary.Marks, marks[i].ID)
	}
	return a, j.record(ctx, image, tags, policy.Name, a.Verdict.Action, &summary, now, until)
}

// record adds a verdict to its history, with an event if the action is another one.
func (j *Journal) record(ctx context.Context, image *catalog.Image, tags []catalog.Tag, policy string, action report.Action, s *Summary, now, until time.Time) error {
	keyed := *s
	keyed.Database = "" // another database with the same outcome is the same verdict
	key, err := json.Marshal(keyed)
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	body, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	v := catalog.Verdict{Tenant: j.Tenant, Image: image.Digest, Policy: policy, Key: ID("verdict", string(key)), Action: action.String(), Body: body, Since: now, Until: until}
	b := &catalog.Batch{Verdicts: []catalog.Verdict{v}}
	before, err := j.Store.Verdict(ctx, j.Tenant, image.Digest, policy)
	if err != nil && !errors.Is(err, catalog.ErrNotFound) {
		return fmt.Errorf("journal: %w", err)
	}
	if err == nil && before.Action != v.Action {
		var images []webhook.Image
		for i := range tags {
			images = append(images, j.image(&tags[i]))
		}
		if len(tags) == 0 {
			images = []webhook.Image{{Digest: image.Digest, Tenant: j.Tenant}}
		}
		n, err := j.notice(event{Message: webhook.Message{
			ID:   ID(webhook.VerdictChanged, j.Tenant, image.Digest, policy, before.Key, fmt.Sprint(before.Since.UnixMicro()), v.Key),
			Kind: webhook.VerdictChanged, Images: images, Text: fmt.Sprintf("policy %s: from %s to %s", policy, before.Action, v.Action),
		}})
		if err != nil {
			return fmt.Errorf("journal: %w", err)
		}
		b.Notices = append(b.Notices, n)
	}
	if err := j.Store.Write(ctx, b); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}

func summarize(a *report.Assessment, hash string) Summary {
	v := a.Verdict
	s := Summary{Document: v.Document, Hash: hash, Mapping: v.Mapping, Policies: v.Policies, Database: a.Database.Hash}
	if v.Denied != nil {
		s.Denied = v.Denied.What
	}
	if v.Passed != nil {
		s.Passed = v.Passed.What
	}
	for i := range v.Decisions {
		d := &v.Decisions[i]
		if d.Action != report.Stop && d.Action != report.Warn {
			continue
		}
		x := Decision{Action: d.Action, Policy: d.Policy, Rule: d.Rule, Target: d.Target, Message: d.Message, Package: d.Component, Place: d.Place}
		if d.Target == report.TargetMatch && a.Result != nil && d.Match >= 0 && d.Match < len(a.Result.Matches) {
			x.ID = a.Result.Matches[d.Match].ID
		}
		s.Decisions = append(s.Decisions, x)
	}
	return s
}

// load returns an image, its report and its parts.
func (j *Journal) load(ctx context.Context, digest string) (*catalog.Image, *analyzer.Report, []catalog.Part, error) {
	image, err := j.Store.Image(ctx, digest)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("journal: %w", err)
	}
	found, parts, err := catalog.Load(ctx, j.Store, image.Digest)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("journal: %w", err)
	}
	return image, found, parts, nil
}

// config returns the configuration of an image, or nil if it was not stored.
func (j *Journal) config(ctx context.Context, image *catalog.Image) (*v1.ConfigFile, error) {
	d, err := j.Store.Document(ctx, image.Digest, Config)
	if errors.Is(err, catalog.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	config, err := v1.ParseConfigFile(bytes.NewReader(d.Content))
	if err != nil {
		return nil, fmt.Errorf("journal: configuration of %s: %w", image.Digest, err)
	}
	return config, nil
}

// Due evaluates each image again whose verdict ended, in any tenant: it calls evaluate, which calls [Journal.Evaluate] with the policy of
// this name. The instant of the next verdict must lie in the future, or the image is evaluated once in each call of Due. It goes on after an
// error, and returns all of them, and the number of evaluated images.
func (j *Journal) Due(ctx context.Context, evaluate func(ctx context.Context, v *catalog.Verdict) error) (int, error) {
	now := j.now()
	var failed []error
	done := make(map[[3]string]bool)
	for size := dueAtOnce; ; {
		list, err := j.Store.Due(ctx, now, size)
		if err != nil {
			return len(done) - len(failed), errors.Join(append(failed, fmt.Errorf("journal: %w", err))...)
		}
		fresh := false
		for i := range list {
			v := &list[i]
			k := [3]string{v.Tenant, v.Image, v.Policy}
			if done[k] {
				continue
			}
			if err := ctx.Err(); err != nil {
				return len(done) - len(failed), errors.Join(append(failed, fmt.Errorf("journal: %w", err))...)
			}
			done[k], fresh = true, true
			if err := evaluate(ctx, v); err != nil {
				failed = append(failed, err)
			}
		}
		if !fresh && len(list) < size {
			return len(done) - len(failed), errors.Join(failed...)
		}
		if !fresh {
			size *= 2 // the first ones failed, and are due again
		}
	}
}
