package version

const osv = "osv-scalibr-semantic/"

// conformance are the lists of TestConformance.
var conformance = []struct {
	scheme, file string
	atLeast      int                                          // lines, so that a list which is not understood does not pass
	split        func(line string) (a, op, b string, ok bool) // nil is splitFields
	refused      string                                       // versions that the ecosystem's own tool refuses
	wrong        map[string]string                            // lines that contradict the ecosystem's own tool, and what it says
}{
	{scheme: "deb", file: osv + "debian-versions.txt", atLeast: 25},
	{scheme: "deb", file: osv + "debian-versions-generated.txt", atLeast: 14_000},
	{scheme: "pypi", file: osv + "pypi-versions.txt", atLeast: 20, refused: pypiLegacy1},
	{scheme: "pypi", file: osv + "pypi-versions-generated.txt", atLeast: 12_000, refused: pypiLegacy2},
}

// Legacy versions, which the lists order before all others. packaging 22 and later refuse them, as PEP 440 does:
// "Invalid version: '0.1-bulbasaur'". TestRefused asks it.
const (
	pypiLegacy1 = `0.1-bulbasaur 0.1-charmander 0.9-doduo 0.9-eevee 0.9-fearow 0.9-gyarados 0.9-horsea 0.9-ivysaur
		-class.-jw.util.version.version-pre -class.-jw.util.version.version-preview -class.-jw.util.version.version-dev`
	pypiLegacy2 = `0.1-bulbasaur 0.1-charmander 0.9-doduo 0.9-eevee 0.9-fearow 0.9-gyarados 0.9-horsea 0.9-ivysaur 2.0.1rc2-git
		0.7.1.fix1 0.7.4.svn.r2010 2013-01-21T20:33:09+0100 2013-01-23T17:11:52+0100 2013-02-01T20:50:46+0100
		2013-02-02T19:59:03+0100 2013-02-02T20:23:17+0100 2013-02-08T17:40:57+0000 2013-03-27T16:32:26+0100
		2013-05-09T12:47:53+0200 2013-05-10T17:55:56+0200 2013-05-14T20:16:05+0200 2013-06-01T10:32:51+0200
		2013-07-19T09:11:08+0000 2013-08-12T21:48:56+0200 2013-09-11T19-27-10 2013-12-23T17-51-15 2014-01-12T15-52-10
		0.0.1-test1 0.7.10p1 0.7.11p1 0.7.11p2 0.7.11p3 0.8.1p1 0.8.3p1 0.8.4p1 0.8.4p2 0.8.6p1 0.8.7p1
		-class.-jw.util.version.Version- trunk 0.3m1 0.3m2 0.3m3 0.3m4 0.3m5 0.4m1 0.4m2 0.4m3 0.4m4 0.4m5 0.5m1 0.5m2
		0.5m3 0.5m4 0.5m5 0.6m1 0.6m2 0.6m3 0.6m4 0.6m5 0.6m6 1.3.1-STAGING 4.11-final 5.0-final a3 2.0.0-final
		1.0beta6.1 0.3.1-p1 0.4.0-p1`
)
