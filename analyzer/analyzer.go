package analyzer

import (
	"context"
	"errors"
	"fmt"

	"github.com/hullmark/hullmark/analyzer/internal/pattern"
)

// An Analyzer finds packages, and other things worth reporting, in single files of an image.
//
// Analyze is called for every regular file that matches a pattern of Info, from many goroutines, in no particular
// order. It must be a pure function of the file: answers are kept and reused for equal layers.
//
// An error means that Analyze failed for the file. It becomes a [Diagnostic] and never ends the scan; so does a panic. A
// Result beside the error has what Analyze found before. Problems after which Analyze could read on are
// Result.Diagnostics. After Analyze returns, the Result and all that it refers to belong to the scan.
type Analyzer interface {
	Info() Info
	Analyze(ctx context.Context, f *File) (*Result, error)
}

// Info identifies an analyzer and says which files it wants. It is plain data: it is hashed into cache keys, printed,
// indexed, and sent to other processes.
type Info struct {
	// Name is the analyzer's name, unique within a Scanner: "dpkg".
	Name string

	// Version is raised whenever Analyze may answer differently for the same file.
	Version int

	// Patterns say which files the analyzer wants, in one of five forms:
	//
	//	var/lib/dpkg/status          one exact path
	//	var/lib/dpkg/info/*.list     "*" stands for any run of characters within one path element
	//	**/package.json              a base name, in any directory
	//	**/*.dist-info/METADATA      the last elements of a path, in any directory
	//	**/*.jar                     a suffix of the base name, in any directory
	//	**                           every regular file
	//
	// They are matched against the path in the layer, slash-separated, without a leading slash; case matters.
	Patterns []string

	// Siblings names siblings, files of the same directory, which Analyze needs next to a wanted file and opens through
	// File.Sibling. It exists for the few formats that keep one database in several files, such as a database and its
	// write-ahead log. Siblings are held in memory until the layer ends.
	Siblings []string

	// ContentOnly promises that Analyze looks at the content of a file only, not at its path, mode or siblings. Then a hard
	// link to a file that it has looked at already gives the same Result, without reading the layer again.
	ContentOnly bool

	// MaxSize is the size in bytes above which a file is reported instead of read; 0 means Limits.FileSize, which is
	// also the most it can be.
	MaxSize int64

	// Build is a further identity for caches; package plugin sets it to the executable's digest.
	Build string

	// Concurrent is how many files to have under way at once, for an analyzer that waits more than it computes, since its
	// work is done elsewhere; package plugin sets it. With 0, Scanner.Parallel says how many analyzers work at once.
	Concurrent int

	// Unavailable says why an analyzer cannot look at anything, where it cannot. The report tells it once. Package plugin
	// sets it for a plugin that did not start.
	Unavailable string
}

// Validate returns an error if a Scanner would refuse the analyzer.
func (i Info) Validate() error {
	if i.Name == "" {
		return errors.New("analyzer: an analyzer has no name")
	}
	if err := pattern.Compile(0, i.Patterns, i.Siblings, new(pattern.Index), new(pattern.Index)); err != nil {
		return fmt.Errorf("analyzer: %s: %w", i.Name, err)
	}
	return nil
}

// A Result is what an analyzer learnt from one file.
type Result struct {
	// Packages are the packages that the file says exist.
	Packages []Package

	// Fragments complete packages of the same analyzer that were found in other files, such as a list of owned files
	// beside a package database. They are joined after the layers are merged, by Type, Namespace, Name, and, where a fragment
	// has them, Arch and Version; one without a Name is about the packages that were found in its own directory. Lists grow by
	// what a fragment says, single values are taken over where the package has none. A fragment alone is not a package.
	Fragments []Package

	// Findings are things worth reporting that are not packages.
	Findings []Finding

	// Diagnostics are problems inside the file that did not keep Analyze from reading on. A report lists 16 of them, and the
	// number of the others.
	Diagnostics []Diagnostic

	// Distro is what the file says about the distribution, nil if nothing.
	Distro *Distro

	// Fact is for a [Joiner]: what is to be known of the file beside others, in a form of its own. It is kept in memory until
	// the layers are merged, and in caches, so it should be no more than what is needed.
	Fact []byte
}

// Func returns an Analyzer made of an Info and a function.
func Func(info Info, analyze func(ctx context.Context, f *File) (*Result, error)) Analyzer {
	return funcAnalyzer{info, analyze}
}

type funcAnalyzer struct {
	info    Info
	analyze func(context.Context, *File) (*Result, error)
}

func (a funcAnalyzer) Info() Info { return a.info }
func (a funcAnalyzer) Analyze(ctx context.Context, f *File) (*Result, error) {
	return a.analyze(ctx, f)
}
