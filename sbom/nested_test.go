package sbom_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"iter"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/apk"
	programs "github.com/hullmark/hullmark/analyzer/binary"
	"github.com/hullmark/hullmark/analyzer/dpkg"
	"github.com/hullmark/hullmark/analyzer/osrelease"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/analyzer/verify"
	"github.com/hullmark/hullmark/internal/testing/imagetest"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
	reportjson "github.com/hullmark/hullmark/matcher/report/json"
	"github.com/hullmark/hullmark/sbom"
)

// knowing is a source with advisories of the release for the source package nodejs, and one about the product Node.js.
type knowing struct {
	deb, apk bool // whether it has the release
}

func (k knowing) Advisories(_ context.Context, keys []matcher.Key) iter.Seq2[matcher.Advisory, error] {
	return func(yield func(matcher.Advisory, error) bool) {
		for _, key := range keys {
			a := matcher.Advisory{ID: "CVE-2024-0001", Key: key, Feed: "test", Status: matcher.Fixed, Ranges: []matcher.Range{{Fixed: "1"}}}
			switch {
			case key.Type == "cpe" && key.Name == "node.js":
				a.ID, a.Ranges = "CVE-2024-0002", []matcher.Range{{Fixed: "19.0.0"}}
			case (key.Type == "deb" && k.deb || key.Type == "apk" && k.apk) && key.Name == "nodejs":
			default:
				continue
			}
			if !yield(a, nil) {
				return
			}
		}
	}
}

func (k knowing) Coverage(_ context.Context, keys []matcher.Key) (rows []matcher.Coverage, err error) {
	for _, key := range keys {
		row := matcher.Coverage{Type: key.Type, Namespace: key.Namespace, Release: key.Release}
		if key.Type == "cpe" || key.Type == "deb" && k.deb || key.Type == "apk" && k.apk {
			row.Feed = "test"
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// nodeProgram is an ELF file with the text of Node.js 18.0.0.
func nodeProgram() string {
	b := make([]byte, 64, 9000)
	copy(b, "\x7fELF\x02\x01\x01")
	binary.LittleEndian.PutUint16(b[16:], 2)
	binary.LittleEndian.PutUint16(b[18:], 62)
	binary.LittleEndian.PutUint32(b[20:], 1)
	return string(b) + strings.Repeat("\x00", 8000) + "node.js/v18.0.0\x00" + strings.Repeat("\x00", 100)
}

const (
	debian12   = "ID=debian\nVERSION_ID=12\n"
	alpine     = "ID=alpine\nVERSION_ID=3.20.0\n"
	dpkgStatus = "Package: %s\nStatus: install ok installed\nMaintainer: A <a@%s>\nArchitecture: amd64\nVersion: 18.0.0-1\n\n"
	apkStatus  = "P:%s\nV:18.0.0-r1\nA:x86_64\nF:usr\nF:usr/bin\nR:node\n\n"
)

// TestNested forges databases of packages that list a program. Every way from the image to the matches has the same answer: the scan, JSON, and
// documents in both formats.
func TestNested(t *testing.T) {
	for _, c := range []struct {
		what, release, database, sums string
		source                        knowing
		owned                         bool // the distribution answers for the program
		row                           bool // the list of packages has the program, before anything is matched
	}{
		{"the honest case of Debian", debian12, fmt.Sprintf(dpkgStatus, "nodejs", "debian.org"), "", knowing{deb: true}, true, false},
		{"the honest case of Alpine", alpine, fmt.Sprintf(apkStatus, "nodejs"), "", knowing{apk: true}, true, false},
		{"a forged package of dpkg", debian12, fmt.Sprintf(dpkgStatus, "forged", "debian.org"), "", knowing{deb: true}, false, false},
		{"a forged package of apk", alpine, fmt.Sprintf(apkStatus, "forged"), "", knowing{apk: true}, false, false},
		{"an unknown maintainer", debian12, fmt.Sprintf(dpkgStatus, "forged", "acme.example"), "", knowing{deb: true}, false, true},
		{"an unknown maintainer of a source package that the release knows", debian12, fmt.Sprintf(dpkgStatus, "nodejs", "acme.example"), "", knowing{deb: true}, true, true},
		{"another digest than the database has", debian12, fmt.Sprintf(dpkgStatus, "nodejs", "debian.org"), strings.Repeat("0", 32) + "  usr/bin/node\n", knowing{deb: true}, false, true},
		{"a release of Debian without data", debian12, fmt.Sprintf(dpkgStatus, "nodejs", "debian.org"), "", knowing{}, true, false},
		{"a release of Alpine without data", alpine, fmt.Sprintf(apkStatus, "nodejs"), "", knowing{}, false, false},
	} {
		layer := new(imagetest.Layer).File("etc/os-release", c.release).File("usr/bin/node", nodeProgram())
		if c.release == alpine {
			layer.File("lib/apk/db/installed", c.database)
		} else {
			layer.File("var/lib/dpkg/status", c.database)
			for _, name := range []string{"nodejs", "forged"} {
				if strings.Contains(c.database, name) {
					layer.File("var/lib/dpkg/info/"+name+".list", "/usr/bin/node\n").File("var/lib/dpkg/info/"+name+".md5sums", c.sums)
				}
			}
		}
		img, err := imagetest.Image(layer)
		if err != nil {
			t.Fatal(err)
		}
		found, err := scan.Scanner{Analyzers: append([]analyzer.Analyzer{programs.New(), dpkg.New(), apk.New(), osrelease.New()}, verify.All()...)}.Scan(t.Context(), img)
		if err != nil {
			t.Fatal(err)
		}
		match := func(r *analyzer.Report) *matcher.Result {
			result, err := matcher.Matcher{Source: c.source}.Match(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			return result
		}
		check := func(way string, r *matcher.Result) {
			evidence, matched := "", false
			for _, s := range r.Skipped {
				evidence = s.Evidence
			}
			for _, m := range r.Matches {
				matched = matched || m.ID == "CVE-2024-0002"
			}
			if (evidence != "") != c.owned || matched == c.owned {
				t.Errorf("%s, %s: evidence %q, matched %v", c.what, way, evidence, matched)
			}
		}
		result := match(found)
		check("scan", result)
		bare, matched := report.New(found, nil, report.Options{}), report.New(found, result, report.Options{})
		if got := lists(bare.Report); got != c.row {
			t.Errorf("%s: the list of packages has the program: %v, want %v", c.what, got, c.row)
		}
		if got, want := lists(matched.Report), c.row || !c.owned; got != want {
			t.Errorf("%s: the report has the program: %v, want %v", c.what, got, want)
		}
		for _, a := range []*report.Assessment{bare, matched, {Report: found}} {
			for _, format := range []sbom.Format{sbom.CycloneDXJSON, sbom.CycloneDXXML, sbom.SPDXJSON} {
				var b bytes.Buffer
				if err := sbom.Encode(&b, a, sbom.Options{Format: format}); err != nil {
					t.Fatal(err)
				}
				if has, want := strings.Contains(b.String(), "\"name\": \"node\""), lists(a.Report) && (a.Report != found || c.row); has != want && format != sbom.CycloneDXXML {
					t.Errorf("%s: %v has the program: %v, want %v", c.what, format, has, want)
				}
				r, err := sbom.Decode(&b, sbom.Limits{})
				if err != nil {
					t.Fatal(err)
				}
				check(format.String(), match(r))
			}
		}
		var b, again bytes.Buffer
		if err := reportjson.Write(&b, matched); err != nil {
			t.Fatal(err)
		}
		text := b.String()
		decoded, err := sbom.Decode(strings.NewReader(text), sbom.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		check("a report as the document", match(decoded))
		if got, want := matcher.Subjects(decoded), matcher.Subjects(found); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: a report has the subjects\n%+v, want\n%+v", c.what, got, want)
		}
		read, err := reportjson.Read(&b)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(read.Skipped, matched.Skipped) {
			t.Errorf("%s: skipped %v, want %v", c.what, read.Skipped, matched.Skipped)
		}
		if err := reportjson.Write(&again, read); err != nil {
			t.Fatal(err)
		}
		if again.String() != text {
			t.Errorf("%s: JSON differs after a round:\n%s\n%s", c.what, text, again.String())
		}
	}
}

// lists reports whether a report lists Node.js as a program.
func lists(r *analyzer.Report) bool {
	return slices.ContainsFunc(r.Components, func(c analyzer.Component) bool { return c.Name == "node" })
}
