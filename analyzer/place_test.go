package analyzer_test

import (
	"testing"

	"github.com/hullmark/hullmark/analyzer"
)

func TestPlace(t *testing.T) {
	const hash16, hash40 = "1ecc6299db9ec823", "0123456789abcdef0123456789abcdef01234567"
	for _, c := range []struct {
		place    analyzer.Place
		declared bool
		path     string
	}{
		// What Node.js resolves.
		{analyzer.Installed, false, "srv/node_modules/a/package.json"},
		{analyzer.Installed, false, "srv/node_modules/a/node_modules/@s/b/package.json"},
		{analyzer.Installed, false, "srv/node_modules/test/package.json"},
		{analyzer.Installed, false, "srv/node_modules/@s/fixtures/package.json"},
		{analyzer.Installed, false, "srv/node_modules/.pnpm/a@1.0.0/node_modules/a/package.json"},
		{analyzer.Installed, false, "srv/test/node_modules/a/package.json"}, // an application that tests
		{analyzer.TestData, false, "srv/node_modules/a/test/node_modules/b/package.json"},
		{analyzer.TestData, false, "srv/node_modules/@s/a/lib/__tests__/x/node_modules/b/package.json"},
		{analyzer.TestData, true, "srv/node_modules/a/examples/x/package.json"},
		{analyzer.TestData, false, "usr/share/nodejs/a/test/node_modules/b/package.json"},
		{analyzer.LockFile, true, "srv/package-lock.json"},

		// What importlib finds.
		{analyzer.Installed, false, "usr/lib/python3/dist-packages/a-1.dist-info/METADATA"},
		{analyzer.Installed, false, "opt/v/lib/python3.12/site-packages/a-1-py3.12.egg-info"},
		{analyzer.Installed, false, "opt/v/lib/python3.12/site-packages/a-1-py3.12.egg/EGG-INFO/PKG-INFO"},
		{analyzer.Installed, false, "opt/tool/dist/a-1.dist-info/METADATA"},
		{analyzer.Vendored, false, "opt/v/lib/python3.12/site-packages/setuptools/_vendor/a-1.dist-info/METADATA"},
		{analyzer.Vendored, false, "opt/v/lib/python3.12/site-packages/pip/_vendor/vendor.txt"},
		{analyzer.Vendored, false, "opt/v/lib/python3.12/site-packages/x-1.egg/x/a-1.egg-info/PKG-INFO"},
		{analyzer.TestData, false, "opt/v/lib/python3.12/site-packages/a/tests/data/b-1.dist-info/METADATA"},
		{analyzer.TestData, false, "usr/local/lib/python3.12/test/wheeldata/setuptools-67.6.1-py3-none-any.whl"},
		{analyzer.TestData, false, "usr/lib/pypy3.10/test/wheeldata/wheel-0.40.0-py3-none-any.whl"},
		{analyzer.TestData, false, "usr/lib/ruby/gems/3.1.0/gems/a-1/spec/x/specifications/b-1.gemspec"},

		// Caches.
		{analyzer.Cached, false, "usr/local/lib/python3.12/ensurepip/_bundled/pip-24.0-py3-none-any.whl"},
		{analyzer.Cached, false, "opt/v/lib/python3.12/site-packages/virtualenv/seed/wheels/embed/pip-24.0-py3-none-any.whl"},
		{analyzer.Cached, false, "usr/share/python-wheels/idna-3.3-py3-none-any.whl"},
		{analyzer.Cached, false, "root/.cache/pip/wheels/ab/cd/ef/a-1-py3-none-any.whl"},
		{analyzer.Installed, false, "opt/x/a-1-py3-none-any.whl"},
		{analyzer.Cached, false, "tmp/a-1-py3-none-any.whl"},
		{analyzer.Cached, false, "srv/app/dist/a-1-py3-none-any.whl"},
		{analyzer.Cached, false, "opt/v/lib/python3.12/site-packages/~ip-21.0.dist-info/METADATA"},
		{analyzer.Cached, false, "opt/v/lib/python3.12/site-packages/-ip-21.0.dist-info/METADATA"},
		{analyzer.Cached, false, "opt/v/lib/python3.12/site-packages/~=quests-2.0.egg-info/PKG-INFO"},
		{analyzer.Installed, false, "opt/v/lib/python3.12/site-packages/_a-1.dist-info/METADATA"},
		{analyzer.Installed, false, "opt/v/lib/python3.12/site-packages/.egg-info/PKG-INFO"},
		{analyzer.Cached, false, "root/.cache/uv/archive-v0/0b1cPq_-0b1c0b1c0b1c0/a-1.dist-info/METADATA"},
		{analyzer.Installed, false, "srv/archive-v2/app/node_modules/a/package.json"},
		{analyzer.Cached, true, "var/uv/sdists-v8/pypi/a/1.0/x/src/requirements.txt"},
		{analyzer.Installed, false, "srv/python3.12/tests/node_modules/a/package.json"},
		{analyzer.Cached, true, "var/uv/git-v0/checkouts/ab/uv.lock"},
		{analyzer.Installed, false, "root/.cache/pypoetry/virtualenvs/a-py3.12/lib/python3.12/site-packages/a-1.dist-info/METADATA"},
		{analyzer.Cached, false, "opt/conda/pkgs/a-b-1.26.4-py_0/site-packages/a-1.26.4.dist-info/METADATA"},
		{analyzer.Cached, false, "opt/conda/pkgs/a-1.0-0/lib/node_modules/a/package.json"},
		{analyzer.Installed, false, "app/pkgs/my-own-lib/node_modules/a/package.json"},
		{analyzer.Installed, false, "opt/pkgs/shop-1.2-rc1/node_modules/a/package.json"}, // a release of an application
		{analyzer.Installed, false, "opt/conda/conda-meta/a-1.0-0.json"},
		{analyzer.Cached, false, "cache/v6/npm-a-1.0.0-" + hash40 + "-integrity/node_modules/a/package.json"},
		{analyzer.Cached, false, "cache/v4/npm-@s-a-1.0.0-" + hash40 + "/node_modules/@s/a/package.json"},
		{analyzer.Installed, false, "srv/v1/app/node_modules/a/package.json"},
		{analyzer.Cached, false, "root/.npm/_npx/" + hash16 + "/node_modules/a/package.json"},
		{analyzer.Installed, false, "srv/.yarn/cache/a-npm-1.0.0-aa.zip"},
		{analyzer.Cached, true, "go/pkg/mod/example.com/a@v1.2.3/go.mod"},
		{analyzer.Cached, false, "go/pkg/mod/example.com/a/v2@v2.0.0/testdata/program"},
		{analyzer.Cached, false, "go/pkg/mod/cache/vcs/x/program"},
		{analyzer.Installed, false, "go/pkg/mod/golang.org/toolchain@v0.0.1-go1.24.0.linux-amd64/bin/go"},
		{analyzer.Cached, true, "root/.cargo/registry/src/index.example.com-" + hash16 + "/a-1.0.0/Cargo.lock"},
		{analyzer.Cached, true, "root/.cargo/git/checkouts/a-" + hash16 + "/abc/Cargo.lock"},

		// What programs run with.
		{analyzer.Installed, false, "root/.m2/repository/org/example/a/1.0/a-1.0.jar"},
		{analyzer.Installed, false, "root/.gradle/caches/modules-2/files-2.1/org.example/a/1.0/" + hash40 + "/a-1.0.jar"},
		{analyzer.Installed, false, ""},
		{analyzer.LockFile, true, ""},
	} {
		k := analyzer.Component{Package: analyzer.Package{Declared: c.declared}, Path: c.path}
		if got := k.Place(); got != c.place {
			t.Errorf("%s: got %s, want %s", c.path, got, c.place)
		}
	}
	k := analyzer.Component{Package: analyzer.Package{System: true}, Path: "opt/conda/pkgs/a-1.0-0/var/lib/dpkg/status"}
	if got := k.Place(); got != analyzer.Installed {
		t.Errorf("a package of the distribution: got %s", got)
	}
}
