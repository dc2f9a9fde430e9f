// Package all knows every analyzer of this module. It is the only package that imports all of them; a program that needs
// fewer ecosystems imports theirs instead, and pays for no other.
package all

import (
	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/apk"
	"github.com/hullmark/hullmark/analyzer/binary"
	"github.com/hullmark/hullmark/analyzer/cargo"
	"github.com/hullmark/hullmark/analyzer/composer"
	"github.com/hullmark/hullmark/analyzer/cran"
	"github.com/hullmark/hullmark/analyzer/dpkg"
	"github.com/hullmark/hullmark/analyzer/gem"
	"github.com/hullmark/hullmark/analyzer/golang"
	"github.com/hullmark/hullmark/analyzer/maven"
	"github.com/hullmark/hullmark/analyzer/npm"
	"github.com/hullmark/hullmark/analyzer/nuget"
	"github.com/hullmark/hullmark/analyzer/osrelease"
	"github.com/hullmark/hullmark/analyzer/pip"
	"github.com/hullmark/hullmark/analyzer/rpm"
	"github.com/hullmark/hullmark/analyzer/runtimes"
	"github.com/hullmark/hullmark/analyzer/traces"
)

// All returns all analyzers, in the order of their names, with their default settings.
func All() []analyzer.Analyzer {
	return []analyzer.Analyzer{
		apk.New(),
		binary.New(),
		binary.Notes(),
		binary.Scripts(),
		cargo.New(),
		composer.New(),
		composer.Phars(),
		cran.New(),
		dpkg.New(),
		gem.New(),
		golang.New(),
		maven.New(),
		maven.Executables(),
		npm.New(),
		nuget.New(),
		nuget.NewBundle(),
		osrelease.New(),
		pip.New(),
		pip.Executables(),
		rpm.New(),
		runtimes.New(),
		traces.New(),
	}
}
