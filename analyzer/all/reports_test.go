package all_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/hullmark/hullmark/analyzer/all"
	"github.com/hullmark/hullmark/analyzer/scan"
)

// zipped returns a zip archive of files, given as names and contents in turn.
func zipped(files ...string) string {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for pair := range slices.Chunk(files, 2) {
		f, err := w.Create(pair[0])
		if err == nil {
			_, err = f.Write([]byte(pair[1]))
		}
		if err != nil {
			panic(err)
		}
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.String()
}

func metadata(name, version string) string {
	return "Metadata-Version: 2.1\nName: " + name + "\nVersion: " + version + "\n"
}

func manifest(name, version string) string {
	return `{"name": "` + name + `", "version": "` + version + `"}`
}

func gemspec(name, version string) string {
	return "# -*- encoding: utf-8 -*-\n# stub: " + name + " " + version + " ruby lib\n\nGem::Specification.new do |s|\n  s.name = \"" + name +
		"\".freeze\n  s.version = \"" + version + "\"\nend\n"
}

func pomProperties(group, artifact, version string) string {
	return "groupId=" + group + "\nartifactId=" + artifact + "\nversion=" + version + "\n"
}

// asar returns an archive of Electron.
func asar(header, contents string) string {
	var b []byte
	for _, n := range []int{4, len(header) + 8, len(header) + 4, len(header)} {
		b = binary.LittleEndian.AppendUint32(b, uint32(n))
	}
	return string(b) + header + contents
}

func status(name, state string) string {
	return "Package: " + name + "\nStatus: " + state + "\nVersion: 1\nArchitecture: all\n\n"
}

type files map[string]string

// TestReports recreates reports on GitHub about the packages that scanners find. Each wants the packages with their places.
func TestReports(t *testing.T) {
	const (
		site    = "usr/local/lib/python3.12/site-packages/"
		gems    = "usr/lib/ruby/gems/3.1.0/"
		gemLock = "GEM\n  remote: https://rubygems.example.com/\n  specs:\n    rack (1.0.0)\n\nDEPENDENCIES\n  rack\n"
	)
	for _, c := range []struct {
		report, right string
		files         files
		want          []string // label and place, with "owned" if the distribution owns the file; or code and type of a diagnostic
	}{
		// Python
		{"pypa/pip/issues/13638", "pip keeps a distribution that it could not remove under a name with a tilde, and ignores it",
			files{site + "~ip-21.0.dist-info/METADATA": metadata("pip", "21.0"), site + "pip-24.0.dist-info/METADATA": metadata("pip", "24.0")},
			[]string{"pkg:pypi/pip@21.0 cached", "pkg:pypi/pip@24.0 installed"}},
		{"anchore/syft/issues/2687", "a wheel is a distribution, and one that a build left is none that Python loads",
			files{"opt/lib/six-1.16.0-py3-none-any.whl": zipped("six-1.16.0.dist-info/METADATA", metadata("six", "1.16.0")),
				"srv/app/dist/app-1.0-py3-none-any.whl": zipped("app-1.0.dist-info/METADATA", metadata("app", "1.0")),
				"tmp/requests-2.19.0-py3-none-any.whl":  zipped("requests-2.19.0.dist-info/METADATA", metadata("requests", "2.19.0"))},
			[]string{"pkg:pypi/six@1.16.0 installed", "pkg:pypi/app@1.0 cached", "pkg:pypi/requests@2.19.0 cached"}},
		{"anchore/grype/issues/200", "a distribution needs no top_level.txt and no RECORD",
			files{site + "distlib-0.3.1.dist-info/METADATA": metadata("distlib", "0.3.1")}, []string{"pkg:pypi/distlib@0.3.1 installed"}},
		{"pypa/pipenv/issues/6314", "the lock files in a distribution install nothing",
			files{site + "pipenv-2024.0.dist-info/METADATA": metadata("pipenv", "2024.0"),
				site + "pipenv/examples/Pipfile.lock": `{"default": {"requests": {"version": "==2.19.0"}}}`,
				site + "pipenv/lib/poetry.lock":       "[[package]]\nname = \"idna\"\nversion = \"2.7\"\n"},
			[]string{"pkg:pypi/pipenv@2024.0 installed"}},
		{"conda/conda/issues/11159", "environments among the tests of a package are not installed",
			files{"opt/conda/pkgs/conda-4.11.0-py39h06a4308_0/info/test/tests/data/env/lib/python2.7/site-packages/scrapy-1.5.0-py2.7.egg/EGG-INFO/PKG-INFO": metadata("scrapy", "1.5.0"),
				"opt/conda/conda-meta/conda-4.11.0-py39h06a4308_0.json": `{"name": "conda", "version": "4.11.0", "build": "py39h06a4308_0"}`},
			[]string{"pkg:conda/conda@4.11.0?build=py39h06a4308_0&type=tar.bz2 installed", "pkg:pypi/scrapy@1.5.0 cached"}},
		{"mrwadams/attackgen/pull/74", "the document that pip has about its vendored libraries installs nothing",
			files{site + "pip/_vendor/bom.cdx.json": `{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"type": "library", "name": "setuptools", "version": "70.3.0", "purl": "pkg:pypi/setuptools@70.3.0"}]}`,
				site + "pip/_vendor/vendor.txt":             "msgpack==1.1.2\nsetuptools==70.3.0\n",
				site + "pip-26.0.dist-info/METADATA":        metadata("pip", "26.0"),
				site + "setuptools-84.0.dist-info/METADATA": metadata("setuptools", "84.0")},
			[]string{"pkg:pypi/pip@26.0 installed", "pkg:pypi/setuptools@84.0 installed", "pkg:pypi/msgpack@1.1.2 vendored", "pkg:pypi/setuptools@70.3.0 lock-file"}},
		{"atlanhq/application-sdk/pull/2126", "a lock file of Cargo in a distribution is mentioned",
			files{site + "temporalio/bridge/Cargo.lock": "version = 4\n", site + "temporalio-1.0.dist-info/METADATA": metadata("temporalio", "1.0")},
			[]string{"pkg:pypi/temporalio@1.0 installed", "unsupported cargo"}},

		{"no report, documents in wheels", "the crates in an extension module are installed",
			files{site + "pydantic_core-2.46.4.dist-info/METADATA": metadata("pydantic_core", "2.46.4"),
				site + "pydantic_core-2.46.4.dist-info/sboms/pydantic-core.cyclonedx.json": `{"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [{"type": "library", "name": "ahash", "version": "0.8.12", "purl": "pkg:cargo/ahash@0.8.12"}]}`},
			[]string{"pkg:pypi/pydantic-core@2.46.4 installed", "pkg:cargo/ahash@0.8.12 installed"}},

		// Java
		{"anchore/syft/issues/4136", "libraries in resource adapters are installed, and a RAR archive is no adapter",
			files{"opt/app/app.ear": zipped("adapter.rar", zipped("lib/log4j-core-2.14.1.jar",
				zipped("META-INF/maven/org.apache.logging.log4j/log4j-core/pom.properties", pomProperties("org.apache.logging.log4j", "log4j-core", "2.14.1")))),
				"opt/jboss/jms.rar": zipped("META-INF/ra.xml", "<connector/>", "dom4j-2.1.3.jar", zipped("org/dom4j/Node.class", "")),
				"srv/photos.rar":    "Rar!\x1a\x07\x00"},
			[]string{"pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1 installed", "pkg:maven/org.dom4j/dom4j@2.1.3 installed"}},
		{"no report, archives for developers", "an archive of sources or documentation has no code",
			files{"opt/lib/dom4j-2.1.0-sources.jar": zipped("org/dom4j/Node.java", ""), "opt/lib/dom4j-2.1.1-javadoc.jar": zipped("index.html", ""),
				"opt/lib/dom4j-2.1.2.jar": zipped("org/dom4j/Node.class", ""), "opt/lib/dom4j-2.1.3-sources.jar": zipped("org/dom4j/Node.class", "")},
			[]string{"pkg:maven/org.dom4j/dom4j@2.1.0 lock-file", "pkg:maven/org.dom4j/dom4j@2.1.1 lock-file", "pkg:maven/org.dom4j/dom4j@2.1.2 installed", "pkg:maven/org.dom4j/dom4j@2.1.3 installed"}},
		{"aquasecurity/trivy/issues/2010", "ehcache has libraries in a directory of its own class loader",
			files{"opt/lib/ehcache-2.10.9.2.jar": zipped("META-INF/maven/net.sf.ehcache/ehcache/pom.properties", pomProperties("net.sf.ehcache", "ehcache", "2.10.9.2"),
				"rest-management-private-classpath/META-INF/maven/com.fasterxml.jackson.core/jackson-databind/pom.properties", pomProperties("com.fasterxml.jackson.core", "jackson-databind", "2.11.1"))},
			[]string{"pkg:maven/net.sf.ehcache/ehcache@2.10.9.2 installed", "pkg:maven/com.fasterxml.jackson.core/jackson-databind@2.11.1 installed"}},

		// PHP
		{"anchore/syft/issues/1911", "a file of a plugin without a header is no plugin",
			files{"var/www/html/wp-includes/version.php": "<?php\n$wp_version = '6.1';\n", "var/www/html/wp-content/plugins/akismet/class.akismet.php": "<?php\nclass Akismet {}\n"},
			[]string{"pkg:generic/wordpress@6.1?cpe=cpe:2.3:a:wordpress:wordpress:6.1:%2A:%2A:%2A:%2A:%2A:%2A:%2A installed"}},
		{"anchore/syft/issues/2658", "WordPress of the official image lies in /usr/src",
			files{"usr/src/wordpress/wp-includes/version.php": "<?php\n/**\n * @global string $wp_version\n */\n$wp_version = '6.4.3';\n$required_php_version = '7.0.0';\n"},
			[]string{"pkg:generic/wordpress@6.4.3?cpe=cpe:2.3:a:wordpress:wordpress:6.4.3:%2A:%2A:%2A:%2A:%2A:%2A:%2A installed"}},
		{"wpscanteam/wpscan/issues/1011", "a plugin without a readme has its version in the header",
			files{"var/www/html/wp-content/plugins/sitepress-multilingual-cms/sitepress.php": "<?php\n/*\nPlugin Name: WPML Multilingual CMS\nDescription: Version: none\nVersion: 3.5.1\n*/\n",
				"var/www/html/wp-content/themes/twentytwenty/style.css": "/*\nTheme Name: Twenty Twenty\n * Version: 2.2\n*/\n"},
			[]string{"pkg:generic/wordpress-plugin/sitepress-multilingual-cms@3.5.1?cpe=cpe:2.3:a:%2A:sitepress_multilingual_cms:3.5.1:%2A:%2A:%2A:%2A:wordpress:%2A:%2A installed",
				"pkg:generic/wordpress-theme/twentytwenty@2.2?cpe=cpe:2.3:a:%2A:twentytwenty:2.2:%2A:%2A:%2A:%2A:wordpress:%2A:%2A installed"}},
		{"wpscanteam/wpscan/issues/1469", "the version of the header counts, and not that of the change log",
			files{"var/www/html/wp-content/plugins/wc-cybersource-secure-acceptance/main.php": "<?php /**\n * Plugin Name: CyberSource\n * Version: 1.19.14\n */\n",
				"var/www/html/wp-content/plugins/wc-cybersource-secure-acceptance/changelog.txt": "= 1.18.13 =\n"},
			[]string{"pkg:generic/wordpress-plugin/wc-cybersource-secure-acceptance@1.19.14?cpe=cpe:2.3:a:%2A:wc_cybersource_secure_acceptance:1.19.14:%2A:%2A:%2A:%2A:wordpress:%2A:%2A installed"}},

		// Documents in images
		{"siderolabs/talos/pull/11323", "a document in /usr/share/spdx",
			files{"usr/share/spdx/talos-amd64.spdx.json": `{"spdxVersion":"SPDX-2.3","SPDXID":"SPDXRef-DOCUMENT","packages":[{"name":"linux","SPDXID":"SPDXRef-a","versionInfo":"6.12.36","externalRefs":[{"referenceCategory":"SECURITY","referenceType":"cpe23Type","referenceLocator":"cpe:2.3:o:linux:linux_kernel:6.12.36:*:*:*:*:*:*:*"}]}]}`},
			[]string{"pkg:generic/linux@6.12.36?cpe=cpe:2.3:o:linux:linux_kernel:6.12.36:%2A:%2A:%2A:%2A:%2A:%2A:%2A installed"}},
		{"chainguard-dev/apko/issues/308", "documents of melange add no package of the distribution, and the sources that they name are not installed",
			files{"var/lib/db/sbom/jq-1.7.1-r0.spdx.json": `{"spdxVersion":"SPDX-2.3","SPDXID":"SPDXRef-DOCUMENT","packages":[{"name":"jq","SPDXID":"SPDXRef-a","versionInfo":"1.7.1-r0","externalRefs":[{"referenceCategory":"PACKAGE_MANAGER","referenceType":"purl","referenceLocator":"pkg:apk/wolfi/jq@1.7.1-r0?arch=x86_64"}]},{"name":"jq","SPDXID":"SPDXRef-b","versionInfo":"1.7.1","externalRefs":[{"referenceCategory":"PACKAGE_MANAGER","referenceType":"purl","referenceLocator":"pkg:github/jqlang/jq@1.7.1"}]}]}`},
			[]string{"pkg:github/jqlang/jq@1.7.1 lock-file"}},
		{"docker-library/rabbitmq, no report", "RabbitMQ and Elixir have their versions in text files",
			files{"opt/rabbitmq/plugins/rabbit-3.13.4/ebin/rabbit.app": "{application, 'rabbit', [\n\t{description, \"RabbitMQ\"},\n\t{vsn, \"3.13.4\"},\n", "usr/local/lib/elixir/lib/elixir/ebin/elixir.app": "{application,elixir,[{description,\"elixir\"},{vsn,\"1.17.2\"}]}."},
			[]string{"not-read otp", "pkg:generic/elixir@1.17.2?cpe=cpe:2.3:a:elixir-lang:elixir:1.17.2:%2A:%2A:%2A:%2A:%2A:%2A:%2A installed", "pkg:generic/rabbitmq@3.13.4?cpe=cpe:2.3:a:vmware:rabbitmq:3.13.4:%2A:%2A:%2A:%2A:%2A:%2A:%2A installed"}},

		// Ruby
		{"elastic/logstash/pull/18340", "gems within an archive of JRuby are installed",
			files{"opt/jruby/lib/jruby-stdlib-9.4.5.0.jar": zipped("META-INF/maven/org.jruby/jruby-stdlib/pom.properties", pomProperties("org.jruby", "jruby-stdlib", "9.4.5.0"),
				"META-INF/jruby.home/lib/ruby/gems/shared/specifications/default/uri-0.12.2.gemspec", gemspec("uri", "0.12.2"))},
			[]string{"pkg:gem/uri@0.12.2 installed", "pkg:maven/org.jruby/jruby-stdlib@9.4.5.0 installed"}},
		{"auth0/ruby-auth0/issues/720", "the lock files in a gem install nothing",
			files{gems + "specifications/auth0-5.0.0.gemspec": gemspec("auth0", "5.0.0"), gems + "gems/auth0-5.0.0/Gemfile.lock": gemLock,
				gems + "gems/auth0-5.0.0/examples/ruby-api/Gemfile.lock": gemLock, "srv/app/Gemfile.lock": gemLock},
			[]string{"pkg:gem/auth0@5.0.0 installed", "pkg:gem/rack@1.0.0 lock-file"}},

		// Node.js
		{"anchore/syft/issues/4011", "the packages of an Electron application are in its archive",
			files{"opt/app/resources/app.asar": asar(`{"files":{"package.json":{"offset":"0","size":33},"node_modules":{"files":{"a":{"files":{"package.json":{"offset":"0","size":33}}}}}}}`, manifest("a", "1.0.0")),
				"opt/app/resources/app.asar.unpacked/node_modules/b/package.json": manifest("b", "2.0.0")},
			[]string{"pkg:npm/a@1.0.0 installed", "pkg:npm/b@2.0.0 installed"}},
		{"aquasecurity/trivy/issues/5817", "an alias in a lock file of yarn is the package that it names",
			files{"app/yarn.lock": "# yarn lockfile v1\n\n\n\"foo-json@npm:@types/jsonstream@0.8.33\":\n  version \"0.8.33\"\n"},
			[]string{"pkg:npm/%40types/jsonstream@0.8.33 lock-file"}},
		{"aquasecurity/trivy/issues/4948", "a lock file in a package is for its developers",
			files{"app/node_modules/a/package.json": manifest("a", "1.0.0"), "app/node_modules/a/yarn.lock": "# yarn lockfile v1\n\nb@1:\n  version \"1.0.0\"\n",
				"app/node_modules/a/package-lock.json": `{"lockfileVersion": 2, "packages": {"node_modules/c": {"version": "1.0.0"}}}`},
			[]string{"pkg:npm/a@1.0.0 installed"}},
		{"aquasecurity/trivy/issues/6032", "directories in a lock file of pnpm come from no registry",
			files{"app/pnpm-lock.yaml": "lockfileVersion: '6.0'\npackages:\n\n  /lodash@4.17.21:\n    dev: false\n\n  file:package-a:\n    resolution: {directory: package-a, type: directory}\n    name: package-a\n    version: 1.0.0\n"},
			[]string{"pkg:npm/lodash@4.17.21 lock-file"}},
		{"anchore/syft/issues/1617", "under Plug'n'Play programs load packages from yarn's caches and .yarn/unplugged",
			files{"app/.pnp.cjs": "", "app/.yarn/unplugged/esbuild-npm-0.15.7-abc/node_modules/esbuild/package.json": manifest("esbuild", "0.15.7"),
				"root/.yarn/berry/cache/ms-npm-2.1.3-ec0c1512ff-1.zip": zipped("node_modules/ms/package.json", manifest("ms", "2.1.3"))},
			[]string{"pkg:npm/esbuild@0.15.7 installed", "pkg:npm/ms@2.1.3 installed"}},

		// .NET
		{"aquasecurity/trivy/issues/10802", "the runtime of a self-contained application is installed",
			files{"app/app.deps.json": `{"runtimeTarget": {"name": "net8.0/linux-x64"}, "targets": {"net8.0/linux-x64": {"app/1.0.0": {"runtime": {"app.dll": {}}},
				"runtimepack.Microsoft.NETCore.App.Runtime.linux-x64/8.0.1": {"runtime": {"System.dll": {}}}}},
				"libraries": {"app/1.0.0": {"type": "project"}, "runtimepack.Microsoft.NETCore.App.Runtime.linux-x64/8.0.1": {"type": "runtimepack"}}}`},
			[]string{"pkg:nuget/Microsoft.NETCore.App.Runtime.linux-x64@8.0.1 installed"}},
		{"anchore/syft/issues/4970", "reference assemblies are for the compiler",
			files{"app/app.deps.json": `{"runtimeTarget": {"name": "net10.0"}, "targets": {"net10.0": {"Microsoft.AspNetCore.DataProtection/10.0.0.0": {"compile": {"a.dll": {}}, "compileOnly": true}}},
				"libraries": {"Microsoft.AspNetCore.DataProtection/10.0.0.0": {"type": "referenceassembly"}}}`},
			nil},

		{"no report, NuGet's folder of packages", "what the folder of restored packages has is cached, with the applications in it",
			files{"root/.nuget/packages/nuget.commands/6.0.0/.nupkg.metadata": `{"version": 2, "contentHash": "", "source": "https://nuget.example.com/v3/index.json"}`,
				"root/.nuget/packages/a.tool/1.0.0/tools/net8.0/any/a.tool.deps.json": `{"runtimeTarget": {"name": "net8.0"}, "targets": {"net8.0": {"NuGet.Protocol/6.0.0": {"runtime": {"NuGet.Protocol.dll": {}}}}}, "libraries": {"NuGet.Protocol/6.0.0": {"type": "package"}}}`},
			[]string{"pkg:nuget/nuget.commands@6.0.0 cached", "pkg:nuget/NuGet.Protocol@6.0.0 cached"}},

		// Debian
		{"quay/claircore/pull/841", "a package is installed unless only its configuration is left",
			files{"var/lib/dpkg/status": status("a", "deinstall ok config-files") + status("b", "install ok half-configured") + status("c", "hold reinstreq half-installed") +
				status("d", "hold ok installed") + status("e", "install ok triggers-pending") + status("f", "purge ok not-installed")},
			[]string{"pkg:deb/b@1?arch=all installed", "pkg:deb/c@1?arch=all installed", "pkg:deb/d@1?arch=all installed", "pkg:deb/e@1?arch=all installed"}},
		{"aquasecurity/trivy/issues/9046", "the lists of distroless packages own files, in the directory of their control files",
			files{"etc/os-release": "ID=debian\nVERSION_ID=12\n", "var/lib/dpkg/status.d/python3-six": "Package: python3-six\nVersion: 1.16.0-4\nArchitecture: all\n",
				"var/lib/dpkg/status.d/python3-six.md5sums":                  "d41d8cd98f00b204e9800998ecf8427e  usr/lib/python3/dist-packages/six-1.16.0.egg-info/PKG-INFO\n",
				"usr/lib/python3/dist-packages/six-1.16.0.egg-info/PKG-INFO": metadata("six", "1.16.0")},
			[]string{"pkg:deb/debian/python3-six@1.16.0-4?arch=all&distro=debian-12 installed", "pkg:pypi/six@1.16.0 installed owned"}},

		{"Unitech/pm2/issues/5669", "a package in the tests of resolve is none that Node.js loads by its name, which is that of malware",
			files{"usr/lib/node_modules/pm2/package.json": manifest("pm2", "5.3.0"), "usr/lib/node_modules/pm2/node_modules/resolve/package.json": manifest("resolve", "1.22.0"),
				"usr/lib/node_modules/pm2/node_modules/resolve/test/resolver/multirepo/package.json": manifest("monorepo-symlink-test", "0.0.0")},
			[]string{"pkg:npm/pm2@5.3.0 installed", "pkg:npm/resolve@1.22.0 installed", "pkg:npm/monorepo-symlink-test@0.0.0 test-data"}},
		{"anchore/grype/issues/3279", "the package.json of a package that Composer installed is no package of npm",
			files{"app/composer.json": "{}", "app/vendor/composer/installed.json": `{"packages": [{"name": "umpirsky/country-list", "version": "2.0.6"}]}`,
				"app/vendor/umpirsky/country-list/package.json": manifest("@umpirsky/country-list", "1.0.0")},
			[]string{"pkg:composer/umpirsky/country-list@2.0.6 installed"}},
		{"rectorphp/swiss-knife/issues/92", "a description may have surrogate pairs",
			files{"app/vendor/rector/swiss-knife/vendor/composer/installed.json": `{"packages": [{"name": "nette/utils", "version": "v4.0.5", "description": "\ud83d\udee0  Nette Utils"}]}`},
			[]string{"pkg:composer/nette/utils@v4.0.5 installed"}},
		{"aquasecurity/trivy/issues/2705", "the lock files in a package of Composer are for its developers",
			files{"app/vendor/composer/installed.json": `{"packages": [{"name": "a/b", "version": "1.0.0"}]}`,
				"app/vendor/a/b/composer.lock": `{"packages": [{"name": "c/d", "version": "1.0.0"}]}`, "app/composer.lock": `{"packages": [{"name": "a/b", "version": "1.0.0"}]}`},
			[]string{"pkg:composer/a/b@1.0.0 installed", "pkg:composer/a/b@1.0.0 lock-file"}},
		{"aquasecurity/trivy/issues/2706", "an application that names a package without a file of it runs with the one of the shared framework",
			files{"app/app.deps.json": `{"runtimeTarget": {"name": ".NETCoreApp,Version=v6.0"}, "targets": {".NETCoreApp,Version=v6.0": {"app/1.0.0": {"runtime": {"app.dll": {}}},
				"System.Private.Uri/4.3.0": {"dependencies": {"Microsoft.NETCore.Platforms": "1.1.0"}}}},
				"libraries": {"app/1.0.0": {"type": "project"}, "System.Private.Uri/4.3.0": {"type": "package"}}}`},
			[]string{"pkg:nuget/System.Private.Uri@4.3.0 lock-file"}},
		{"aquasecurity/trivy/issues/9909", "the packages for development in a lock file of Composer are declared, too",
			files{"app/composer.lock": `{"packages": [], "packages-dev": [{"name": "phpunit/phpunit", "version": "4.8.27"}]}`},
			[]string{"pkg:composer/phpunit/phpunit@4.8.27 lock-file"}},
		{"secdev/scapy/issues/321", "Python prints the version that the metadata state, whatever it is",
			files{"usr/lib/python2.7/site-packages/scapy-unknown.version-py2.7.egg-info": metadata("scapy", "unknown.version")},
			[]string{"pkg:pypi/scapy@unknown.version installed"}},
		{"wimglenn/johnnydep/issues/9", "the metadata of distutils are a file",
			files{"usr/lib/python3/dist-packages/six-1.16.0.egg-info": metadata("six", "1.16.0")}, []string{"pkg:pypi/six@1.16.0 installed"}},
		{"aquasecurity/trivy/issues/282", "the lock file in a gem of vendor/bundle is for its developers",
			files{"rails/vendor/bundle/ruby/2.6.0/specifications/awesome_print-1.8.0.gemspec": gemspec("awesome_print", "1.8.0"),
				"rails/vendor/bundle/ruby/2.6.0/gems/awesome_print-1.8.0/Gemfile.lock": gemLock},
			[]string{"pkg:gem/awesome_print@1.8.0 installed"}},
		{"aquasecurity/trivy/issues/1552", "the default gem of Ruby stays beside one that is installed later, and Ruby can load both",
			files{"usr/local/lib/ruby/gems/3.0.0/specifications/default/bundler-2.2.32.gemspec": gemspec("bundler", "2.2.32"),
				"usr/local/lib/ruby/gems/3.0.0/specifications/bundler-2.3.4.gemspec": gemspec("bundler", "2.3.4")},
			[]string{"pkg:gem/bundler@2.2.32 installed", "pkg:gem/bundler@2.3.4 installed"}},
		{"aquasecurity/trivy/issues/4496", "an archive whose name has the group in front is one package",
			files{"opt/keycloak/lib/lib/deployment/io.quarkus.gizmo.gizmo-1.1.1.Final.jar": zipped("META-INF/maven/io.quarkus.gizmo/gizmo/pom.properties", pomProperties("io.quarkus.gizmo", "gizmo", "1.1.1.Final"))},
			[]string{"pkg:maven/io.quarkus.gizmo/gizmo@1.1.1.Final installed"}},
		{"aquasecurity/trivy/issues/9171", "metadata named METADATA in an .egg-info directory, as in the AWS command line",
			files{"usr/local/aws-cli/v2/2.1.39/dist/cryptography-3.3.2-py3.8.egg-info/METADATA": metadata("cryptography", "3.3.2")},
			[]string{"pkg:pypi/cryptography@3.3.2 installed"}},
		{"aquasecurity/fanal/issues/126", "a package that was removed without its configuration is not installed",
			files{"var/lib/dpkg/status": status("git", "deinstall ok config-files") + status("bash", "install ok installed")}, []string{"pkg:deb/bash@1?arch=all installed"}},
	} {
		t.Run(strings.ReplaceAll(c.report, "/", " "), func(t *testing.T) {
			root := make(fstest.MapFS)
			for name, content := range c.files {
				root[name] = &fstest.MapFile{Data: []byte(content)}
			}
			report, err := scan.Scanner{Analyzers: all.All()}.ScanFS(t.Context(), root)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, c := range report.Components {
				line := c.Label() + " " + string(c.Place())
				if c.Owner != "" {
					line += " owned"
				}
				got = append(got, line)
			}
			for _, d := range report.Diagnostics {
				got = append(got, string(d.Code)+" "+d.Type)
			}
			slices.Sort(got)
			slices.Sort(c.want)
			if !slices.Equal(got, c.want) {
				t.Errorf("%s: got %q, want %q", c.right, got, c.want)
			}
		})
	}
}
