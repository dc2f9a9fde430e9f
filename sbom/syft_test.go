package sbom_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/sbom"
)

// syftDocument is a document of syft: a package of Debian with another source package, a Python module that a package owns, a jar in a war, and
// packages whose metadata are of a type that is not known, or none.
const syftDocument = `{
 "artifacts": [
  {"id": "a1", "name": "libssl3", "version": "3.0.11-1~deb12u2", "type": "deb", "foundBy": "dpkg-db-cataloger",
   "locations": [{"path": "/var/lib/dpkg/status", "layerID": "sha256:01", "accessPath": "/var/lib/dpkg/status"}],
   "licenses": [{"value": "Apache-2.0", "spdxExpression": "Apache-2.0", "type": "declared", "urls": []}], "language": "",
   "cpes": [{"cpe": "cpe:2.3:a:libssl3:libssl3:3.0.11-1\\~deb12u2:*:*:*:*:*:*:*", "source": "syft-generated"}],
   "purl": "pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=amd64&distro=debian-12&upstream=openssl", "metadataType": "dpkg-db-entry",
   "metadata": {"package": "libssl3", "source": "openssl", "version": "3.0.11-1~deb12u2", "sourceVersion": "", "architecture": "amd64", "files": [{"path": "/usr/lib/libssl.so.3"}]}},
  {"id": "a2", "name": "six", "version": "1.16.0", "type": "python", "locations": [{"path": "/usr/lib/python3/dist-packages/six-1.16.0.egg-info"}],
   "licenses": ["MIT"], "cpes": ["cpe:2.3:a:six:six:1.16.0:*:*:*:*:*:*:*"], "purl": "pkg:pypi/six@1.16.0", "metadataType": "PythonPackageMetadata", "metadata": {"source": {"url": "x"}}},
  {"id": "a3", "name": "python3-six", "version": "1.16.0-4", "type": "deb", "locations": [{"path": "/var/lib/dpkg/status"}], "licenses": [], "cpes": [],
   "purl": "pkg:deb/debian/python3-six@1.16.0-4?arch=all&distro=debian-12&upstream=six", "metadataType": "DpkgMetadata", "metadata": {"source": "six"}},
  {"id": "a4", "name": "log4j-core", "version": "2.14.1", "type": "java-archive", "locations": [{"path": "/opt/a.war"}], "licenses": [], "cpes": [],
   "purl": "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1", "metadataType": "java-archive", "metadata": {"virtualPath": "/opt/a.war:WEB-INF/lib/log4j-core-2.14.1.jar"}},
  {"id": "a5", "name": "node", "version": "18.0.0", "type": "binary", "locations": [{"path": "/usr/local/bin/node"}], "licenses": [],
   "cpes": [{"cpe": "cpe:2.3:a:nodejs:node.js:18.0.0:*:*:*:*:*:*:*"}], "purl": "pkg:generic/node@18.0.0", "metadataType": "file", "metadata": {"matches": []}}
 ],
 "artifactRelationships": [
  {"parent": "a3", "child": "a2", "type": "ownership-by-file-overlap", "metadata": {"files": ["/usr/lib/python3/dist-packages/six-1.16.0.egg-info"]}},
  {"parent": "b9", "child": "a1", "type": "contains"}
 ],
 "files": [{"id": "f1", "location": {"path": "/etc/passwd"}}],
 "source": {"id": "s", "name": "debian", "version": "12", "type": "image", "metadata": {"userInput": "debian:12", "imageID": "sha256:aa", "manifestDigest": "sha256:bb",
   "layers": [{"mediaType": "x", "digest": "sha256:01", "size": 1}], "architecture": "amd64", "os": "linux"}},
 "distro": {"prettyName": "Debian GNU/Linux 12 (bookworm)", "name": "Debian GNU/Linux", "id": "debian", "idLike": ["x"], "version": "12 (bookworm)", "versionID": "12", "versionCodename": "bookworm"},
 "descriptor": {"name": "syft", "version": "1.42.3"}, "schema": {"version": "16.1.0", "url": "x"}
}`

func TestSyftJSON(t *testing.T) {
	r, err := sbom.Decode(strings.NewReader(syftDocument), sbom.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if d := r.Distro; d == nil || d.ID != "debian" || d.VersionID != "12" || d.Codename != "bookworm" {
		t.Errorf("distribution %+v", d)
	}
	if want := (analyzer.ImageInfo{ID: "sha256:aa", Digest: "sha256:bb", Platform: "linux/amd64"}); r.Image != want || len(r.Layers) != 1 || r.Layers[0].DiffID != "sha256:01" {
		t.Errorf("image %+v, layers %+v", r.Image, r.Layers)
	}
	type row struct{ name, version, source, owner, path, inside, cpe, licenses string }
	byID := make(map[string]string)
	for _, c := range r.Components {
		byID[c.ID] = c.Name
	}
	var got []row
	for _, c := range r.Components {
		x := row{c.Name, c.Version, "", byID[c.Owner], c.Path, c.ArchivePath, c.Qualifiers["cpe"], strings.Join(c.Licenses, " ")}
		if c.SourcePackage != nil {
			x.source = c.SourcePackage.Name
		}
		if c.System {
			x.path, x.cpe = "", ""
		}
		if c.Type != "generic" {
			x.cpe = ""
		}
		got = append(got, x)
	}
	want := []row{
		{"libssl3", "3.0.11-1~deb12u2", "openssl", "", "", "", "", "Apache-2.0"},
		{"python3-six", "1.16.0-4", "six", "", "", "", "", ""},
		{"node", "18.0.0", "", "", "usr/local/bin/node", "", "cpe:2.3:a:nodejs:node.js:18.0.0:*:*:*:*:*:*:*", ""},
		{"log4j-core", "2.14.1", "", "", "opt/a.war", "WEB-INF/lib/log4j-core-2.14.1.jar", "", ""},
		{"six", "1.16.0", "", "python3-six", "usr/lib/python3/dist-packages/six-1.16.0.egg-info", "", "", "MIT"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("packages\n%+v, want\n%+v", got, want)
	}
	for _, d := range r.Diagnostics {
		t.Errorf("diagnostic %v", d)
	}
	for name, text := range map[string]string{
		"a directory":                   `{"artifacts":[],"source":{"type":"directory","target":"/tmp/x"},"distro":{}}`,
		"an image of an old version":    `{"artifacts":[],"source":{"type":"image","target":{"imageID":"sha256:aa","layers":[]}},"distro":{"name":"alpine","version":"3.20","idLike":""}}`,
		"members of the document first": `{"distro":{"id":"alpine","versionID":"3.20.0"},"schema":{"version":"16"},"artifacts":[]}`,
	} {
		if _, err := sbom.Decode(strings.NewReader(text), sbom.Limits{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := sbom.Decode(strings.NewReader(syftDocument), sbom.Limits{Components: 3}); err == nil {
		t.Error("no error for more packages than the limit")
	}
}
