package journal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/db/catalog"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/assess"
	"github.com/hullmark/hullmark/matcher/policy"
	"github.com/hullmark/hullmark/matcher/vex"
	"github.com/hullmark/hullmark/matcher/watch"
	"github.com/hullmark/hullmark/matcher/watch/webhook"
)

var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// A clock is the time of a test.
type clock struct{ time.Time }

func (c *clock) now() time.Time          { return c.Time }
func (c *clock) advance(d time.Duration) { c.Time = c.Time.Add(d) }

// An image is a report of an image on a base, with packages of npm: "left 1.0.0".
func scanned(layer string, packages ...string) *analyzer.Report {
	r := &analyzer.Report{Image: analyzer.ImageInfo{ID: "sha256:config-" + layer}, Layers: []analyzer.Layer{{DiffID: "sha256:base"}, {DiffID: layer}},
		Examined: []analyzer.Examination{{Analyzer: "npm", Version: 1, Finds: []string{"packages"}}}}
	for i, p := range packages {
		name, version, _ := strings.Cut(p, " ")
		r.Components = append(r.Components, analyzer.Component{ID: p, Layer: 1, Path: fmt.Sprint("app/", i), Analyzer: "npm", Package: analyzer.Package{Type: "npm", Name: name, Version: version}})
	}
	return r
}

// database has advisories, each "CVE-2026-0001 left 1.5.0 critical": the identifier, the package, the fixed version and the severity.
func database(t *testing.T, advisories ...string) *db.DB {
	t.Helper()
	var b db.Builder
	for _, text := range advisories {
		f := strings.Fields(text)
		level := matcher.Low
		if f[3] == "critical" {
			level = matcher.Critical
		}
		err := b.Add(matcher.Advisory{ID: f[0], Key: matcher.Key{Type: "npm", Name: f[1]}, Feed: "test", Ranges: []matcher.Range{{Fixed: f[2]}},
			Severities: []matcher.Severity{{Source: "test", Level: level, Word: f[3]}}})
		if err != nil {
			t.Fatal(err)
		}
	}
	var buf bytes.Buffer
	if _, err := b.WriteTo(&buf); err != nil {
		t.Fatal(err)
	}
	d, err := db.Open(bytes.NewReader(buf.Bytes()), int64(buf.Len()))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func critical(t *testing.T) Policy {
	t.Helper()
	const text = `version: 2
policies:
  - name: production
    otherwise: go
    rules:
      - {name: critical, on: match, when: match.severity >= CRITICAL, action: stop}
default: {policies: [production]}
`
	p, err := policy.Load(strings.NewReader(text), "policy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return Policy{Name: "production", Hash: "1", Policy: p}
}

func digest(n int) string { return fmt.Sprintf("sha256:%064d", n) }

// tag returns a tag that points at image n.
func (c *clock) tag(name string, n int) []catalog.Tag {
	return []catalog.Tag{{Name: name, Digest: digest(n), Since: c.Time}}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// told returns the events after the last one that a test saw: their kinds, images and texts.
func told(t *testing.T, j *Journal, index Index, after *int64) []string {
	t.Helper()
	list, err := j.Store.Events(t.Context(), *after, 1000)
	must(t, err)
	var texts []string
	for i := range list {
		*after = list[i].Number
		m, err := Message(&list[i])
		must(t, err)
		text := string(m.Kind)
		if m.Vulnerability != "" {
			text += " " + m.Vulnerability
		}
		for image, err := range j.Images(t.Context(), &list[i], index) {
			must(t, err)
			text += " " + strings.ReplaceAll(image.String(), "sha256:"+strings.Repeat("0", 61), "")
		}
		if m.Text != "" {
			text += ": " + strings.ReplaceAll(m.Text, "sha256:"+strings.Repeat("0", 61), "")
		}
		texts = append(texts, text)
	}
	return texts
}

func want(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("events\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// TestAnalyzed (anchore/anchore-engine 68): an analysis is an event, the same one again is not, and a tag that moves tells from where to where.
func TestAnalyzed(t *testing.T) {
	c := &clock{noon}
	j := &Journal{Store: new(catalog.Memory), Now: c.now}
	var last int64
	analyzed := func(n int, name string, packages ...string) {
		t.Helper()
		must(t, j.Analyzed(t.Context(), catalog.Image{Digest: digest(n)}, scanned(fmt.Sprint(n), packages...), c.tag(name, n)))
		c.advance(time.Hour)
	}
	analyzed(1, "registry.example/app:1", "left 1.0.0")
	want(t, told(t, j, nil, &last), "image-analyzed registry.example/app:1@001")
	analyzed(1, "registry.example/app:1", "left 1.0.0")
	want(t, told(t, j, nil, &last))
	analyzed(1, "registry.example/app:1", "left 1.0.0", "right 2.0.0") // a newer analyzer found more
	want(t, told(t, j, nil, &last), "image-analyzed registry.example/app:1@001")
	analyzed(2, "registry.example/app:1", "left 1.1.0")
	want(t, told(t, j, nil, &last), "tag-moved registry.example/app:1@002: from 001 to 002", "image-analyzed registry.example/app:1@002")
	analyzed(1, "registry.example/app:1", "left 1.0.0", "right 2.0.0") // rolled back
	want(t, told(t, j, nil, &last), "tag-moved registry.example/app:1@001: from 002 to 001")
	analyzed(2, "registry.example/app:1", "left 1.1.0") // and forward again: another event
	want(t, told(t, j, nil, &last), "tag-moved registry.example/app:1@002: from 001 to 002")
	must(t, j.Failed(t.Context(), webhook.Image{Repository: "registry.example/app", Tag: "3"}, errors.New("no such manifest")))
	for range 2 {
		must(t, j.FeedFailed(t.Context(), "nvd", errors.New("timeout")))
	}
	c.advance(24 * time.Hour)
	must(t, j.FeedFailed(t.Context(), "nvd", errors.New("timeout")))
	want(t, told(t, j, nil, &last), "analysis-failed registry.example/app:3: no such manifest", "feed-failed: nvd: timeout", "feed-failed: nvd: timeout")
}

// A fleet is a journal with a database and a policy.
type fleet struct {
	*Journal
	*clock
	source *db.DB
	policy Policy
	last   int64
}

func newFleet(t *testing.T, advisories ...string) *fleet {
	c := &clock{noon}
	return &fleet{Journal: &Journal{Store: new(catalog.Memory), Now: c.now, Tenant: "a"}, clock: c, source: database(t, advisories...), policy: critical(t)}
}

func (f *fleet) analyzed(t *testing.T, n int, name string, packages ...string) {
	t.Helper()
	must(t, f.Analyzed(t.Context(), catalog.Image{Digest: digest(n)}, scanned(fmt.Sprint(n), packages...), f.tag(name, n)))
}

// verdict evaluates an image and returns the action.
func (f *fleet) verdict(t *testing.T, n int) string {
	t.Helper()
	a, err := f.Evaluate(t.Context(), assess.Pipeline{Source: f.source}, f.policy, digest(n))
	must(t, err)
	return a.Verdict.Action.String()
}

// due evaluates what is due.
func (f *fleet) due(t *testing.T) int {
	t.Helper()
	n, err := f.Due(t.Context(), func(ctx context.Context, v *catalog.Verdict) error {
		_, err := f.Evaluate(ctx, assess.Pipeline{Source: f.source}, f.policy, v.Image)
		return err
	})
	must(t, err)
	return n
}

func (f *fleet) history(t *testing.T, n int) string {
	t.Helper()
	list, err := f.Store.Verdicts(t.Context(), f.Tenant, digest(n))
	must(t, err)
	var actions []string
	for _, v := range list {
		actions = append(actions, v.Action)
	}
	return strings.Join(actions, " ")
}

var notReachable = vex.Statement{Vulnerability: "CVE-2026-0001", Products: []vex.Product{{Name: "pkg:npm/left"}}, Status: matcher.NotAffected, Justification: "vulnerable_code_not_in_execute_path"}

// TestMarks: a decision carries over to the next build of the repository and to no other, and ends at its instant, when the images are evaluated
// again without being asked. Decisions in other services were lost with the next version (cdxgen/cdxgen 1856), had no end (arminc/clair-scanner 67), or
// still decided after it (goharbor/harbor 18078).
func TestMarks(t *testing.T) {
	f := newFleet(t, "CVE-2026-0001 left 1.5.0 critical")
	f.analyzed(t, 1, "registry.example/app:1", "left 1.0.0")
	f.analyzed(t, 9, "registry.example/other:1", "left 1.0.0")
	if got := f.verdict(t, 1); got != "stop" {
		t.Fatal(got)
	}
	expires := noon.Add(48 * time.Hour)
	mark, err := f.Mark(t.Context(), catalog.Scope{Repositories: []string{"registry.example/app"}}, "Jane", expires, notReachable)
	must(t, err)
	var scoped []string
	for image, err := range f.Scoped(t.Context(), mark.Scope) {
		must(t, err)
		scoped = append(scoped, image.Digest)
	}
	if !slices.Equal(scoped, []string{digest(1)}) {
		t.Errorf("scope: %v", scoped)
	}
	f.advance(time.Hour)
	if a, b := f.verdict(t, 1), f.verdict(t, 9); a != "go" || b != "stop" {
		t.Errorf("marked: %s, other: %s", a, b)
	}
	f.advance(time.Hour)
	f.analyzed(t, 2, "registry.example/app:2", "left 1.0.0", "right 1.0.0")
	if got := f.verdict(t, 2); got != "go" {
		t.Errorf("the next build: %s", got)
	}
	if n := f.due(t); n != 0 {
		t.Errorf("%d were due", n)
	}
	f.Time = expires // its last moment
	if n := f.due(t); n != 0 || f.verdict(t, 2) != "go" {
		t.Errorf("%d were due", n)
	}
	f.advance(time.Microsecond)
	if n := f.due(t); n != 2 {
		t.Errorf("%d were due, want 2", n)
	}
	if n := f.due(t); n != 0 {
		t.Errorf("%d were due again", n)
	}
	for range 2 {
		must(t, f.Expire(t.Context()))
	}
	if f.history(t, 1) != "stop go stop" || f.history(t, 2) != "go stop" || f.history(t, 9) != "stop" {
		t.Errorf("%s; %s; %s", f.history(t, 1), f.history(t, 2), f.history(t, 9))
	}
	var events []string
	for _, e := range told(t, f.Journal, nil, &f.last) {
		if !strings.HasPrefix(e, "image-analyzed") {
			events = append(events, e)
		}
	}
	if len(events) == 4 {
		slices.Sort(events[1:3]) // both ended at the same instant
	}
	want(t, events,
		"verdict-changed registry.example/app:1@001: policy production: from stop to go",
		"verdict-changed registry.example/app:1@001: policy production: from go to stop",
		"verdict-changed registry.example/app:2@002: policy production: from go to stop",
		"mark-expired registry.example/app: mark "+mark.ID+" of Jane")

	again, err := f.Mark(t.Context(), catalog.Scope{Layers: []string{"sha256:base"}}, "Jane", time.Time{}, notReachable) // of a base image
	must(t, err)
	for _, n := range []int{1, 2, 9} {
		if got := f.verdict(t, n); got != "go" {
			t.Errorf("image %d on the base: %s", n, got)
		}
	}
	if _, err := f.Withdraw(t.Context(), again.ID); err != nil {
		t.Error(err)
	}
	if _, err := f.Withdraw(t.Context(), "unknown"); !errors.Is(err, catalog.ErrNotFound) {
		t.Error(err)
	}
	if got := f.verdict(t, 9); got != "stop" {
		t.Errorf("withdrawn: %s", got)
	}
	other := *f.Journal
	other.Tenant = "b"
	if marks, _, err := other.Marks(t.Context(), digest(1)); err != nil || len(marks) > 0 {
		t.Errorf("of another tenant: %v, %v", marks, err)
	}
}

// TestScope: each list of a scope.
func TestScope(t *testing.T) {
	image := &catalog.Image{Digest: "d", Info: analyzer.ImageInfo{ID: "c"}}
	tags := []catalog.Tag{{Name: "registry.example:5000/team/app:1.2"}, {Name: "untagged"}}
	for _, test := range []struct {
		scope catalog.Scope
		want  bool
	}{
		{catalog.Scope{}, true},
		{catalog.Scope{Images: []string{"d"}}, true},
		{catalog.Scope{Images: []string{"c"}}, true},
		{catalog.Scope{Images: []string{"x", ""}}, false},
		{catalog.Scope{Repositories: []string{"registry.example:5000/team/app"}}, true},
		{catalog.Scope{Repositories: []string{"registry.example:5000/team/app:1.2"}}, false},
		{catalog.Scope{Repositories: []string{"*/team/*"}}, true},
		{catalog.Scope{Repositories: []string{"untagged"}}, true},
		{catalog.Scope{Repositories: []string{"team/*"}}, false},
		{catalog.Scope{Layers: []string{"1", "2"}}, true},
		{catalog.Scope{Layers: []string{"2"}}, false},
		{catalog.Scope{Layers: []string{"1", "2", "3", "4"}}, false},
		{catalog.Scope{Images: []string{"x"}, Layers: []string{"1"}}, true},
	} {
		if got := test.scope.Has(image, tags, []string{"1", "2", "3"}); got != test.want {
			t.Errorf("%+v: %t", test.scope, got)
		}
	}
}

// TestDeletedImage: a verdict that ends after its image was deleted is not due.
func TestDeletedImage(t *testing.T) {
	f := newFleet(t, "CVE-2026-0001 left 1.5.0 critical")
	f.analyzed(t, 1, "registry.example/app:1", "left 1.0.0")
	_, err := f.Mark(t.Context(), catalog.Scope{}, "Jane", noon.Add(time.Hour), notReachable)
	must(t, err)
	f.verdict(t, 1)
	must(t, f.Store.Write(t.Context(), &catalog.Batch{Deleted: []string{digest(1)}}))
	f.advance(2 * time.Hour)
	if n := f.due(t); n != 0 || f.history(t, 1) != "go" {
		t.Errorf("%d were due, history %s", n, f.history(t, 1))
	}
}

// TestDue: verdicts that cannot be evaluated don't keep the others waiting.
func TestDue(t *testing.T) {
	f := newFleet(t)
	b := new(catalog.Batch)
	for i := range 3 * dueAtOnce {
		b.Verdicts = append(b.Verdicts, catalog.Verdict{Image: digest(i), Policy: "p", Since: noon, Until: noon.Add(time.Duration(i) * time.Second)})
	}
	must(t, f.Store.Write(t.Context(), b))
	f.advance(time.Hour)
	calls := 0
	n, err := f.Due(t.Context(), func(ctx context.Context, v *catalog.Verdict) error {
		if calls++; v.Image < digest(2*dueAtOnce) {
			return errors.New("broken")
		}
		w := *v
		w.Until = time.Time{}
		return f.Store.Write(ctx, &catalog.Batch{Verdicts: []catalog.Verdict{w}})
	})
	if n != dueAtOnce || calls != 3*dueAtOnce || err == nil || strings.Count(err.Error(), "broken") != 2*dueAtOnce {
		t.Errorf("%d evaluated in %d calls", n, calls)
	}
}

func (f *fleet) index(t *testing.T) *catalog.Index {
	t.Helper()
	var b catalog.IndexBuilder
	must(t, b.AddStore(t.Context(), f.Store, nil))
	var buf bytes.Buffer
	_, err := b.WriteTo(&buf)
	must(t, err)
	x, err := catalog.OpenIndex(bytes.NewReader(buf.Bytes()), int64(buf.Len()))
	must(t, err)
	return x
}

func update(old, new *db.DB) watch.Update {
	return watch.Update{Old: old, New: new, Changes: func(yield func(watch.Change, error) bool) {
		for c, err := range new.Diff(context.Background(), old) {
			if !yield(watch.Change(c), err) {
				return
			}
		}
	}}
}

// TestAdvisories: users got a notification for each image (anchore/anchore-engine 956). An event is stored once for all images, and has those of today's index and tags when it is read.
func TestAdvisories(t *testing.T) {
	f := newFleet(t, "CVE-2026-0001 left 1.5.0 critical")
	for i := 1; i <= 3; i++ {
		f.analyzed(t, i, fmt.Sprint("registry.example/app:", i), fmt.Sprintf("left 1.%d.0", i), "right 1.0.0")
	}
	f.analyzed(t, 4, "registry.example/other:1", "left 1.1.0")
	must(t, f.Store.Write(t.Context(), &catalog.Batch{Tags: []catalog.Tag{{Name: "registry.example/app:2", Digest: digest(3), Since: noon.Add(time.Hour)}}}))
	index := f.index(t)
	next := database(t, "CVE-2026-0001 left 1.2.0 critical", "CVE-2026-0002 right 2.0.0 low")
	events, err := watch.Compare(t.Context(), matcher.Matcher{}, update(f.source, next), index)
	must(t, err)
	told(t, f.Journal, index, &f.last)
	for range 2 { // as after a crash
		must(t, f.Advisories(t.Context(), events, index))
	}
	before := f.last
	events2 := []string{
		"disappeared CVE-2026-0001 002 registry.example/app:2@003 registry.example/app:3@003",
		"appeared CVE-2026-0002 registry.example/app:1@001 002 registry.example/app:2@003 registry.example/app:3@003",
	}
	got := told(t, f.Journal, index, &f.last)
	slices.Sort(got)
	slices.Sort(events2)
	want(t, sortedImages(got), sortedImages(events2)...)

	f.analyzed(t, 5, "registry.example/new:1", "right 1.0.0") // the index changes, and the event finds the new image, too
	got = told(t, f.Journal, f.index(t), &before)
	for i := range events2 {
		if strings.HasPrefix(events2[i], "appeared") {
			events2[i] += " registry.example/new:1@005"
		}
	}
	events2 = append(events2, "image-analyzed registry.example/new:1@005")
	slices.Sort(got)
	slices.Sort(events2)
	want(t, sortedImages(got), sortedImages(events2)...)
}

// sortedImages sorts the words of each text.
func sortedImages(texts []string) []string {
	var list []string
	for _, text := range texts {
		words := strings.Fields(text)
		slices.Sort(words[1:])
		list = append(list, strings.Join(words, " "))
	}
	slices.Sort(list)
	return list
}

// A crashing store fails once, before or after the n-th write.
type crashing struct {
	catalog.Store
	n     int
	after bool
}

var errCrash = errors.New("crash")

func (s *crashing) Write(ctx context.Context, b *catalog.Batch) error {
	if s.n--; s.n == 0 && !s.after {
		return errCrash
	}
	err := s.Store.Write(ctx, b)
	if s.n == 0 {
		return errCrash
	}
	return err
}

// TestCrash stops a day's work at each write, before and after it, and begins again: the events and verdicts are those of a day without a crash,
// and the receiver gets each once.
func TestCrash(t *testing.T) {
	day := func(t *testing.T, crash int, after bool) (events []string, deliveries int, crashed bool) {
		f := newFleet(t, "CVE-2026-0001 left 1.5.0 critical")
		memory := f.Store
		index := f.index
		seen := make(map[string]int)
		receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen[r.Header.Get("webhook-id")]++ }))
		defer receiver.Close()
		sub := webhook.Subscription{ID: "s", URL: receiver.URL}
		sender := &webhook.Sender{Outbox: new(webhook.Memory), Client: receiver.Client(), Find: func(context.Context, string) (*webhook.Subscription, error) { return &sub, nil }}
		expires := noon.Add(time.Minute)
		evaluate := func(ctx context.Context, digest string) error {
			_, err := f.Evaluate(ctx, assess.Pipeline{Source: f.source}, f.policy, digest)
			return err
		}
		var x *catalog.Index
		steps := []func() error{
			func() error {
				return f.Analyzed(t.Context(), catalog.Image{Digest: digest(1)}, scanned("1", "left 1.1.0"), f.tag("registry.example/app:1", 1))
			},
			func() error {
				f.Time = noon.Add(time.Second)
				return f.Analyzed(t.Context(), catalog.Image{Digest: digest(2)}, scanned("2", "left 1.2.0"), f.tag("registry.example/app:1", 2))
			},
			func() error { return evaluate(t.Context(), digest(1)) },
			func() error {
				f.Time = noon.Add(2 * time.Second)
				_, err := f.Mark(t.Context(), catalog.Scope{}, "Jane", expires, notReachable)
				return err
			},
			func() error { return evaluate(t.Context(), digest(1)) },
			func() error { return evaluate(t.Context(), digest(2)) },
			func() error { f.Time = expires.Add(time.Second); return f.Expire(t.Context()) },
			func() error {
				_, err := f.Due(t.Context(), func(ctx context.Context, v *catalog.Verdict) error { return evaluate(ctx, v.Image) })
				return err
			},
			func() error {
				x = index(t)
				found, err := watch.Compare(t.Context(), matcher.Matcher{}, update(f.source, database(t, "CVE-2026-0001 left 1.2.0 critical")), x)
				if err != nil {
					return err
				}
				return f.Advisories(t.Context(), found, x)
			},
			func() error { return f.Deliver(t.Context(), sender, []webhook.Subscription{sub}, x) },
			func() error { return sender.Send(t.Context()) },
		}
		f.Store = &crashing{memory, crash, after}
		for _, step := range steps {
			err := step()
			if errors.Is(err, errCrash) {
				crashed = true
				f.Store = memory
				err = step()
			}
			must(t, err)
		}
		f.Store = memory
		for id, n := range seen {
			if n != 1 {
				t.Errorf("%s came %d times", id, n)
			}
		}
		return told(t, f.Journal, index(t), &f.last), len(seen), crashed
	}
	events, deliveries, _ := day(t, 0, false)
	if len(events) < 6 || deliveries != len(events) {
		t.Fatalf("%d events, %d deliveries: %s", len(events), deliveries, events)
	}
	for n := 1; ; n++ {
		crashed := false
		for _, after := range []bool{false, true} {
			got, delivered, hit := day(t, n, after)
			crashed = crashed || hit
			if delivered != len(events) || !slices.Equal(sortedImages(got), sortedImages(events)) {
				t.Errorf("write %d, after %t: %d deliveries, events\n\t%s\nwant\n\t%s", n, after, delivered, strings.Join(got, "\n\t"), strings.Join(events, "\n\t"))
			}
		}
		if !crashed {
			if n < 10 {
				t.Errorf("only %d writes", n)
			}
			break
		}
	}
}

// TestConfiguration: policies read the configuration of the image, which is stored as a document.
func TestConfiguration(t *testing.T) {
	f := newFleet(t)
	const text = `version: 2
policies:
  - name: production
    otherwise: go
    rules:
      - {name: root, on: image, when: image.user == "root", action: stop}
default: {policies: [production]}
`
	p, err := policy.Load(strings.NewReader(text), "policy.yaml")
	must(t, err)
	f.policy.Policy = p
	config := catalog.Document{Image: digest(1), Name: Config, Content: []byte(`{"config":{"User":"root"}}`)}
	must(t, f.Analyzed(t.Context(), catalog.Image{Digest: digest(1)}, scanned("1"), f.tag("registry.example/app:1", 1), config))
	if got := f.verdict(t, 1); got != "stop" {
		t.Error(got)
	}
	config.Content = []byte("{")
	must(t, f.Store.Write(t.Context(), &catalog.Batch{Documents: []catalog.Document{config}}))
	if _, err := f.Evaluate(t.Context(), assess.Pipeline{Source: f.source}, f.policy, digest(1)); err == nil || !strings.Contains(err.Error(), "configuration of sha256:") {
		t.Errorf("a damaged configuration: %v", err)
	}
}

// TestSameOutcome: the stored evaluation was stale (anchore/anchore-engine 82). Here each is computed, and another database with the same outcome makes no entry in the history.
func TestSameOutcome(t *testing.T) {
	f := newFleet(t, "CVE-2026-0001 left 1.5.0 critical")
	f.analyzed(t, 1, "registry.example/app:1", "left 1.0.0")
	f.verdict(t, 1)
	f.source = database(t, "CVE-2026-0001 left 1.5.0 critical", "CVE-2026-0009 right 1.0.0 critical")
	f.verdict(t, 1)
	if got := f.history(t, 1); got != "stop" {
		t.Error(got)
	}
	f.source = database(t, "CVE-2026-0001 left 1.5.0 critical", "CVE-2026-0002 left 1.0.1 critical")
	f.verdict(t, 1) // another decision
	if got := f.history(t, 1); got != "stop stop" {
		t.Error(got)
	}
	list, err := f.Store.Verdicts(t.Context(), "a", digest(1))
	must(t, err)
	if body := string(list[1].Body); !strings.Contains(body, `"id":"CVE-2026-0002"`) || !strings.Contains(body, `"rule":"critical"`) {
		t.Error(body)
	}
}

// TestDamagedEvent: an event that cannot be read is an error, and the others are delivered.
func TestDamagedEvent(t *testing.T) {
	f := newFleet(t)
	must(t, f.Store.Write(t.Context(), &catalog.Batch{Notices: []catalog.Notice{{ID: "damaged", Body: []byte("{"), Created: noon}}}))
	f.analyzed(t, 1, "registry.example/app:1")
	outbox := new(webhook.Memory)
	sender := &webhook.Sender{Outbox: outbox}
	err := f.Deliver(t.Context(), sender, []webhook.Subscription{{ID: "s", URL: "https://hooks.example/"}}, nil)
	if !errors.Is(err, catalog.ErrCorrupt) {
		t.Error(err)
	}
	if list, err := outbox.List(t.Context(), webhook.Pending, "", 10); err != nil || len(list) != 1 || list[0].Messages[0].Images[0].Tenant != "a" {
		t.Errorf("%v, %v", list, err)
	}
	if err := f.Deliver(t.Context(), sender, nil, nil); err != nil {
		t.Error(err)
	}
}

// FuzzEvent reads damaged events.
func FuzzEvent(f *testing.F) {
	f.Add([]byte(`{"id":"1","kind":"appeared","package":{"type":"npm","name":"left"},"subjects":"AAAAAAAAAAAAAAAAAAAAAA=="}`))
	f.Add([]byte(`{"subjects":"AA=="}`))
	var b catalog.IndexBuilder
	_, parts := catalog.Divide(scanned("1", "left 1.0.0"))
	if err := b.Add(digest(1), parts); err != nil {
		f.Fatal(err)
	}
	var buf bytes.Buffer
	if _, err := b.WriteTo(&buf); err != nil {
		f.Fatal(err)
	}
	x, err := catalog.OpenIndex(bytes.NewReader(buf.Bytes()), int64(buf.Len()))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		n := &catalog.Notice{ID: "x", Body: body}
		e, err := parse(n)
		if err != nil {
			return
		}
		for _, err := range Digests(t.Context(), n, x) {
			if err != nil {
				t.Fatal(err)
			}
		}
		again, err := (&Journal{}).notice(*e)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parse(&again); err != nil {
			t.Fatal(err)
		}
	})
}

// TestNames: a service with tables of its own gives the names of images, and marks of a tenant hold for that tenant's names only.
func TestNames(t *testing.T) {
	f := newFleet(t, "CVE-2026-0001 left 1.5.0 critical")
	must(t, f.Analyzed(t.Context(), catalog.Image{Digest: digest(1)}, scanned("1", "left 1.0.0"), nil))
	f.Names = func(_ context.Context, digests []string) (list []webhook.Image, err error) {
		for _, d := range digests {
			list = append(list, webhook.Image{Tenant: "a", Repository: "registry.example/a", Tag: "1", Digest: d}, webhook.Image{Tenant: "b", Repository: "registry.example/b", Digest: d})
		}
		return list, nil
	}
	_, err := f.Mark(t.Context(), catalog.Scope{Repositories: []string{"registry.example/b"}}, "Jane", time.Time{}, notReachable)
	must(t, err)
	if got := f.verdict(t, 1); got != "stop" {
		t.Errorf("by the name of another tenant: %s", got)
	}
	_, err = f.Mark(t.Context(), catalog.Scope{Repositories: []string{"registry.example/a"}}, "Jane", time.Time{}, notReachable)
	must(t, err)
	if got := f.verdict(t, 1); got != "go" {
		t.Errorf("by its own name: %s", got)
	}
	want(t, told(t, f.Journal, nil, &f.last), "image-analyzed 001", "verdict-changed registry.example/a:1@001: policy production: from stop to go")
}
