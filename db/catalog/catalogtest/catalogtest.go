// Package catalogtest tests stores of a catalog.
package catalogtest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/db/catalog"
)

// Run tests a kind of store with reports of users of other services, with random batches against [catalog.Memory], and with many writers
// at once. Each call of open returns an empty store.
func Run(t *testing.T, open func(t *testing.T) catalog.Store) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, catalog.Store)
	}{
		{"returns stored images", written},
		{"writes a batch whole or not at all", whole},
		{"stores the same image once", same},
		{"keeps nothing of a deleted image", deleted},
		{"finds an image by its configuration", config},
		{"keeps the history of a tag", tags},
		{"finds the tags of images", pointing},
		{"keeps one notice of an event", notices},
		{"numbers notices for readers", events},
		{"keeps documents with their images", documents},
		{"has all that an index needs", index},
		{"keeps marks", marks},
		{"keeps the history of verdicts", verdicts},
		{"keeps any bytes", anyBytes},
		{"keeps a large report", large},
		{"lists many images while they change", listing},
		{"ends with its context", cancelled},
		{"accepts many writers at once", writers},
		{"answers as the memory does", model},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, open(t)) })
	}
}

func at(day int) time.Time { return time.Date(2026, 1, day, 0, 0, 0, 0, time.UTC) }

func digest(i int) string { return fmt.Sprintf("sha256:%x", sha256.Sum256(fmt.Append(nil, i))) }

// report returns a report of an image with n packages of a base in one layer, and one of an application in another.
func report(n int, app string) *analyzer.Report {
	r := &analyzer.Report{
		Image:    analyzer.ImageInfo{ID: "sha256:config-" + app, Platform: "linux/amd64", BaseName: "registry.example/base:1"},
		Distro:   &analyzer.Distro{ID: "debian", VersionID: "12"},
		Layers:   []analyzer.Layer{{DiffID: "sha256:base"}, {DiffID: "sha256:" + app}},
		Examined: []analyzer.Examination{{Analyzer: "dpkg", Version: 3, Finds: []string{"packages"}}},
	}
	add := func(layer int, name string) {
		r.Components = append(r.Components, analyzer.Component{ID: name, Layer: layer, Path: "var/lib/dpkg/status", Analyzer: "dpkg",
			Package: analyzer.Package{Type: "deb", Namespace: "debian", Name: name, Version: "1.0-1", System: true}})
	}
	for i := range n {
		add(0, fmt.Sprintf("lib%05d", i))
	}
	add(1, "zz-"+app)
	return r
}

// must fails the test for an error.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func put(t *testing.T, s catalog.Store, i int, r *analyzer.Report, tags ...catalog.Tag) {
	t.Helper()
	must(t, catalog.Put(t.Context(), s, catalog.Image{Digest: digest(i), Added: at(1 + i%28)}, r, tags...))
}

func hashes(r *analyzer.Report) []catalog.Hash {
	_, parts := catalog.Divide(r)
	list := make([]catalog.Hash, len(parts))
	for i := range parts {
		list[i] = parts[i].Hash
	}
	return list
}

func written(t *testing.T, s catalog.Store) {
	r := report(30, "app")
	missing, err := s.Missing(t.Context(), hashes(r))
	if err != nil || len(missing) != len(hashes(r)) {
		t.Errorf("%d parts are missing, %v", len(missing), err)
	}
	put(t, s, 1, r)
	image, err := s.Image(t.Context(), digest(1))
	must(t, err)
	refs, _ := catalog.Divide(r)
	if image.Digest != digest(1) || image.Info != r.Image || !image.Added.Equal(at(2)) || !slices.Equal(image.Parts, refs) {
		t.Errorf("%+v", image)
	}
	got, _, err := catalog.Load(t.Context(), s, digest(1))
	if err != nil || !reflect.DeepEqual(got, r) {
		t.Errorf("%v\n%+v\nwant\n%+v", err, got, r)
	}
	if missing, err := s.Missing(t.Context(), hashes(r)); err != nil || len(missing) > 0 {
		t.Errorf("%d parts are missing, %v", len(missing), err)
	}
	if _, err := s.Image(t.Context(), digest(2)); !errors.Is(err, catalog.ErrNotFound) {
		t.Errorf("an unknown image: %v", err)
	}
	if _, err := s.Image(t.Context(), ""); !errors.Is(err, catalog.ErrNotFound) {
		t.Errorf("an image without a name: %v", err)
	}
	if _, err := s.Parts(t.Context(), []catalog.Hash{hashes(r)[0], {1}}); !errors.Is(err, catalog.ErrNotFound) {
		t.Errorf("an unknown part: %v", err)
	}
	twice := append(hashes(r), hashes(r)...) // in this order
	if parts, err := s.Parts(t.Context(), twice); err != nil || len(parts) != len(twice) || parts[0].Hash != twice[0] || parts[len(parts)-1].Hash != twice[len(twice)-1] {
		t.Errorf("%d parts, %v", len(parts), err)
	}
	if list, err := s.Parts(t.Context(), nil); err != nil || len(list) > 0 {
		t.Errorf("no parts: %v, %v", list, err)
	}
}

func whole(t *testing.T, s catalog.Store) {
	r := report(3, "app")
	_, parts := catalog.Divide(r)
	err := s.Write(t.Context(), &catalog.Batch{
		Parts: parts, Images: []catalog.Image{{Digest: digest(1), Parts: []catalog.PartRef{{Kind: catalog.Chunk, Hash: catalog.Hash{1}}}}},
		Tags: []catalog.Tag{{Name: "app:1", Digest: digest(1), Since: at(1)}}, Notices: []catalog.Notice{{ID: "1", Created: at(1)}},
	})
	if !errors.Is(err, catalog.ErrNotFound) {
		t.Errorf("an image without its parts: %v", err)
	}
	if tags, err := s.Tags(t.Context(), "app:1"); err != nil || len(tags) > 0 {
		t.Errorf("%v, %v", tags, err)
	}
	if list, err := s.Notices(t.Context(), 9); err != nil || len(list) > 0 {
		t.Errorf("%v, %v", list, err)
	}
	if missing, err := s.Missing(t.Context(), hashes(r)); err != nil || len(missing) != len(parts) {
		t.Errorf("%d of %d parts are missing, %v", len(missing), len(parts), err)
	}
}

// same: each scan of an image wrote all rows again (goharbor/harbor 23310, guacsec/guac 2452).
func same(t *testing.T, s catalog.Store) {
	for day := range 5 {
		r := report(30, "app")
		must(t, catalog.Put(t.Context(), s, catalog.Image{Digest: digest(1), Added: at(day + 1)}, r, catalog.Tag{Name: "app:1", Digest: digest(1), Since: at(day + 1)}))
	}
	image, err := s.Image(t.Context(), digest(1))
	must(t, err)
	if !image.Added.Equal(at(1)) {
		t.Errorf("it was added on %v", image.Added)
	}
	if tags, err := s.Tags(t.Context(), "app:1"); err != nil || len(tags) != 1 || !tags[0].Since.Equal(at(1)) {
		t.Errorf("%v, %v", tags, err)
	}
	if n, err := s.Collect(t.Context(), at(9)); err != nil || n != 0 {
		t.Errorf("%d parts were left over, %v", n, err)
	}
}

// deleted: rows of images that no longer exist stayed (goharbor/harbor 17927).
func deleted(t *testing.T, s catalog.Store) {
	for i := range 3 {
		put(t, s, i, report(30, fmt.Sprint("app", i)))
	}
	must(t, s.Write(t.Context(), &catalog.Batch{Deleted: []string{digest(1), digest(9)}}))
	if n, err := s.Collect(t.Context(), at(9)); err != nil || n != 2 { // its own chunk and layer; the base stays
		t.Errorf("%d parts deleted, %v", n, err)
	}
	for i := range 3 {
		_, _, err := catalog.Load(t.Context(), s, digest(i))
		if i == 1 != errors.Is(err, catalog.ErrNotFound) || i != 1 && err != nil {
			t.Errorf("image %d: %v", i, err)
		}
	}
	if _, err := s.Image(t.Context(), "sha256:config-app1"); !errors.Is(err, catalog.ErrNotFound) {
		t.Errorf("by its configuration: %v", err)
	}
	put(t, s, 1, report(30, "app1")) // and again
	if _, _, err := catalog.Load(t.Context(), s, digest(1)); err != nil {
		t.Error(err)
	}
}

// config: two manifests have one configuration when layers were compressed again, and one of them is deleted.
func config(t *testing.T, s catalog.Store) {
	want := func(i int) {
		t.Helper()
		if image, err := s.Image(t.Context(), "sha256:config-app"); err != nil || image.Digest != digest(i) {
			t.Errorf("%v, %v, want image %d", image, err, i)
		}
	}
	put(t, s, 1, report(3, "app"))
	put(t, s, 2, report(3, "app"))
	want(2)
	put(t, s, 1, report(3, "app"))
	want(1)
	must(t, s.Write(t.Context(), &catalog.Batch{Deleted: []string{digest(1)}}))
	want(2)
}

// tags: a tag still showed the old image (anchore/anchore-engine 68).
func tags(t *testing.T, s catalog.Store) {
	for _, tag := range []catalog.Tag{{Name: "app", Digest: "b", Since: at(5)}, {Name: "app", Digest: "a", Since: at(1)}, {Name: "app", Digest: "a", Since: at(2)},
		{Name: "app", Digest: "b", Since: at(3)}, {Name: "app", Since: at(9)}, {Name: "app:2", Digest: "c", Since: at(2)}} {
		must(t, s.Write(t.Context(), &catalog.Batch{Tags: []catalog.Tag{tag}}))
	}
	got, err := s.Tags(t.Context(), "app")
	if want := []catalog.Tag{{Name: "app", Digest: "a", Since: at(1)}, {Name: "app", Digest: "b", Since: at(3)}, {Name: "app", Since: at(9)}}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v\nwant %v", got, err, want)
	}
}

// notices: the same update was processed again (quay/clair 1716 and 1108).
func notices(t *testing.T, s catalog.Store) {
	for range 3 {
		must(t, s.Write(t.Context(), &catalog.Batch{Notices: []catalog.Notice{{ID: "1", Kind: "k", Body: []byte("one"), Created: at(1)}, {ID: "2", Created: at(3)}, {ID: "1", Body: []byte("other")}}}))
		list, err := s.Notices(t.Context(), 1)
		must(t, err)
		must(t, s.Write(t.Context(), &catalog.Batch{Delivered: []string{"1", "unknown"}}))
		if len(list) != 1 {
			t.Errorf("%v", list)
		}
	}
	if list, err := s.Notices(t.Context(), 10); err != nil || len(list) != 1 || list[0].ID != "2" || !list[0].Created.Equal(at(3)) {
		t.Errorf("%v, %v", list, err)
	}
	must(t, s.Write(t.Context(), &catalog.Batch{Delivered: []string{"2"}}))
	if n, err := s.Collect(t.Context(), at(2)); err != nil || n != 1 {
		t.Errorf("%d notices were old, %v", n, err)
	}
	must(t, s.Write(t.Context(), &catalog.Batch{Notices: []catalog.Notice{{ID: "1", Created: at(4)}, {ID: "2", Created: at(4)}}}))
	if list, err := s.Notices(t.Context(), 10); err != nil || len(list) != 1 || list[0].ID != "1" {
		t.Errorf("%v, %v", list, err)
	}
}

// pointing: only the images that a tag points at now.
func pointing(t *testing.T, s catalog.Store) {
	must(t, s.Write(t.Context(), &catalog.Batch{Tags: []catalog.Tag{{Name: "app:1", Digest: "a", Since: at(1)}, {Name: "app:2", Digest: "a", Since: at(1)}, {Name: "app:2", Digest: "b", Since: at(2)},
		{Name: "app:3", Digest: "a", Since: at(1)}, {Name: "app:3", Since: at(2)}, {Name: "app:0", Digest: "b", Since: at(3)}}}))
	for _, test := range []struct {
		digests []string
		want    string
	}{{[]string{"a"}, "app:1"}, {[]string{"b"}, "app:0 app:2"}, {[]string{"b", "a", "a", "c"}, "app:0 app:1 app:2"}, {[]string{"", "c"}, ""}, {nil, ""}} {
		list, err := s.Pointing(t.Context(), test.digests)
		var names []string
		for _, tag := range list {
			names = append(names, tag.Name)
		}
		if got := strings.Join(names, " "); err != nil || got != test.want {
			t.Errorf("%q: %s, %v, want %s", test.digests, got, err, test.want)
		}
	}
}

// events: a reader that pages while many write misses no event (quay/clair 1716: pages of notifications overlapped).
func events(t *testing.T, s catalog.Store) {
	const count, each = 6, 30
	var wg sync.WaitGroup
	for w := range count {
		wg.Go(func() {
			for i := range each {
				if err := s.Write(t.Context(), &catalog.Batch{Notices: []catalog.Notice{{ID: fmt.Sprint(w, " ", i), Body: []byte{byte(i)}, Created: at(1)}}}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	seen := make(map[string]bool)
	last, ended := int64(0), false
	for {
		list, err := s.Events(t.Context(), last, 7)
		must(t, err)
		for i := range list {
			if n := &list[i]; n.Number <= last || seen[n.ID] || len(n.Body) != 1 {
				t.Fatalf("notice %+v after number %d", n, last)
			}
			last = list[i].Number
			seen[list[i].ID] = true
		}
		if len(list) > 0 {
			continue
		}
		if ended {
			break
		}
		select {
		case <-done:
			ended = true
		default:
		}
	}
	if len(seen) != count*each {
		t.Errorf("%d events, want %d", len(seen), count*each)
	}
	must(t, s.Write(t.Context(), &catalog.Batch{Delivered: []string{"0 0"}})) // delivered ones stay for readers, until Collect
	if list, err := s.Events(t.Context(), 0, 1000); err != nil || len(list) != count*each {
		t.Errorf("%d events, %v", len(list), err)
	}
	if n, err := s.Collect(t.Context(), at(2)); err != nil || n != 1 {
		t.Errorf("%d collected, %v", n, err)
	}
}

// index: an index that is made from the store has the bytes of one that is made from the reports.
func index(t *testing.T, s catalog.Store) {
	var direct, rebuilt catalog.IndexBuilder
	for i := range 250 {
		r := report(5+i%9, fmt.Sprint("app", i%20))
		put(t, s, i, r)
		if i%10 == 0 {
			continue
		}
		_, parts := catalog.Divide(r)
		must(t, direct.Add(digest(i), parts))
	}
	must(t, rebuilt.AddStore(t.Context(), s, func(d string) bool {
		for i := 0; i < 250; i += 10 {
			if d == digest(i) {
				return true
			}
		}
		return false
	}))
	var a, b bytes.Buffer
	_, err := direct.WriteTo(&a)
	must(t, err)
	_, err = rebuilt.WriteTo(&b)
	must(t, err)
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Errorf("%d bytes, want %d others", b.Len(), a.Len())
	}
}

func documents(t *testing.T, s catalog.Store) {
	add := func(digest, name, content string) error {
		return s.Write(t.Context(), &catalog.Batch{Documents: []catalog.Document{{Image: digest, Name: name, Kind: "kind of " + name, Added: at(1), Content: []byte(content)}}})
	}
	if err := add(digest(1), "a", "x"); !errors.Is(err, catalog.ErrNotFound) {
		t.Errorf("a document without its image: %v", err)
	}
	put(t, s, 1, report(2, "app"))
	for _, d := range [][2]string{{"b", "old"}, {"a", strings.Repeat("long", 1e5)}, {"b", "new"}, {"", ""}} {
		must(t, add(digest(1), d[0], d[1]))
	}
	list, err := s.Documents(t.Context(), digest(1))
	if want := []catalog.Document{{Image: digest(1), Kind: "kind of ", Added: at(1)}, {Image: digest(1), Name: "a", Kind: "kind of a", Added: at(1), Size: 4e5},
		{Image: digest(1), Name: "b", Kind: "kind of b", Added: at(1), Size: 3}}; err != nil || !reflect.DeepEqual(list, want) {
		t.Errorf("%+v, %v", list, err)
	}
	if d, err := s.Document(t.Context(), digest(1), "b"); err != nil || string(d.Content) != "new" || d.Kind != "kind of b" || d.Size != 3 {
		t.Errorf("%+v, %v", d, err)
	}
	put(t, s, 1, report(2, "app")) // analyzed again
	if d, err := s.Document(t.Context(), digest(1), "a"); err != nil || len(d.Content) != 4e5 {
		t.Error(err)
	}
	must(t, s.Write(t.Context(), &catalog.Batch{Deleted: []string{digest(1)}}))
	if _, err := s.Document(t.Context(), digest(1), "b"); !errors.Is(err, catalog.ErrNotFound) {
		t.Errorf("of a deleted image: %v", err)
	}
	if list, err := s.Documents(t.Context(), digest(1)); err != nil || len(list) > 0 {
		t.Errorf("%v, %v", list, err)
	}
}

func marks(t *testing.T, s catalog.Store) {
	one := catalog.Mark{ID: "1", Tenant: "a", Scope: catalog.Scope{Images: []string{"x", ""}, Layers: []string{"\xff\x00"}}, Document: []byte("{}"), Author: "Jane", Created: at(1), Expires: at(5)}
	two := catalog.Mark{ID: "2", Tenant: "a", Scope: catalog.Scope{Repositories: []string{"registry.example/*"}}, Document: []byte("{\x00}"), Created: at(2)}
	other := catalog.Mark{ID: "3", Tenant: "b", Document: []byte("3"), Created: at(1)}
	must(t, s.Write(t.Context(), &catalog.Batch{Marks: []catalog.Mark{one, two, other}}))
	if list, err := s.Marks(t.Context(), "a"); err != nil || !reflect.DeepEqual(list, []catalog.Mark{one, two}) {
		t.Errorf("%+v, %v", list, err)
	}
	one.Ended, one.Document = true, []byte("other")
	must(t, s.Write(t.Context(), &catalog.Batch{Marks: []catalog.Mark{one}}))
	if list, err := s.Marks(t.Context(), "a"); err != nil || !reflect.DeepEqual(list, []catalog.Mark{one, two}) {
		t.Errorf("%+v, %v", list, err)
	}
	if list, err := s.Marks(t.Context(), ""); err != nil || len(list) > 0 {
		t.Errorf("%+v, %v", list, err)
	}
}

func verdicts(t *testing.T, s catalog.Store) {
	write := func(list ...catalog.Verdict) {
		t.Helper()
		must(t, s.Write(t.Context(), &catalog.Batch{Verdicts: list}))
	}
	put(t, s, 1, report(2, "app"))
	a := catalog.Verdict{Tenant: "a", Image: digest(1), Policy: "p", Key: "k1", Action: "go", Body: []byte("body"), Since: at(1), Until: at(4)}
	b, same, again := a, a, a
	b.Key, b.Action, b.Since, b.Until = "k2", "stop", at(3), time.Time{}
	same.Since, same.Until, same.Body = at(2), at(3), []byte("not stored")
	again.Since, again.Until = at(5), at(9)
	other := a
	other.Policy, other.Until = "q", at(2)
	write(a, other)
	write(same)
	want := []catalog.Verdict{a, other}
	want[0].Until = at(3)
	if list, err := s.Verdicts(t.Context(), "a", digest(1)); err != nil || !reflect.DeepEqual(list, want) {
		t.Errorf("%+v, %v", list, err)
	}
	due := func(day int) string {
		list, err := s.Due(t.Context(), at(day), 10)
		must(t, err)
		var texts []string
		for _, v := range list {
			texts = append(texts, v.Policy+" "+v.Key)
		}
		return strings.Join(texts, ", ")
	}
	if due(1) != "" || due(2) != "q k1" || due(3) != "q k1, p k1" {
		t.Errorf("due: %s; %s; %s", due(1), due(2), due(3))
	}
	write(b)
	if due(9) != "q k1" {
		t.Errorf("due: %s", due(9))
	}
	write(again) // what held before holds again
	if list, err := s.Verdicts(t.Context(), "a", digest(1)); err != nil || len(list) != 4 || !reflect.DeepEqual(list[3], again) {
		t.Errorf("%+v, %v", list, err)
	}
	if v, err := s.Verdict(t.Context(), "a", digest(1), "p"); err != nil || !reflect.DeepEqual(*v, again) {
		t.Errorf("%+v, %v", v, err)
	}
	if v, err := s.Verdict(t.Context(), "a", digest(1), "q"); err != nil || !reflect.DeepEqual(*v, other) {
		t.Errorf("of another policy: %+v, %v", v, err)
	}
	for _, none := range [][3]string{{"b", digest(1), "p"}, {"a", digest(2), "p"}, {"a", digest(1), "r"}} {
		if v, err := s.Verdict(t.Context(), none[0], none[1], none[2]); !errors.Is(err, catalog.ErrNotFound) {
			t.Errorf("%q: %+v, %v", none, v, err)
		}
	}
	if list, err := s.Verdicts(t.Context(), "b", digest(1)); err != nil || len(list) > 0 {
		t.Errorf("of another tenant: %v, %v", list, err)
	}
	must(t, s.Write(t.Context(), &catalog.Batch{Deleted: []string{digest(1)}}))
	if list, err := s.Verdicts(t.Context(), "a", digest(1)); err != nil || len(list) != 4 || due(20) != "" {
		t.Errorf("of a deleted image: %d, %v, due %s", len(list), err, due(20))
	}
}

// anyBytes: names from images and clients are not always UTF-8, and hold NUL.
func anyBytes(t *testing.T, s catalog.Store) {
	for i, text := range []string{"a\x00b", "\xff\xfe", "'; DROP TABLE hullmark_images; --", "%_\\", "é\u202e", strings.Repeat("n", 3000)} {
		r := report(2, fmt.Sprint("app", i))
		r.Image.BaseName, r.Image.ID = text, "config "+text
		r.Components[0].Path = text
		must(t, catalog.Put(t.Context(), s, catalog.Image{Digest: text, Added: at(1)}, r, catalog.Tag{Name: text, Digest: text, Since: at(1)}))
		must(t, s.Write(t.Context(), &catalog.Batch{Notices: []catalog.Notice{{ID: text, Kind: text, Body: []byte(text), Created: at(1)}}}))
		for _, name := range []string{text, "config " + text} {
			if got, _, err := catalog.Load(t.Context(), s, name); err != nil || !reflect.DeepEqual(got, r) {
				t.Errorf("%q: %v", name, err)
			}
		}
		if got, err := s.Tags(t.Context(), text); err != nil || !slices.Equal(got, []catalog.Tag{{Name: text, Digest: text, Since: at(1)}}) {
			t.Errorf("%q: %q, %v", text, got, err)
		}
		list, err := s.Notices(t.Context(), 10)
		if err != nil || len(list) != 1 || list[0].ID != text || list[0].Kind != text || string(list[0].Body) != text {
			t.Errorf("%q: %+v, %v", text, list, err)
		}
		must(t, s.Write(t.Context(), &catalog.Batch{Delivered: []string{text}}))
	}
	zero := catalog.Tag{Name: "zero"} // the zero time, too
	must(t, s.Write(t.Context(), &catalog.Batch{Tags: []catalog.Tag{zero}}))
	if got, err := s.Tags(t.Context(), "zero"); err != nil || len(got) != 1 || !got[0].Since.IsZero() {
		t.Errorf("%v, %v", got, err)
	}
}

// large: reports of large images could not be stored (aquasecurity/trivy-operator 757 and 441).
func large(t *testing.T, s catalog.Store) {
	r := report(20_000, "app")
	put(t, s, 1, r)
	if got, _, err := catalog.Load(t.Context(), s, digest(1)); err != nil || !reflect.DeepEqual(got, r) {
		t.Error(err)
	}
}

func listing(t *testing.T, s catalog.Store) {
	const images = 1001
	_, parts := catalog.Divide(report(2, "app"))
	refs, _ := catalog.Divide(report(2, "app"))
	b := &catalog.Batch{Parts: parts}
	for i := range images {
		b.Images = append(b.Images, catalog.Image{Digest: digest(i), Added: at(1), Parts: refs})
	}
	must(t, s.Write(t.Context(), b))
	n, last := 0, ""
	for image, err := range s.Images(t.Context()) {
		must(t, err)
		if image.Digest <= last || !slices.Equal(image.Parts, refs) {
			t.Fatalf("%s after %s, %v", image.Digest, last, image.Parts)
		}
		if n++; n%250 == 0 { // the caller may write while it reads
			must(t, s.Write(t.Context(), &catalog.Batch{Deleted: []string{image.Digest}}))
		}
		last = image.Digest
	}
	if n != images {
		t.Errorf("%d images, want %d", n, images)
	}
	n = 0
	for _, err := range s.Images(t.Context()) {
		must(t, err)
		n++
	}
	if n != images-4 {
		t.Errorf("%d images, want %d", n, images-4)
	}
	for range s.Images(t.Context()) {
		break
	}
}

func cancelled(t *testing.T, s catalog.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := catalog.Put(ctx, s, catalog.Image{Digest: digest(1)}, report(3, "app")); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if _, err := s.Image(t.Context(), digest(1)); !errors.Is(err, catalog.ErrNotFound) {
		t.Errorf("%v", err)
	}
	put(t, s, 1, report(3, "app"))
	for _, err := range s.Images(ctx) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
	}
}

// writers: images of one base arrive at once, tags move, and unused parts are deleted meanwhile.
func writers(t *testing.T, s catalog.Store) {
	const each, count = 12, 6
	var wg sync.WaitGroup
	for w := range count {
		wg.Go(func() {
			for i := range each {
				r := report(40+i, fmt.Sprint("app", w))
				err := catalog.Put(t.Context(), s, catalog.Image{Digest: digest(w*each + i), Added: at(1)}, r,
					catalog.Tag{Name: fmt.Sprint("app", i%3), Digest: digest(w*each + i), Since: at(1 + i)}, catalog.Tag{Name: fmt.Sprint("app", (w+i)%3), Digest: digest(w*each + i), Since: at(14 + i)})
				if err == nil {
					err = s.Write(t.Context(), &catalog.Batch{Notices: []catalog.Notice{{ID: fmt.Sprint(i), Created: at(1)}, {ID: fmt.Sprint(each - i), Created: at(1)}}})
				}
				if err == nil && i%4 == 3 {
					err = s.Write(t.Context(), &catalog.Batch{Deleted: []string{digest(w*each + i)}})
				}
				if err == nil && w == 0 {
					_, err = s.Collect(t.Context(), at(1))
				}
				if err != nil {
					t.Errorf("writer %d, image %d: %v", w, i, err)
					return
				}
			}
		})
	}
	wg.Wait()
	for w := range count {
		for i := range each {
			got, _, err := catalog.Load(t.Context(), s, digest(w*each+i))
			switch {
			case i%4 == 3:
				if !errors.Is(err, catalog.ErrNotFound) {
					t.Errorf("a deleted image: %v", err)
				}
			case err != nil || !reflect.DeepEqual(got, report(40+i, fmt.Sprint("app", w))):
				t.Errorf("writer %d, image %d: %v", w, i, err)
			}
		}
	}
	for i := range 3 { // no entry repeats the one before, though several write
		list, err := s.Tags(t.Context(), fmt.Sprint("app", i))
		must(t, err)
		for k := 1; k < len(list); k++ {
			if list[k].Digest == list[k-1].Digest || list[k].Since.Before(list[k-1].Since) {
				t.Errorf("%v after %v", list[k], list[k-1])
			}
		}
	}
	if list, err := s.Notices(t.Context(), 100); err != nil || len(list) != each+1 {
		t.Errorf("%d notices, %v", len(list), err)
	}
}

// model writes random batches to the store and to the memory, and compares their answers.
func model(t *testing.T, s catalog.Store) {
	seed := rand.Uint64()
	rng := rand.New(rand.NewPCG(seed, 1))
	memory := new(catalog.Memory)
	pick := func(n int) string { return fmt.Sprint(rng.IntN(n)) }
	known := make(map[catalog.Hash]bool)
	for range 150 {
		b := new(catalog.Batch)
		for range rng.IntN(3) {
			r := report(rng.IntN(4), "app"+pick(5))
			r.Image.ID = []string{"", "config" + pick(3)}[rng.IntN(2)]
			refs, parts := catalog.Divide(r)
			image := catalog.Image{Digest: pick(12), Info: r.Image, Added: at(1).Add(time.Duration(rng.IntN(1e9))), Parts: refs}
			if rng.IntN(9) == 0 { // some of its parts may be missing
				parts = parts[1:]
			}
			b.Parts, b.Images = append(b.Parts, parts...), append(b.Images, image)
			for _, ref := range refs {
				known[ref.Hash] = true
			}
		}
		for range rng.IntN(2) {
			b.Deleted = append(b.Deleted, pick(12))
		}
		for range rng.IntN(4) {
			b.Tags = append(b.Tags, catalog.Tag{Name: pick(2), Digest: pick(3), Since: at(1 + rng.IntN(6))})
		}
		for range rng.IntN(3) {
			b.Notices = append(b.Notices, catalog.Notice{ID: pick(20), Kind: pick(3), Body: []byte(pick(9)), Created: at(1 + rng.IntN(9))})
		}
		for range rng.IntN(3) {
			b.Delivered = append(b.Delivered, pick(20))
		}
		for range rng.IntN(3) {
			b.Documents = append(b.Documents, catalog.Document{Image: pick(12), Name: pick(2), Kind: pick(2), Added: at(1), Content: []byte(pick(99))})
		}
		if rng.IntN(3) > 0 { // documents of images that are not there fail the batch
			b.Documents = nil
		}
		for range rng.IntN(3) {
			b.Marks = append(b.Marks, catalog.Mark{ID: pick(9), Tenant: pick(2), Scope: catalog.Scope{Images: []string{pick(5)}}, Document: []byte(pick(99)), Created: at(1), Ended: rng.IntN(2) == 0})
		}
		for range rng.IntN(4) {
			v := catalog.Verdict{Tenant: pick(2), Image: pick(4), Policy: pick(2), Key: pick(2), Action: pick(2), Body: []byte(pick(99)), Since: at(1 + rng.IntN(6)), Until: at(1 + rng.IntN(6))}
			if rng.IntN(3) == 0 {
				v.Until = time.Time{}
			}
			b.Verdicts = append(b.Verdicts, v)
		}
		want, err := memory.Write(t.Context(), b), s.Write(t.Context(), b)
		if (want == nil) != (err == nil) || errors.Is(want, catalog.ErrNotFound) != errors.Is(err, catalog.ErrNotFound) {
			t.Fatalf("seed %d: %v, want %v", seed, err, want)
		}
		if rng.IntN(8) == 0 {
			day := at(1 + rng.IntN(9))
			want, _ := memory.Collect(t.Context(), day)
			if n, err := s.Collect(t.Context(), day); n != want || err != nil {
				t.Fatalf("seed %d: %d deleted, %v, want %d", seed, n, err, want)
			}
		}
		if a, b := answers(t, memory, known), answers(t, s, known); a != b {
			t.Fatalf("seed %d: the store answers\n%s\nwant\n%s", seed, b, a)
		}
	}
}

// answers returns all answers of a store, as text.
func answers(t *testing.T, s catalog.Store, known map[catalog.Hash]bool) string {
	var b bytes.Buffer
	for image, err := range s.Images(t.Context()) {
		must(t, err)
		fmt.Fprintf(&b, "image %+v\n", image)
	}
	for i := range 3 {
		image, err := s.Image(t.Context(), fmt.Sprint("config", i))
		fmt.Fprintf(&b, "config %d: %+v %t\n", i, image, errors.Is(err, catalog.ErrNotFound))
		tags, err := s.Tags(t.Context(), fmt.Sprint(i))
		fmt.Fprintf(&b, "tags %d: %v %v\n", i, tags, err)
		notices, err := s.Notices(t.Context(), i*4)
		for _, n := range notices {
			fmt.Fprintf(&b, "notice %s %s %s %v\n", n.ID, n.Kind, n.Body, n.Created)
		}
		fmt.Fprintf(&b, "%d notices %v\n", len(notices), err)
	}
	pointing, err := s.Pointing(t.Context(), []string{"0", "2"})
	fmt.Fprintf(&b, "pointing %v %v\n", pointing, err)
	for i := range 12 {
		digest := fmt.Sprint(i)
		documents, err := s.Documents(t.Context(), digest)
		fmt.Fprintf(&b, "documents %s: %+v %v\n", digest, documents, err)
		for _, d := range documents {
			document, err := s.Document(t.Context(), digest, d.Name)
			fmt.Fprintf(&b, "%+v %v\n", document, err)
		}
		for _, tenant := range []string{"0", "1"} {
			verdicts, err := s.Verdicts(t.Context(), tenant, digest)
			fmt.Fprintf(&b, "verdicts %s %s: %+v %v\n", tenant, digest, verdicts, err)
		}
	}
	marks, err := s.Marks(t.Context(), "1")
	fmt.Fprintf(&b, "marks %+v %v\n", marks, err)
	due, err := s.Due(t.Context(), at(4), 5)
	fmt.Fprintf(&b, "due %+v %v\n", due, err)
	events, err := s.Events(t.Context(), 0, 1000)
	for _, n := range events {
		fmt.Fprintf(&b, "event %s %s %s %v\n", n.ID, n.Kind, n.Body, n.Created)
	}
	fmt.Fprintf(&b, "%d events %v\n", len(events), err)
	sorted := slices.SortedFunc(maps.Keys(known), func(a, b catalog.Hash) int { return bytes.Compare(a[:], b[:]) })
	missing, err := s.Missing(t.Context(), sorted)
	fmt.Fprintf(&b, "missing %v %v\n", missing, err)
	return b.String()
}
