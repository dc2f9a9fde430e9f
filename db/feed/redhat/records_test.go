package redhat_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/db/feed/internal/feedtest"
	"github.com/hullmark/hullmark/db/feed/redhat"
	"github.com/hullmark/hullmark/internal/testing/corpus"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/version"
)

// csaf has what TestRecords reads of a document. The identifiers of products in today's documents are platform:component.
type csaf struct {
	Tree struct {
		Branches      []node `json:"branches"`
		Relationships []struct {
			Component string         `json:"product_reference"`
			Platform  string         `json:"relates_to_product_reference"`
			Full      map[string]any `json:"full_product_name"`
		} `json:"relationships"`
	} `json:"product_tree"`
	Vulnerabilities []struct {
		Status   map[string][]string `json:"product_status"`
		Remedies []struct {
			Category, Details, URL string
			Products               []string `json:"product_ids"`
		} `json:"remediations"`
	} `json:"vulnerabilities"`
}

type node struct {
	Branches []node         `json:"branches"`
	Product  map[string]any `json:"product"`
}

// helpers adds the cpe or purl of each product below a node.
func (n *node) helpers(to map[string]string) {
	if h, ok := n.Product["product_identification_helper"].(map[string]any); ok {
		for _, v := range h {
			to[n.Product["product_id"].(string)] = v.(string)
		}
	}
	for i := range n.Branches {
		n.Branches[i].helpers(to)
	}
}

// TestRecords compares the advisories of today's documents with the documents' text, product by product. It shares no code with the feed.
//
// A product of the release, or of its extended life (ELS), has the status that the document states, unless another product of the release
// is fixed, or is affected. Statements without a fix about the extended updates of a minor release change nothing in the release. Each
// stream of updates has the same statements under its own release.
func TestRecords(t *testing.T) {
	names, err := filepath.Glob(filepath.Join(corpus.Dir(t), "feeds/records/redhat/vex/v2/vex/*/*.json"))
	if err != nil || len(names) != 4 {
		t.Fatalf("%d documents, %v", len(names), err)
	}
	rpm, _ := version.For("rpm")
	platforms := regexp.MustCompile(`^cpe:/[ao]:redhat:(enterprise_linux|rhel_[a-z0-9]+):(([0-9]+)[.0-9]*)`)
	module := regexp.MustCompile(`^(.+)-([0-9]{19})\.[0-9a-f]{8}$`)
	count := make(map[string]int)
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var d csaf
		if err := json.Unmarshal(b, &d); err != nil {
			t.Fatal(err)
		}
		recs, bad, fatal := feedtest.Parse(redhat.Feed(), strings.NewReader(string(b)))
		if len(recs) != 1 || len(bad) > 0 || fatal != nil {
			t.Fatalf("%s: %d records, %v, %v", name, len(recs), bad, fatal)
		}
		advisories := make(map[string]*matcher.Advisory)
		for i := range recs[0].Advisories {
			a := &recs[0].Advisories[i]
			advisories[a.Key.Release+" "+a.Key.Name] = a
		}
		helpers := make(map[string]string)
		for i := range d.Tree.Branches {
			d.Tree.Branches[i].helpers(helpers)
		}
		type product struct{ key, own, status, evr, stream, details, erratum string }
		var products []product
		for _, r := range d.Tree.Relationships {
			id := r.Full["product_id"].(string)
			m := platforms.FindStringSubmatch(helpers[r.Platform])
			if m == nil {
				t.Fatalf("%s: %s", id, helpers[r.Platform])
			}
			p := product{stream: map[string]string{"enterprise_linux": "release", "rhel_els": "life"}[m[1]]}
			v := d.Vulnerabilities[0]
			for status, ids := range v.Status {
				for _, is := range ids {
					if is == id {
						p.status = status
					}
				}
			}
			for _, r := range v.Remedies {
				for _, is := range r.Products {
					switch {
					case is != id:
					case r.Category == "vendor_fix":
						p.erratum = r.URL[strings.LastIndexByte(r.URL, '/')+1:]
					case r.Category != "workaround":
						p.details = r.Details
					}
				}
			}
			purl, query, _ := strings.Cut(strings.TrimPrefix(helpers[r.Component], "pkg:rpm/redhat/"), "?")
			pkg, evr, _ := strings.Cut(purl, "@")
			epoch, rpmmod := "", ""
			for q := range strings.SplitSeq(query, "&") {
				if e, ok := strings.CutPrefix(q, "epoch="); ok {
					epoch = e + ":"
				}
				if mod, ok := strings.CutPrefix(q, "rpmmod="); ok {
					rpmmod = mod + "/"
				}
			}
			named := rpmmod + pkg
			p.evr = epoch + evr
			if b := module.FindStringSubmatch(evr); b != nil && p.status == "fixed" {
				named, p.evr = pkg+":"+b[1], b[2]
			}
			p.key = m[3] + " " + named
			if m[1] != "enterprise_linux" {
				p.own = m[3] + "/" + m[1] + ":" + m[2] + " " + named
			}
			products = append(products, p)
		}
		// others reports whether a product of the release has a status and one of some streams.
		others := func(key, status string, streams ...string) bool {
			for _, p := range products {
				for _, s := range streams {
					if p.key == key && p.status == status && p.stream == s || p.own == key && p.own != "" && p.status == status && s == "own" {
						return true
					}
				}
			}
			return false
		}
		holds := func(a *matcher.Advisory, evr string) bool {
			v, err := rpm.Parse(evr)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range a.Ranges {
				from, err := rpm.Parse(r.Introduced)
				to, err2 := rpm.Parse(r.Fixed)
				if (err != nil || v.Compare(from) >= 0) && (err2 != nil || v.Compare(to) < 0) {
					return true
				}
			}
			return len(a.Ranges) == 0
		}
		stated := make(map[string]bool)
		for _, p := range products {
			a := advisories[p.key]
			stated[p.key] = stated[p.key] || p.stream != "" || p.status == "fixed"
			fail := func(want string) {
				t.Errorf("%s: %+v: want %s, got %+v", filepath.Base(name), p, want, a)
			}
			what := p.status + " in " + p.stream
			if p.stream == "" {
				what = p.status + " in a minor release's updates"
			}
			count[what]++
			released := p.stream == "release" || p.stream == "life" && !others(p.key, "fixed", "release") &&
				!others(p.key, "known_affected", "release") && !others(p.key, "known_not_affected", "release")
			switch {
			case p.status == "fixed":
				if a == nil || holds(a, p.evr) || !holds(a, "0") || !slices.Contains(a.Updates, p.erratum) || p.erratum == "" {
					fail("a fix")
				} else if p.stream == "release" && a.Status != matcher.Fixed {
					fail("status fixed")
				}
			case !released:
			case a == nil:
				fail("an advisory")
			case others(p.key, "fixed", "release", p.stream):
				if a.Status != matcher.Fixed {
					fail("status fixed")
				}
			case p.status == "known_affected":
				want := map[string]matcher.Status{"Will not fix": matcher.WillNotFix, "Out of support scope": matcher.EndOfLife, "Affected": matcher.Affected}
				if w, ok := want[p.details]; !ok || a.Status != w && !others(p.key, "known_affected", p.stream) || !holds(a, "0") {
					fail(p.details)
				}
			case p.status == "known_not_affected" && !others(p.key, "known_affected", p.stream):
				if a.Status != matcher.NotAffected {
					fail("not affected")
				}
			}
			if p.own == "" {
				continue
			}
			stated[p.own] = true
			switch a = advisories[p.own]; {
			case a == nil:
				fail("an advisory of the stream")
			case p.status == "fixed":
				if a.Status != matcher.Fixed || holds(a, p.evr) || !holds(a, "0") || !slices.Contains(a.Updates, p.erratum) {
					fail("a fix in the stream")
				}
			case others(p.own, "fixed", "own"):
			case p.status == "known_affected":
				want := map[string]matcher.Status{"Will not fix": matcher.WillNotFix, "Out of support scope": matcher.EndOfLife, "Affected": matcher.Affected}
				if a.Status != want[p.details] && !others(p.own, "known_affected", "own") || !holds(a, "0") || len(a.Ranges) > 0 {
					fail(p.details + " in the stream")
				}
			case p.status == "known_not_affected" && !others(p.own, "known_affected", "own"):
				if a.Status != matcher.NotAffected {
					fail("not affected in the stream")
				}
			}
		}
		for key, a := range advisories {
			if !stated[key] {
				t.Errorf("%s: no product of a release: %+v", filepath.Base(name), a)
			}
			delete(stated, key)
		}
		for key, is := range stated {
			if is {
				t.Errorf("%s: %s has no advisory", filepath.Base(name), key)
			}
		}
	}
	want := "map[fixed in a minor release's updates:14 fixed in release:50 known_affected in a minor release's updates:11 known_affected in life:8 " +
		"known_affected in release:11 known_not_affected in a minor release's updates:32 known_not_affected in life:4 known_not_affected in release:5]"
	if got := fmt.Sprint(count); got != want {
		t.Errorf("products: %s\nwant %s", got, want)
	}
}

func TestRecordCounts(t *testing.T) {
	feedtest.Corpus(t, redhat.Feed(), []feedtest.Sample{
		{Path: "records/redhat/vex/v2/vex", Records: 4},
		{Path: "records/redhat/vex/v2/vex_rpmmod_error", Records: 1, Bad: 1}, // a flatpak's module has no stream
		{Path: "servers/redhat/vex/v2/vex-archive.tar.zst", Records: 5},
	})
}
