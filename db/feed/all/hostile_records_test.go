package all_test

import (
	"errors"
	"io"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/all"
	"github.com/hullmark/hullmark/db/feed/internal/feedtest"
	"github.com/hullmark/hullmark/internal/testing/corpus"
	"github.com/hullmark/hullmark/internal/testing/hostile"
)

// TestHostileRecords parses complete documents that are small beside the record that they stand for: every vulnerability in every package, or
// every reference in every advisory. Each record has an error that is ErrTooLarge, in bounded memory and time.
func TestHostileRecords(t *testing.T) {
	corpus.Slow(t)
	defer debug.SetGCPercent(debug.SetGCPercent(25)) // as in TestHostile
	ballast := make([]byte, 128<<20)
	defer runtime.KeepAlive(ballast)
	text, list := strings.NewReader, func(body string, size int64) io.Reader { return hostile.Repeat("", body, "", size) }
	for name, c := range map[string]struct {
		feed string
		doc  []io.Reader
	}{
		"CVEs in packages of OSV": {"osv", []io.Reader{
			text(`{"id":"ALSA-1","related":[""`), list(`,"CVE-#"`, 200_000), text(`],"affected":[{}`),
			list(`,{"package":{"ecosystem":"AlmaLinux:8","name":"#"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"1"}]}]}`, 2_000_000),
			text(`]}`),
		}},
		"CVEs in packages of updateinfo": {"rocky", []io.Reader{
			text(`<updates><update type="security"><id>a</id><release>Rocky Linux 8</release><references>`), list(`<reference id="CVE-#"/>`, 1_000_000),
			text(`</references><pkglist><collection><name>Rocky Linux 8</name>`), list(`<package name="#" version="1" release="1"/>`, 1_000_000),
			text(`</collection></pkglist></update></updates>`),
		}},
		"CVEs in packages of errata": {"alma", []io.Reader{
			text(`[{"updateinfo_id":"a","type":"security","references":[{}`), list(`,{"id":"CVE-#"}`, 1_000_000),
			text(`],"pkglist":{"name":"almalinux-8","packages":[{}`), list(`,{"name":"#","version":"1"}`, 1_000_000), text(`]}}]`),
		}},
		"lines of a kernel": {"oracle", []io.Reader{
			text(`<oval_definitions><definitions><definition id="a"><metadata><title>ELSA-2020-1</title><advisory><severity>Low</severity></advisory></metadata>` +
				`<criteria><criterion comment="Oracle Linux 8 is installed"/><criteria operator="OR">`),
			list(`<criterion comment="kernel-uek is earlier than 0:5.#.1-1"/>`, 10_000_000),
			text(`</criteria></criteria></definition></definitions></oval_definitions>`),
		}},
		"ranges of OVAL": {"suse", []io.Reader{
			text(`<oval_definitions><definitions><definition id="a"><metadata><title>CVE-2020-1111</title></metadata>` +
				`<criteria><criterion comment="SUSE Linux Enterprise Server 15-LTSS is installed"/><criteria operator="OR">`),
			list(`<criterion comment="kernel is &lt;#"/>`, 10_000_000),
			text(`</criteria></criteria></definition></definitions></oval_definitions>`),
		}},
		"comparisons of GLSA": {"gentoo", []io.Reader{
			text(`<glsa id="1"><affected><package name="a/b">`), list(`<vulnerable range="lt">#</vulnerable>`, 10_000_000), text(`</package></affected></glsa>`),
		}},
		"packages of GLSA": {"gentoo", []io.Reader{
			text(`<glsa id="1"><references>`), list(`<uri>CVE-2020-1#</uri>`, 1_000_000), text(`</references><affected>`),
			list(`<package name="a/#"><vulnerable range="lt">1</vulnerable></package>`, 10_000_000), text(`</affected></glsa>`),
		}},
		"issues of Arch Linux": {"arch", []io.Reader{
			text(`[{"name":"AVG-1","status":"Vulnerable","issues":[""`), list(`,"#"`, 1_000_000), text(`],"packages":[""`), list(`,"#"`, 1_000_000), text(`]}]`),
		}},
		"products of CVRF": {"openeuler", []io.Reader{
			text(`<cvrfdoc><DocumentTracking><Identification><ID>a</ID></Identification></DocumentTracking><ProductTree><Branch Type="Product Name">`),
			list(`<FullProductName ProductID="openEuler-20.03-#" CPE="#"/>`, 5_000_000), text(`</Branch><Branch Type="Package Arch">`),
			list(`<FullProductName CPE="#">a-#-1.noarch.rpm</FullProductName>`, 5_000_000),
			text(`</Branch></ProductTree><Vulnerability><CVE>CVE-1</CVE><ProductStatuses><Status Type="Fixed">`),
			list(`<ProductID>openEuler-20.03-#</ProductID>`, 3_000_000), text(`</Status></ProductStatuses></Vulnerability></cvrfdoc>`),
		}},
		"packages in updates of CVRF": {"suse", []io.Reader{
			text(`<cvrfdoc><DocumentTracking><Identification><ID>a</ID></Identification></DocumentTracking><ProductTree>`),
			list(`<Relationship ProductReference="a#-1-1" RelatesToProductReference="openSUSE Leap 15.5"><FullProductName ProductID="#"/></Relationship>`, 10_000_000),
			text(`</ProductTree>`), cvrfStatuses(), cvrfStatuses(), cvrfStatuses(), cvrfStatuses(), text(`</cvrfdoc>`),
		}},
		"relationships in vulnerabilities": {"redhat", redhatDocument(
			text(`{"product_status":{"fixed":[""`), list(`,"#"`, 600_000), text(`]}}`),
			text(`,{"product_status":{"fixed":[""`), list(`,"#"`, 600_000), text(`]}}`),
			text(`,{"product_status":{"fixed":[""`), list(`,"#"`, 600_000), text(`]}}`),
			text(`,{"product_status":{"fixed":[""`), list(`,"#"`, 600_000), text(`]}}`),
		)},
		"vectors of a package": {"redhat", redhatDocument(
			text(`{"product_status":{"fixed":["1"]},"scores":[{}`), list(`,{"products":["1"],"cvss_v3":{"vectorString":"#"}}`, 6_000_000), text(`]}`),
		)},
		"fixes of a package": {"redhat", []io.Reader{
			text(`{"name":"CVE-1","affected_release":[{}`), list(`,{"cpe":"cpe:/o:redhat:enterprise_linux:8","package":"a-#-1","advisory":"#"}`, 10_000_000), text(`]}`),
		}},
		"products of OpenVEX": {"ubuntu", []io.Reader{
			text(`{"@context":"https://openvex.dev/ns","statements":[{"vulnerability":{"name":"a"},"status":"affected","products":[{}`),
			list(`,{"@id":"pkg:deb/ubuntu/#?arch=source&distro=noble"}`, 8_000_000),
			text(`]},{"vulnerability":{"name":"a"},"status":"affected","products":[{}`),
			list(`,{"@id":"pkg:deb/ubuntu/#?arch=source&distro=jammy"}`, 8_000_000), text(`]}]}`),
		}},
		"names of NVD": {"nvd", []io.Reader{
			text(`{"vulnerabilities":[{"cve":{"id":"CVE-1","configurations":[{"nodes":[{"cpeMatch":[{}`),
			list(`,{"vulnerable":true,"criteria":"cpe:2.3:a:#:#:1:*:*:*:*:*:*:*"}`, 14_000_000), text(`]}]}]}}]}`),
		}},
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			var bad []error
			var fatal error
			peak := hostile.Peak(func() {
				_, bad, fatal = feedtest.Parse(feedtest.Find(all.Feeds(), c.feed), io.MultiReader(c.doc...))
			})
			err := errors.Join(append(bad, fatal)...)
			t.Logf("%d MiB, %v: %.300v", peak>>20, time.Since(start).Round(time.Millisecond), err)
			if !errors.Is(err, feed.ErrTooLarge) {
				t.Errorf("%d errors, none is ErrTooLarge", len(bad))
			}
			if peak > 640<<20 {
				t.Errorf("%d MiB of heap", peak>>20)
			}
			if d := time.Since(start); d > 30*time.Second {
				t.Errorf("%v", d)
			}
		})
	}
}

// cvrfStatuses returns a vulnerability that is fixed in many packages.
func cvrfStatuses() io.Reader {
	return hostile.Repeat(`<Vulnerability><CVE>CVE-1</CVE><ProductStatuses><Status Type="Fixed">`, `<ProductID>#</ProductID>`, `</Status></ProductStatuses></Vulnerability>`, 2_000_000)
}

// redhatDocument returns a CSAF document with many relationships.
func redhatDocument(vulnerabilities ...io.Reader) []io.Reader {
	head := `{"document":{"tracking":{"id":"a"}},"product_tree":{"branches":[{"product":{"product_id":"p","product_identification_helper":{"cpe":"cpe:/o:redhat:enterprise_linux:8"}}}],"relationships":[{}`
	relation := `,{"product_reference":"a#-1-1.noarch","relates_to_product_reference":"p","full_product_name":{"product_id":"#"}}`
	doc := append([]io.Reader{hostile.Repeat(head, relation, `]},"vulnerabilities":[`, 10_000_000)}, vulnerabilities...)
	return append(doc, strings.NewReader(`]}`))
}
