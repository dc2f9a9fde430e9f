# Adds an ecosystem, by the steps of CONTRIBUTING.md. $ECOSYSTEM is the directory of this file.

# 2, 3: the analyzer and its tests
mkdir -p analyzer/hackage
cp -R $ECOSYSTEM/*.go $ECOSYSTEM/testdata analyzer/hackage/
go test ./analyzer/hackage -analyzertest.update > /dev/null
grep -q '^pkg:hackage/text@2.0.2' analyzer/hackage/testdata/installed.txtar
go test ./analyzer/hackage

# 4: all, and no longer a trace
sed -i 's|^\t"github.com/hullmark/hullmark/analyzer/maven"|\t"github.com/hullmark/hullmark/analyzer/hackage"\n&|; s|^\t\tmaven.New(),|\t\thackage.New(),\n&|' analyzer/all/all.go
sed -i '/"hackage"/d; s/Name: "traces", Version: 3/Name: "traces", Version: 4/' analyzer/traces/traces.go analyzer/traces/traces_test.go
sed -i 's/"golang", "maven", "npm"/"golang", "hackage", "maven", "npm"/' analyzer/runtimes/document.go
grep -q hackage analyzer/runtimes/document.go
go test ./analyzer/traces

# 5, 6, 7: the type, the order and the advisories are there
grep -q '"hackage"' internal/sbomreport/entry.go
./hullmark version compare hackage 2.0 2.0.2
grep -q '"hackage"' db/feed/osv/ecosystem.go

# 8: the lists that tests compare
sed -i 's|^//\tanalyzer/cargo  |//\tanalyzer/hackage          packages of Haskell\n&|' doc.go
sed -i 's|^\t// maven$|\t// hackage\n&|' analyzer/all/all_test.go
go test ./analyzer/all

# the command finds it
mkdir -p root/opt/ghc/lib/package.conf.d
printf 'name: text\nversion: 2.0.2\n' > root/opt/ghc/lib/package.conf.d/text-2.0.2.conf
go run ./examples/hullmark sbom --cache off rootfs:root | grep -q pkg:hackage/text@2.0.2
