package binary

import (
	"context"
	"strings"
	"sync"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/stream"
)

// Scripts returns the analyzer of JavaScript libraries for browsers that were copied beside a web page: jquery.min.js. It finds them by the name of the
// file and the version in its text, so it sees neither those that a bundler joined nor renamed ones. Packages have the PURL type npm. Files below
// node_modules belong to packages of npm, and are left to package npm.
//
// A scan treats them as those of [New].
func Scripts() analyzer.Analyzer { return script{} }

type script struct{}

func (script) Info() analyzer.Info {
	return analyzer.Info{Name: "binary-script", Version: 1, Patterns: []string{"**/*.js", "**/*.mjs"}, MaxSize: maxScript}
}

const maxScript = 32 << 20 // bytes of the largest file that is read

// Wants implements stream.Analyzer.
func (script) Wants(path string) bool {
	return !strings.Contains("/"+path, "/node_modules/") && len(scripts().of(strings.ToLower(path))) > 0
}

// Stream implements stream.Analyzer.
func (script) Stream(path string, size int64) stream.Reader {
	return newReader(scripts(), strings.ToLower(path), size) // jQuery.js is jquery.js
}

// Analyze implements analyzer.Analyzer. A scan uses Stream instead.
func (s script) Analyze(_ context.Context, f *analyzer.File) (*analyzer.Result, error) {
	if !s.Wants(f.Path) {
		return nil, nil
	}
	return stream.Read(s.Stream(f.Path, f.Size()), f.Open(), f.Size())
}

// v is an expression for a version, as its group.
const v = `([0-9]+\.[0-9]+(?:\.[0-9]+)*(?:-?(?:alpha|beta|rc|pre|next|b)[0-9A-Za-z.-]*)?)`

// after finds a version that follows a text directly.
func after(text string) find { return at(text, literal(text)+v) }

// set finds the version in an assignment to a name, in source text and minified: VERSION = '1.2.3', VERSION:"1.2.3".
func set(name string) find { return at(name, `\b`+literal(name)+`["']? ?[:=] ?["']`+v+`["']`) }

func literal(text string) string {
	return strings.NewReplacer(".", `\.`, "*", `\*`, "+", `\+`, "(", `\(`, ")", `\)`, "|", `\|`, "[", `\[`).Replace(text)
}

// scripts returns the table of libraries, compiled at the first use. The names are those of npm, or else those of the feed of Retire.js.
var scripts = sync.OnceValue(func() *index {
	return newIndex(func() []class {
		list := []class{
			{name: "alasql", files: "alasql*.js", finds: []find{after("AlaSQL v")}},
			{name: "alpinejs", files: "alpine*.js cdn.js cdn.min.js", finds: []find{at("flushAndStopDeferringMutations", `version: ?["']`+v+`["'],\s*flushAndStop`), at("pauseMutationObserver", `version: ?["']`+v+`["'],\s*pauseMutation`)}},
			{name: "angular", files: "angular.js angular.min.js angular-1.*.js angular.1.*.js angular-all*.js", finds: []find{after("AngularJS v"), after("errors.angularjs.org/")}},
			{name: "axios", files: "axios*.js axios*.mjs", finds: []find{at("xios v", `xios v`+v+` (?:\||Copyright)`), after("[Axios v")}},
			{name: "backbone", files: "backbone*.js", finds: []find{after("Backbone.js "), set("VERSION")}},
			{name: "bootstrap", files: "bootstrap.js bootstrap.min.js bootstrap.bundle*.js bootstrap.esm*.js bootstrap-2.*.js bootstrap-3.*.js bootstrap-4.*.js bootstrap-5.*.js", finds: []find{after("Bootstrap v"), at("bootstrap-", `bootstrap-[a-z]+\.js v`+v), at("this.close", `this\.close\)\};[A-Za-z]\.VERSION="`+v+`"`)}},
			{name: "bootstrap-select", files: "bootstrap-select*.js", finds: []find{after("Bootstrap-select v"), after("bootstrap-select v")}},
			{name: "c3", files: "c3.js c3.min.js c3-*.js", finds: []find{at("c3", `\bc3(?:\$1)? ?= ?\{ ?version: ?["']`+v+`["']`), after("C3.js v")}},
			{name: "chart.js", files: "chart.js chart.min.js chart.bundle*.js chart.umd*.js chart.esm.js chart-*.js", finds: []find{after("Chart.js v"), at("Chart.js", `Chart\.js\s+\* http://chartjs\.org/\s+\* Version: `+v)}},
			{name: "ckeditor", files: "ckeditor*.js", finds: []find{at("timestamp:", `timestamp:"[^"]{1,20}",version:"`+v+`[ "(]`)}},
			{name: "d3", files: "d3.js d3.min.js d3.v*.js d3-*.js", finds: []find{at("d3js.org ", `d3js\.org (?:v|Version )`+v+`\.? `), at("version:", `\bd3 ?= ?\{\s*version: ?"`+v+`"`)}},
			{name: "datatables.net", files: "jquery.datatables*.js datatables.js datatables.min.js datatables*.js", finds: []find{at("DataTables ", `/\*!? ?(?:[^\n]*\n)? *\*? ?DataTables `+v), at(".settings", `\b[A-Za-z]\.version="`+v+`";\s*[A-Za-z]\.settings`)}},
			{name: "dompurify", files: "purify*.js dompurify*.js tinymce.js tinymce.min.js", finds: []find{after("@license DOMPurify "), at("DOMPurify", `DOMPurify\.version ?= ?["']`+v+`["']`)}},
			{name: "ember", files: "ember*.js", finds: []find{at("@version", `@version +`+v), at("Version: v", `// Version: v`+v), after("Ember@")}},
			{name: "froala-editor", files: "froala_editor*.js", finds: []find{after("froala_editor v")}},
			{name: "fullcalendar", files: "fullcalendar*.js", finds: []find{at("ullCalendar ", `FullCalendar (?:Standard Bundle )?v`+v)}},
			{name: "handlebars", files: "handlebars*.js", finds: []find{at("handlebars v", `handlebars v`+v), set("VERSION")}},
			{name: "highcharts", files: "highcharts.js highcharts.src.js highcharts-*.js highstock*.js highmaps*.js", finds: []find{at("High", `High(?:charts|stock|maps) (?:[A-Z][a-z]+ )?(?:JS )?v`+v)}},
			{name: "highlight.js", files: "highlight*.js", finds: []find{at("ighlight.js v", `Highlight\.js v`+v), at("ighlight.js ", `Highlight\.js `+v+` \(`), set("versionString")}},
			{name: "jplayer", files: "jquery.jplayer.js jquery.jplayer.min.js", finds: []find{after("jPlayer "), {text: "jPlayer Plugin", version: `\* Version: ` + v, window: maxWindow}}},
			{name: "jquery", files: "jquery.js jquery.min.js jquery.slim*.js jquery-*.js jquery_*.js jquery.1.*.js jquery.2.*.js jquery.3.*.js", finds: []find{
				at("jQuery v", `/\*!? ?(?:@preserve )?jQuery v`+v), after("jQuery JavaScript Library v"), at("New Wave", `jQuery `+v+` - New Wave`),
			}},
			{name: "jquery-migrate", files: "jquery-migrate*.js jquery.migrate*.js", finds: []find{at("jQuery Migrate", `jQuery Migrate(?: -)? v`+v), set("migrateVersion")}},
			{name: "jquery-mobile", files: "jquery.mobile*.js jquery-mobile*.js", finds: []find{at("jQuery Mobile ", `jQuery Mobile (?:- )?v?`+v)}},
			{name: "jquery-ui", files: "jquery-ui*.js jquery.ui*.js", finds: []find{at("jQuery UI ", `jQuery UI (?:- v)?`+v)}},
			{name: "jquery-validation", files: "jquery.validate*.js jquery-validate*.js jquery.validation*.js jquery-validation*.js", finds: []find{at("jQuery Validation Plugin ", `jQuery Validation Plugin (?:- )?v?`+v)}},
			{name: "jszip", files: "jszip*.js", finds: []find{after("JSZip v")}},
			{name: "knockout", files: "knockout*.js", finds: []find{after("Knockout JavaScript library v")}},
			{name: "leaflet", files: "leaflet.js leaflet-src.js leaflet-1.*.js", finds: []find{at("Leaflet ", `Leaflet v?`+v+`[+, ]`), at(".version", `\b[A-Za-z]\.version ?= ?["']`+v+`["']`)}},
			{name: "lodash", files: "lodash*.js lo-dash*.js", finds: []find{at("odash ", `[lL]odash v?`+v+` `), at("Lo-Dash ", `Lo-Dash v?`+v+` `), set("VERSION"), at("Unsupported core-js", `="`+v+`",[a-z]{1,2}=200,[a-z]{1,2}="Unsupported core-js`)}},
			{name: "markdown-it", files: "markdown-it.js markdown-it.min.js markdown-it-*.js", finds: []find{after("markdown-it ")}},
			{name: "marked", files: "marked*.js", finds: []find{after("marked v")}},
			{name: "mathjax", files: "mathjax.js tex-*.js mml-*.js", finds: []find{set("MathJax.version"), at("VERSION=void 0", `VERSION=void 0,[a-z]\.VERSION="`+v+`"`)}},
			{name: "moment", files: "chart.js chart.min.js chart.bundle*.js moment.js moment.min.js moment-2.*.js moment-with-*.js", finds: []find{at("version : ", `version : `+v)}},
			{name: "mootools", files: "mootools*.js", finds: []find{at("MooTools", `MooTools ?= ?\{\s*version: ?["']`+v+`["']`)}},
			{name: "mustache", files: "mustache*.js", finds: []find{at("mustache.js", `name ?[=:] ?["']mustache\.js["'][;,]\s*(?:[a-z]+\.)?version ?[=:] ?["']`+v+`["']`)}},
			{name: "pdfjs-dist", files: "pdf.js pdf.min.js pdf.mjs pdf.min.mjs pdf.worker*.js pdf.worker*.mjs", finds: []find{at("pdfjsVersion", `pdfjsVersion ?= ?["']?`+v), set("PDFJS.version")}},
			{name: "pdfobject", files: "pdfobject*.js", finds: []find{after("PDFObject v")}},
			{name: "protobufjs", files: "protobuf*.js", finds: []find{after("protobuf.js v")}},
			{name: "prototypejs", files: "prototype*.js", finds: []find{after("Prototype JavaScript framework, version ")}},
			{name: "quill", files: "quill*.js", finds: []find{after("Quill Editor v"), set("static version")}},
			{name: "react", files: "react.js react.min.js react.production*.js react.development.js react-with-addons*.js react-0.*.js react-15.*.js react-16.*.js", finds: []find{at("React v", `React v`+v+`\s`), at("React (with addons) v", `React \(with addons\) v`+v), at(".version", `\b[A-Za-z]+\.version ?= ?["']`+v+`["']`)}},
			{name: "react-dom", files: "react-dom*.js", finds: []find{at("React v", `React v`+v+`\s`), at("ReactDOM v", `ReactDOM v`+v), at("rendererPackageName", `version: ?["']`+v+`["'],\s*rendererPackageName`)}},
			{name: "requirejs", files: "require.js require.min.js requirejs*.js", finds: []find{at("equire", `(?:RequireJS|require\.js) `+v+` `)}},
			{name: "select2", files: "select2*.js", finds: []find{after("Select2 "), {text: "Igor Vaynberg", version: `Version: ` + v}}},
			{name: "socket.io-client", files: "socket.io*.js", finds: []find{after("Socket.IO v"), at("socket.io", `Socket\.IO\.(?:js|min\.js) build:`+v)}},
			{name: "summernote", files: "summernote*.js", finds: []find{after("ummernote v"), after("wysiwyg editor v")}},
			{name: "sweetalert2", files: "sweetalert2*.js", finds: []find{after("sweetalert2 v")}},
			{name: "swfobject", files: "swfobject*.js", finds: []find{after("SWFObject v")}},
			{name: "swiper", files: "swiper*.js idangerous.swiper*.js", finds: []find{after("Swiper ")}},
			{name: "tinymce", files: "tinymce*.js tiny_mce*.js", finds: []find{after("TinyMCE version "), at("// ", `// `+v+` \(20[0-9]{2}-`), at("* Version: ", `\* Version: `+v+` \(20[0-9]{2}-`)}},
			{name: "ua-parser-js", files: "ua-parser*.js", finds: []find{after("UAParser.js v")}},
			{name: "underscore", files: "underscore*.js", finds: []find{after("Underscore.js "), set("VERSION")}},
			{name: "video.js", files: "video.js video.min.js video.dev.js video.core*.js video-js*.js videojs*.js", finds: []find{at("Video.js ", `Video\.js v?`+v)}},
			{name: "vue", files: "vue.js vue.min.js vue.common*.js vue.esm*.js vue.global*.js vue.runtime*.js vue-2.*.js vue-3.*.js", finds: []find{after("Vue.js v"), after("vue v")}},
			{name: "yui", files: "yui*.js", finds: []find{at("YUI ", `YUI `+v+` \(build`)}},
		}
		for i := range list {
			list[i].purl = "npm"
		}
		return list
	})
})
