package verify

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
)

const netRaw = "\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"

// recorded returns a regular file as rpm records it.
func recorded(name string, mode fs.FileMode, text string) analyzer.RecordedFile {
	return analyzer.RecordedFile{
		Path: name, Attributes: 1<<10 - 1, Mode: mode, User: "root", Group: "root",
		Algorithm: "sha256", Digest: content(mode, text).Digest("sha256"), Size: int64(len(text)), ModTime: 1_600_000_000,
	}
}

func rpmOf(files ...analyzer.RecordedFile) []analyzer.Component {
	return components(analyzer.Package{Type: typeRPM, Name: "p", Version: "1-1", Recorded: analyzer.RecordedOf(slices.Values(files))})
}

// Each difference has a rule and a severity, or it is to be expected and has a record with the reason.
func TestJudge(t *testing.T) {
	program, conf := recorded("usr/bin/p", 0o755, "program"), recorded("etc/p.conf", 0o644, "conf")
	conf.Config = true
	doc := recorded("usr/share/doc/p/README", 0o644, "readme")
	ghost := recorded("var/log/p", 0o600, "")
	ghost.Ghost, ghost.Optional, ghost.Attributes, ghost.Digest = true, true, analyzer.AttrMode|analyzer.AttrUser, ""
	ping := recorded("usr/bin/ping", 0o755, "ping")
	ping.Capabilities = "cap_net_raw=ep"
	link := analyzer.RecordedFile{Path: "usr/bin/q", Attributes: 1<<10 - 1, Mode: fs.ModeSymlink | 0o777, User: "root", Group: "root", Target: "p"}
	data, su := recorded("usr/share/p/data", 0o644, "data"), recorded("usr/bin/su", 0o755|fs.ModeSetuid, "su")
	shared := recorded("var/spool/p", fs.ModeDir|fs.ModeSticky|0o777, "")
	pyc := recorded("usr/lib/python3/p.pyc", 0o644, "bytes")
	for _, c := range []struct {
		name string
		file analyzer.RecordedFile
		now  *File // nil: missing
		want string
	}{
		{"program with other content", program, ptr(content(0o755, "Program")), "medium verify:changed"},
		{"program of another size", program, ptr(content(0o755, "longer program")), "medium verify:changed"},
		{"set-uid program with other content", su, ptr(content(0o755|fs.ModeSetuid, "SU")), "high verify:changed"},
		{"library with other content", recorded("usr/lib/libp.so.1.2", 0o644, "a"), ptr(content(0o644, "b")), "medium verify:changed"},
		{"data with other content", data, ptr(content(0o644, "Data")), "low verify:changed"},
		{"compiled Python", pyc, ptr(content(0o644, "Bytes")), "info verify:changed"},
		{"documentation", doc, ptr(content(0o644, "Readme")), "info verify:changed"},
		{"configuration", conf, ptr(content(0o644, "edited")), "record configuration content,size"},
		{"configuration that is missing", conf, nil, "record configuration missing"},
		{"documentation that is missing", doc, nil, ""},
		{"program that is missing", program, nil, "low verify:missing"},
		{"compiled Python that is missing", pyc, nil, "info verify:missing"},
		{"ghost that is missing", ghost, nil, ""},
		{"ghost with content", ghost, ptr(content(0o600, "log")), ""},
		{"ghost with another mode", ghost, ptr(content(0o644, "log")), "record ghost mode"},
		{"ghost that everybody may write to", ghost, ptr(content(0o666, "log")), "medium verify:mode"},
		{"time", program, ptr(late(content(0o755, "program"))), "record time mod-time"},
		{"gains set-uid", program, ptr(content(0o755|fs.ModeSetuid, "program")), "high verify:mode"},
		{"loses set-uid", su, ptr(content(0o755, "su")), "info verify:mode"},
		{"gains permission to write", data, ptr(content(0o646, "data")), "medium verify:mode"},
		{"directory of all users without a sticky bit", shared, ptr(dir(0o777)), "medium verify:mode"},
		{"gains permission to execute", data, ptr(content(0o755, "data")), "low verify:mode"},
		{"configuration that everybody may write to", conf, ptr(content(0o666, "edited")), "medium verify:mode"},
		{"program of a user", program, ptr(owned(content(0o755, "program"), 1000, 0)), "medium verify:owner"},
		{"data of a group", data, ptr(owned(content(0o644, "data"), 0, 1000)), "low verify:owner"},
		{"gains capabilities", program, ptr(capable(content(0o755, "program"), netRaw)), "high verify:capabilities"},
		{"loses capabilities", ping, ptr(content(0o755, "ping")), "info verify:capabilities"},
		{"has its capabilities", ping, ptr(capable(content(0o755, "ping"), netRaw)), ""},
		{"link leads elsewhere", link, ptr(symlink("evil")), "low verify:target"},
		{"program became a link", program, ptr(symlink("evil")), "medium verify:type"},
		{"program became a directory", program, ptr(dir(0o755)), "medium verify:type"},
		{"as recorded", program, ptr(content(0o755, "program")), ""},
	} {
		image := memory{}
		if c.now != nil {
			image[c.file.Path] = *c.now
		}
		r := Check(rpmOf(c.file), image.image())
		got := ""
		for _, f := range r.Findings() {
			got += f.Severity + " " + f.Rule
			if f.Owner != "id-p" || f.Title == "" || f.Detail == "" || f.Path != c.file.Path {
				t.Errorf("%s: %+v", c.name, f)
			}
		}
		for _, record := range r.Records() {
			if record.Kind == kindFile {
				got += "record " + record.Fields["reason"] + " " + record.Fields["differs"]
			}
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func ptr(f File) *File { return &f }

func late(f File) File {
	f.ModTime = f.ModTime.AddDate(1, 0, 0)
	return f
}

// A package of which thousands of files are gone has a bounded number of findings, and the worst of them are never left out.
func TestManyFindings(t *testing.T) {
	files := []analyzer.RecordedFile{recorded("zzz", 0o755, "program")}
	for i := range 3000 {
		files = append(files, recorded(fmt.Sprintf("usr/lib/p/%04d", i), 0o644, "data"))
	}
	slices.SortFunc(files, func(a, b analyzer.RecordedFile) int { return strings.Compare(a.Path, b.Path) })
	r := Check(rpmOf(files...), memory{"zzz": content(0o755|fs.ModeSetuid, "program")}.image())
	list := r.Findings()
	if len(list) != 1+maxSame+1 {
		t.Fatalf("%d findings", len(list))
	}
	last := list[len(list)-1]
	if last.Title != "2984 more files of p" || last.Rule != "verify:missing" || last.Path != "database" || list[maxSame].Severity != "high" {
		t.Errorf("%+v", list)
	}
	if v := r.Verdicts[0]; v.Missing != 3000 || v.State != Changed || v.Files != 3001 || v.Compared != 1 {
		t.Errorf("%+v", v)
	}
}

// Files beyond a batch are compared, too, and the order of the image does not matter.
func TestBatches(t *testing.T) {
	files, image := []analyzer.RecordedFile{}, memory{}
	for i := range batchFiles + 10 {
		name := fmt.Sprintf("usr/lib/%06d", i)
		files = append(files, analyzer.RecordedFile{Path: name, Attributes: analyzer.AttrSize | analyzer.AttrMode, Mode: 0o644, Size: 1})
		image[name] = File{Entry: analyzer.Entry{Mode: 0o644, Size: 1}}
	}
	image["usr/lib/000001"] = File{Entry: analyzer.Entry{Mode: 0o644, Size: 2}}
	image["usr/lib/032009"] = File{Entry: analyzer.Entry{Mode: 0o644, Size: 2}}
	r := Check(rpmOf(files...), Image{Files: func(yield func(string, File) bool) {
		for name, f := range image { // in any order
			if !yield(name, f) {
				return
			}
		}
	}})
	if v := r.Verdicts[0]; v.Differing != 2 || v.Missing != 0 || len(r.Differences) != 2 || r.Differences[1].Path != "usr/lib/032009" {
		t.Errorf("%+v %+v", v, r.Differences)
	}
}

// Links that lead nowhere, to themselves or out of the root end.
func TestLinks(t *testing.T) {
	l := links{targets: map[string]string{
		"lib": "usr/lib", "usr/lib64": "lib", "a": "b", "b": "a", "up": "../../../usr", "abs": "/usr/lib64/", "usr/share": "../opt/./share/..", "self": "self/x",
	}}
	for name, want := range map[string]string{
		"lib/x": "usr/lib/x", "usr/lib64/y/z": "usr/lib/y/z", "a/x": "a/x", "up/bin/x": "usr/bin/x", "abs/x": "usr/lib/x", "x": "x", "usr/share/x": "opt/x", "self/x": "self/x",
		"lib": "lib",
	} {
		if got := l.parent(name); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}

func TestCapabilities(t *testing.T) {
	for text, xattr := range map[string]string{
		"":                    "",
		"=":                   "",
		"cap_net_raw=ep":      netRaw,
		"cap_net_raw+ep":      netRaw,
		"CAP_NET_RAW=pe":      netRaw,
		"= cap_net_raw+pe":    netRaw,
		"all=ep all=":         "",
		"cap_net_raw=p+e":     netRaw,
		"cap_net_raw=epi-i":   netRaw,
		"cap_39=ep nothing":   "?",
		"cap_net_raw=x":       "?",
		"cap_net_raw":         "?",
		"+p":                  "?",
		"cap_net_raw=ep cap_": "?",
	} {
		if got := sameCapabilities(text, xattr); got != (xattr != "?") {
			t.Errorf("%q: %t", text, got)
		}
	}
	if got := capabilityText(netRaw); got != "cap_net_raw=ep" {
		t.Errorf("got %s", got)
	}
}

// No package answers for a file that its database lists, but that it did not bring.
func TestNotPackaged(t *testing.T) {
	owned := func(name string) analyzer.Component { return analyzer.Component{Path: name, Owner: "id-p"} }
	ghost := recorded("usr/bin/ld", 0o755, "")
	ghost.Ghost = true
	replaced := analyzer.RecordedFile{Path: "usr/bin/replaced", Mode: 0o755}
	rpms := append(rpmOf(ghost, recorded("bin/packaged", 0o755, "p"), replaced), owned("usr/bin/ld"), owned("usr/bin/packaged"), owned("usr/bin/replaced"), owned("usr/bin/not-installed"))
	debs, image := debImage(t, map[string]string{
		"var/lib/dpkg/info/p.list":    "/.\n/usr/bin/packaged\n/usr/bin/diverted\n/usr/bin/without-digest\n",
		"var/lib/dpkg/info/p.md5sums": md5Line("usr/bin/packaged", "p") + md5Line("usr/bin/diverted", "p") + md5Line("usr/bin/taken", "p"),
		"var/lib/dpkg/diversions":     "/usr/bin/diverted\n/usr/bin/diverted.orig\n:\n",
	}, memory{"usr/bin/packaged": content(0o755, "p"), "usr/bin/diverted": content(0o755, "evil"), "usr/bin/diverted.orig": content(0o755, "p"), "usr/bin/taken": content(0o755, "evil")})
	debs = append(debs, owned("usr/bin/packaged"), owned("usr/bin/diverted"), owned("usr/bin/taken"), owned("usr/bin/without-digest"))
	programs := memory{"bin": symlink("usr/bin"), "usr/bin/ld": content(0o755, "evil"), "usr/bin/packaged": content(0o755, "p"), "usr/bin/replaced": content(0o755, "evil"), "usr/bin/not-installed": content(0o755, "evil")}
	chiselled := []analyzer.Component{{Package: analyzer.Package{Type: typeDeb, Name: "p", System: true}, ID: "id-p"}, owned("usr/bin/p")}
	for _, c := range []struct {
		list  []analyzer.Component
		image Image
		want  string
	}{
		{rpms, programs.image(), "usr/bin/ld usr/bin/replaced usr/bin/not-installed"},
		{debs, image, "usr/bin/diverted usr/bin/taken"},
		{chiselled, memory{}.image(), ""}, // its database has no records
	} {
		report := &analyzer.Report{Components: c.list}
		if err := finish(t.Context(), report, c.image); err != nil {
			t.Fatal(err)
		}
		var got []string
		for i := range c.list {
			if c.list[i].Altered {
				got = append(got, c.list[i].Path)
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

// The distribution answers for a component or a finding in a package of its own only while the file is as it was packaged.
func TestAltered(t *testing.T) {
	const path = "usr/lib/python3/dist-packages/six.egg-info"
	file := recorded(path, 0o644, "as packaged")
	for text, altered := range map[string]bool{"as packaged": false, "changed": true} {
		found := func(name, owner string, hidden bool) analyzer.FileFinding {
			return analyzer.FileFinding{Path: name, Owner: owner, Hidden: hidden}
		}
		report := &analyzer.Report{
			Components: []analyzer.Component{rpmOf(file)[0], {Package: analyzer.Package{Type: "pypi", Name: "six"}, ID: "six", Path: path, Owner: "id-p"}, {ID: "other", Path: path}},
			Findings:   []analyzer.FileFinding{found(path, "id-p", false), found(path, "id-p", true), found(path, "id-q", false), found(path, "", false), found("etc/passwd", "id-p", false)},
			Files: analyzer.FilesOf(func(yield func(*analyzer.ListedFile) bool) {
				f := content(0o644, text)
				yield(&analyzer.ListedFile{Path: path, Entry: f.Entry, Digests: []analyzer.Digest{{Algorithm: file.Algorithm, Sum: f.Digest(file.Algorithm)}}})
			}),
		}
		if err := newVerifier().(analyzer.Finisher).Finish(t.Context(), report); err != nil {
			t.Fatal(err)
		}
		for i, f := range report.Findings[:5] {
			if f.Intact != (i == 0 && !altered) {
				t.Errorf("%s: finding %d: intact %v", text, i, f.Intact)
			}
		}
		if report.Components[1].Altered != altered || report.Components[0].Altered || report.Components[2].Altered {
			t.Errorf("%s: %+v", text, report.Components)
		}
	}
}

// A finding is in an intact file only if everything that the database recorded was compared and is the same.
func TestIntact(t *testing.T) {
	file, none, ghost := recorded("etc/p", 0o644, "p"), recorded("etc/p", 0o644, "p"), recorded("etc/p", 0o644, "p")
	none.Algorithm, none.Digest = "", ""
	ghost.Ghost = true
	bare := analyzer.RecordedFile{Path: "etc/p"}
	link := analyzer.RecordedFile{Path: "etc/p", Attributes: 1<<10 - 1, Mode: fs.ModeSymlink | 0o777, User: "root", Group: "root", Target: "q"}
	touched, unhashed := content(0o644, "p"), content(0o644, "p")
	touched.ModTime = touched.ModTime.AddDate(1, 0, 0)
	unhashed.Digest = nil
	for _, c := range []struct {
		name string
		file analyzer.RecordedFile
		have memory
		want bool
	}{
		{"same", file, memory{"etc/p": content(0o644, "p")}, true},
		{"other time", file, memory{"etc/p": touched}, true},
		{"other content", file, memory{"etc/p": content(0o644, "q")}, false},
		{"other mode", file, memory{"etc/p": content(0o4755, "p")}, false},
		{"not hashed", file, memory{"etc/p": unhashed}, false},
		{"missing", file, memory{}, false},
		{"no digest", none, memory{"etc/p": content(0o644, "p")}, false},
		{"ghost", ghost, memory{"etc/p": content(0o644, "p")}, false},
		{"only a path", bare, memory{"etc/p": content(0o644, "p")}, false},
		{"link", link, memory{"etc/p": symlink("q")}, true},
		{"other link", link, memory{"etc/p": symlink("r")}, false},
		{"link for a file", file, memory{"etc/p": symlink("q")}, false},
		{"directory for a file", file, memory{"etc/p/q": content(0o644, "p")}, false},
		{"through a link", file, memory{"etc": symlink("usr/etc"), "usr/etc/p": content(0o644, "p")}, true},
	} {
		report := &analyzer.Report{Components: rpmOf(c.file), Findings: []analyzer.FileFinding{{Path: "etc/p", Owner: "id-p"}}}
		if c.name == "through a link" {
			report.Findings[0].Path = "usr/etc/p"
		}
		if err := finish(t.Context(), report, c.have.image()); err != nil {
			t.Fatal(err)
		}
		if got := report.Findings[0].Intact; got != c.want {
			t.Errorf("%s: intact %v", c.name, got)
		}
	}
}
