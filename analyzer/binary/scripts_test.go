package binary

import (
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/hullmark/hullmark/analyzer"
)

var npmDir = flag.String("binary.npm", "", "folder with unpacked packages of npm: NAME@VERSION/package")

// TestNPM compares the versions in the files of npm's packages with those of the packages. It prints a row for each class, and each wrong answer.
func TestNPM(t *testing.T) {
	if *npmDir == "" {
		t.Skip("-binary.npm is not set; .ci/slow scripts sets it")
	}
	type count struct{ packages, found, wrong, others int }
	counts := make(map[string]*count)
	dirs, err := filepath.Glob(filepath.Join(*npmDir, "*@*"))
	if err != nil || len(dirs) == 0 {
		t.Fatal("no packages", err)
	}
	for _, dir := range dirs {
		text, err := os.ReadFile(filepath.Join(dir, "package", "package.json"))
		if err != nil {
			continue
		}
		var of struct{ Name, Version string }
		if err := json.Unmarshal(text, &of); err != nil {
			t.Fatal(dir, err)
		}
		name := map[string]string{"ember-source": "ember", "jquery-ui-dist": "jquery-ui", "@highlightjs/cdn-assets": "highlight.js"}[of.Name]
		if name == "" {
			name = of.Name
		}
		c := counts[name]
		if c == nil {
			c = new(count)
			counts[name] = c
		}
		c.packages++
		right := false
		err = filepath.WalkDir(dir, func(file string, e fs.DirEntry, err error) error {
			rel, _ := filepath.Rel(dir, file)
			if err != nil || !e.Type().IsRegular() || !strings.HasSuffix(file, "js") {
				return err
			}
			content, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			r, err := Scripts().Analyze(t.Context(), analyzer.NewFile(filepath.ToSlash(rel), 0o644, content))
			if err != nil {
				t.Error(file, err)
			}
			if r == nil {
				return nil
			}
			for _, p := range r.Packages {
				switch {
				case p.Name != name: // a library that it bundles
					c.others++
					t.Logf("%s: %s %s", strings.TrimPrefix(file, *npmDir), p.Name, p.Version)
				case p.Version == of.Version || p.Version+".0" == of.Version:
					right = true
				default:
					c.wrong++
					t.Logf("%s: version %s", strings.TrimPrefix(file, *npmDir), p.Version)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if right {
			c.found++
		} else {
			t.Logf("%s: not found", filepath.Base(dir))
		}
	}
	for name, c := range counts {
		t.Logf("%-20s %d of %d versions, %d files with another version, %d other libraries", name, c.found, c.packages, c.wrong, c.others)
	}
}

// heads are the texts of real files that state the version: name and version of the library, name of the file, text.
func heads(t testing.TB) (list [][4]string) {
	text, err := os.ReadFile("testdata/scripts.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range regexp.MustCompile(`(?m)^([^ \n]+) ([^ ]+) ([^ ]+) (".*")$`).FindAllStringSubmatch(string(text), -1) {
		var s string
		if err := json.Unmarshal([]byte(line[4]), &s); err != nil {
			t.Fatal(line[0], err)
		}
		list = append(list, [4]string{line[1], line[2], line[3], s})
	}
	return list
}

// TestScripts finds each library by the text of real files, and not under another name or below node_modules.
func TestScripts(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]bool)
	for _, h := range heads(t) {
		seen[h[0]] = true
		for path, want := range map[string]string{"srv/www/js/" + h[2]: h[0] + " " + h[1], "srv/app/node_modules/x/dist/" + h[2]: "", "srv/www/js/my.js": ""} {
			r, err := Scripts().Analyze(t.Context(), analyzer.NewFile(path, 0o644, []byte(h[3])))
			if got := strings.Join(versions(r), ", "); err != nil || got != want {
				t.Errorf("%s: %q, %v; want %q", path, got, err, want)
			}
		}
	}
	for _, c := range scripts().all {
		if !seen[c.name] {
			t.Errorf("testdata/scripts.txt has no text of %s", c.name)
		}
		if row := fmt.Sprintf("| %s | `%s` |\n", c.name, strings.Join(strings.Fields(c.files), "` `")); !strings.Contains(string(readme), row) {
			t.Errorf("README.md lacks %s", row)
		}
		for _, f := range c.finds {
			if e, err := regexp.Compile(f.version); err != nil || e.NumSubexp() == 0 || f.text == "" || len(f.text) > maxText {
				t.Errorf("%s: %q: %v", c.name, f.version, err)
			}
		}
	}
}

// TestScriptLayouts tells which libraries a report has.
func TestScriptLayouts(t *testing.T) {
	const jquery = "/*! jQuery v3.4.1 | (c) JS Foundation and other contributors | jquery.org/license */\n!function(e,t){}"
	for _, c := range []struct {
		what  string
		files []txtar.File
		want  []string
	}{
		{"a file and its minified form", []txtar.File{file("0/var/www/js/jquery.js", "/*!\n * jQuery JavaScript Library v3.4.1\n */"), file("0/var/www/js/jquery.min.js", jquery)},
			[]string{"pkg:npm/jquery@3.4.1 var/www/js/jquery.js layer 0"}},
		{"two sites", []txtar.File{file("0/var/www/a/jquery.min.js", jquery), file("0/var/www/b/jquery.min.js", jquery)},
			[]string{"pkg:npm/jquery@3.4.1 var/www/a/jquery.min.js layer 0", "pkg:npm/jquery@3.4.1 var/www/b/jquery.min.js layer 0"}},
		{"the name states another version", []txtar.File{file("0/var/www/jquery-1.0.js", jquery)}, []string{"pkg:npm/jquery@3.4.1 var/www/jquery-1.0.js layer 0"}},
		{"a plugin names the library", []txtar.File{file("0/var/www/jquery-fancy.js", "/* Fancy 1.0\n * Requires: jQuery v1.4.2 or later */")}, nil},
		{"a package of the distribution has it", []txtar.File{file("0/etc/os-release", debian12), file("0/var/lib/dpkg/status", strings.ReplaceAll(status, "curl", "libjs-jquery")),
			file("0/var/lib/dpkg/info/libjs-jquery.list", "/usr/share/javascript/jquery/jquery.js\n"), file("0/usr/share/javascript/jquery/jquery.js", jquery)},
			[]string{"pkg:npm/jquery@3.4.1 usr/share/javascript/jquery/jquery.js layer 0 nested"}},
	} {
		got := listed(t, c.files, func(k *analyzer.Component) bool { return k.Type == "npm" }, func(k *analyzer.Component) string { return k.PURL })
		if strings.Join(got, "\n") != strings.Join(c.want, "\n") {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
}

// TestScriptReports asks for the right answer to what users of other scanners reported.
func TestScriptReports(t *testing.T) {
	for _, c := range []struct{ report, file, text, want string }{
		{"RetireJS/retire.js#431: a comment of an adapter", "axios-mock-adapter.js", "// Axios v0.17 mutates the url to include the baseURL for non hostnames\n", ""},
		{"RetireJS/retire.js#431: axios itself", "axios.min.js", "/* axios v0.17.1 | (c) 2017 by Matt Zabriskie */\n", "axios 0.17.1"},
		{"dependency-check/DependencyCheck#6821: a comment names a package", "pdf.js", "// see pdfjs-dist@3.2.146, which changed this\n", ""},
		{"dependency-check/DependencyCheck#8447: a name with a hash", "zrender.2f80d7d13a7861fd_prod.js", "var version = 1;", ""},
		{"h3xstream/burp-retire-js#49: a directory with a hash", "47a9c871/jquery.js", "/*!\n * jQuery JavaScript Library v3.2.1\n * https://jquery.com/\n", "jquery 3.2.1"},
		{"RetireJS/retire.js#116: a plugin asks for the version", "jquery-tealeaf.min.js", `o=typeof t=="function"&&typeof t.fn=="object"?t.fn.jquery:"0.0.0"`, ""},
		{"RetireJS/retire.js#190: the slim build of 1.12.1 says so", "jquery.slim.min.js", "/*! jQuery v3.0.0-beta1 -ajax,-effects | (c) jQuery Foundation | jquery.org/license */", "jquery 3.0.0-beta1"},
		{"MicrosoftEdge/static-code-scan#97: Bootstrap needs jQuery", "bootstrap.min.js", "/*!\n * Bootstrap v3.3.4 (http://getbootstrap.com)\n */\nif(\"undefined\"==typeof jQuery)throw new Error(\"Bootstrap's JavaScript requires jQuery\")", "bootstrap 3.3.4"},
		{"RetireJS/retire.js#340: without comments", "bootstrap.min.js", `d=function(b){a(b).on("click",c,this.close)};d.VERSION="3.3.7",d.TRANSITION_DURATION=150,d.prototype.close=function(b){`, "bootstrap 3.3.7"},
		{"dependency-check/DependencyCheck#4967: a file with two libraries", "Chart.js", "/*!\n * Chart.js\n * http://chartjs.org/\n * Version: 2.6.0\n */\n//! moment.js\n//! version : 2.18.1\n", "chart.js 2.6.0, moment 2.18.1"},
		{"RetireJS/retire.js#334: parts of jQuery UI", "jquery-ui.min.js", "/*! jQuery UI - v1.12.1 - 2016-09-14\n* http://jqueryui.com\n* Includes: widget.js, widgets/autocomplete.js */", "jquery-ui 1.12.1"},
		{"zaproxy/zaproxy#6818: the name has the version", "bootstrap-3.4.1.min.js", "/*!\n * Bootstrap v3.4.1 (https://getbootstrap.com/)\n", "bootstrap 3.4.1"},
		{"no report: upper case", "jQuery-3.5.1.Min.js", "/*! jQuery v3.5.1 | (c) JS Foundation */", "jquery 3.5.1"},
		{"no report: upper case", "MOMENT.js", "//! moment.js\n//! version : 2.18.1\n", "moment 2.18.1"},
		{"RetireJS/retire.js#399: an update", "ckeditor.js", `window.CKEDITOR=function(){var a={timestamp:"MBI3",version:"4.20.2 (Full)",revision:"1"`, "ckeditor 4.20.2"},
	} {
		r, err := Scripts().Analyze(t.Context(), analyzer.NewFile("var/www/"+c.file, 0o644, []byte(c.text)))
		if got := strings.Join(versions(r), ", "); err != nil || got != c.want {
			t.Errorf("%s: %q, %v; want %q", c.report, got, err, c.want)
		}
	}
}
