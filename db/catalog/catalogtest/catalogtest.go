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
	var wg sync.WaitGroup
	var list []*writer
	for n := range 6 {
		w := &writer{s, n}
		list = append(list, w)
		wg.Go(func() { w.run(t) })
	}
	wg.Wait()
	for _, w := range list {
		w.check(t)
	}
	for i := range writtenTags { // no entry repeats the one before, although several writers move a tag
		list, err := s.Tags(t.Context(), fmt.Sprint("app", i))
		must(t, err)
		for k := 1; k < len(list); k++ {
			if list[k].Digest == list[k-1].Digest || list[k].Since.Before(list[k-1].Since) {
				t.Errorf("%v after %v", list[k], list[k-1])
			}
		}
	}
	if list, err := s.Notices(t.Context(), 100); err != nil || len(list) != writtenImages+1 {
		t.Errorf("%d notices, %v", len(list), err)
	}
}

const (
	writtenImages = 12 // of each writer
	writtenTags   = 3  // that all writers move
)

// A writer writes images while others do. It deletes every fourth one.
type writer struct {
	store  catalog.Store
	number int
}

func (w *writer) digest(i int) string { return digest(w.number*writtenImages + i) }

func (w *writer) report(i int) *analyzer.Report {
	return report(40+i, fmt.Sprint("app", w.number))
}

func (w *writer) deletes(i int) bool { return i%4 == 3 }

func (w *writer) run(t *testing.T) {
	for i := range writtenImages {
		if err := w.write(t.Context(), i); err != nil {
			t.Errorf("writer %d, image %d: %v", w.number, i, err)
			return
		}
	}
}

// write writes an image, moves two tags to it, and writes notices that other writers write, too.
func (w *writer) write(ctx context.Context, i int) error {
	tag := func(n, day int) catalog.Tag {
		return catalog.Tag{Name: fmt.Sprint("app", n%writtenTags), Digest: w.digest(i), Since: at(day)}
	}
	if err := catalog.Put(ctx, w.store, catalog.Image{Digest: w.digest(i), Added: at(1)}, w.report(i), tag(i, 1+i), tag(w.number+i, 14+i)); err != nil {
		return err
	}
	later := &catalog.Batch{Notices: []catalog.Notice{{ID: fmt.Sprint(i), Created: at(1)}, {ID: fmt.Sprint(writtenImages - i), Created: at(1)}}}
	if err := w.store.Write(ctx, later); err != nil {
		return err
	}
	if w.deletes(i) {
		if err := w.store.Write(ctx, &catalog.Batch{Deleted: []string{w.digest(i)}}); err != nil {
			return err
		}
	}
	if w.number > 0 {
		return nil
	}
	_, err := w.store.Collect(ctx, at(1))
	return err
}

// check compares the images in the store with those that the writer wrote.
func (w *writer) check(t *testing.T) {
	for i := range writtenImages {
		got, _, err := catalog.Load(t.Context(), w.store, w.digest(i))
		switch {
		case w.deletes(i):
			if !errors.Is(err, catalog.ErrNotFound) {
				t.Errorf("a deleted image: %v", err)
			}
		case err != nil || !reflect.DeepEqual(got, w.report(i)):
			t.Errorf("writer %d, image %d: %v", w.number, i, err)
		}
	}
}

// model writes random batches to the store and to the memory, and compares their answers.
func model(t *testing.T, s catalog.Store) {
	seed := rand.Uint64()
	r := &random{rand.New(rand.NewPCG(seed, 1)), make(map[catalog.Hash]bool)}
	memory := new(catalog.Memory)
	for range 150 {
		b := r.batch()
		want, err := memory.Write(t.Context(), b), s.Write(t.Context(), b)
		if (want == nil) != (err == nil) || errors.Is(want, catalog.ErrNotFound) != errors.Is(err, catalog.ErrNotFound) {
			t.Fatalf("seed %d: %v, want %v", seed, err, want)
		}
		if r.one(8) {
			day := at(1 + r.IntN(9))
			want, _ := memory.Collect(t.Context(), day)
			if n, err := s.Collect(t.Context(), day); n != want || err != nil {
				t.Fatalf("seed %d: %d deleted, %v, want %d", seed, n, err, want)
			}
		}
		if a, b := answers(t, memory, r.known), answers(t, s, r.known); a != b {
			t.Fatalf("seed %d: the store answers\n%s\nwant\n%s", seed, b, a)
		}
	}
}

// A random makes random batches.
type random struct {
	*rand.Rand
	known map[catalog.Hash]bool // the parts of all images
}

// text returns a number below n.
func (r *random) text(n int) string { return fmt.Sprint(r.IntN(n)) }

// one reports true once in n times.
func (r *random) one(n int) bool { return r.IntN(n) == 0 }

// fewer returns fewer than n values.
func fewer[T any](r *random, n int, value func() T) (list []T) {
	for range r.IntN(n) {
		list = append(list, value())
	}
	return list
}

func (r *random) batch() *catalog.Batch {
	b := &catalog.Batch{
		Deleted:   fewer(r, 2, func() string { return r.text(12) }),
		Tags:      fewer(r, 4, func() catalog.Tag { return catalog.Tag{Name: r.text(2), Digest: r.text(3), Since: at(1 + r.IntN(6))} }),
		Delivered: fewer(r, 3, func() string { return r.text(20) }),
		Verdicts:  fewer(r, 4, r.verdict),
		Notices: fewer(r, 3, func() catalog.Notice {
			return catalog.Notice{ID: r.text(20), Kind: r.text(3), Body: []byte(r.text(9)), Created: at(1 + r.IntN(9))}
		}),
		Marks: fewer(r, 3, func() catalog.Mark {
			return catalog.Mark{ID: r.text(9), Tenant: r.text(2), Scope: catalog.Scope{Images: []string{r.text(5)}}, Document: []byte(r.text(99)), Created: at(1), Ended: r.one(2)}
		}),
	}
	for range r.IntN(3) {
		image, parts := r.image()
		b.Images, b.Parts = append(b.Images, image), append(b.Parts, parts...)
	}
	if r.one(3) { // documents of unknown images fail the batch
		b.Documents = fewer(r, 3, func() catalog.Document {
			return catalog.Document{Image: r.text(12), Name: r.text(2), Kind: r.text(2), Added: at(1), Content: []byte(r.text(99))}
		})
	}
	return b
}

// image returns an image and its parts, one of which may be missing.
func (r *random) image() (catalog.Image, []catalog.Part) {
	found := report(r.IntN(4), "app"+r.text(5))
	found.Image.ID = ""
	if r.one(2) {
		found.Image.ID = "config" + r.text(3)
	}
	refs, parts := catalog.Divide(found)
	for _, ref := range refs {
		r.known[ref.Hash] = true
	}
	if r.one(9) {
		parts = parts[1:]
	}
	return catalog.Image{Digest: r.text(12), Info: found.Image, Added: at(1).Add(time.Duration(r.IntN(1e9))), Parts: refs}, parts
}

func (r *random) verdict() catalog.Verdict {
	v := catalog.Verdict{Tenant: r.text(2), Image: r.text(4), Policy: r.text(2), Key: r.text(2), Action: r.text(2), Body: []byte(r.text(99)), Since: at(1 + r.IntN(6))}
	if !r.one(3) {
		v.Until = at(1 + r.IntN(6))
	}
	return v
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
