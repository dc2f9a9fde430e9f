package analyzer

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/hullmark/hullmark/analyzer/internal/attribute"
	"github.com/hullmark/hullmark/analyzer/internal/content"
	"github.com/hullmark/hullmark/analyzer/internal/pattern"
)

// An Analyzer finds packages, and other things worth reporting, in single files of an image.
//
// A scan calls Analyze for every regular file that matches a pattern of Info, from many goroutines, in no particular order.
// Analyze must be a pure function of the file, because caches keep its answers for equal layers.
//
// An error means that Analyze failed for the file. It becomes a [Diagnostic] and never ends the scan; so does a panic. A
// Result beside the error has what Analyze found before. Problems after which Analyze could read on are
// Result.Diagnostics. After Analyze returns, the Result and all that it refers to belong to the scan.
type Analyzer interface {
	Info() Info
	Analyze(ctx context.Context, f *File) (*Result, error)
}

// Info identifies an analyzer and lists the files it wants. It is plain data: a scan hashes it into cache keys, and hosts print it
// and send it to other processes.
type Info struct {
	// Name is the analyzer's name, unique within a Scanner: "dpkg".
	Name string

	// Version must rise whenever Analyze may answer differently for the same file.
	Version int

	// Patterns match the files that the analyzer wants. A pattern has one of these forms:
	//
	//	var/lib/dpkg/status          one exact path
	//	var/lib/dpkg/info/*.list     "*" matches any characters within one path element
	//	**/package.json              a base name, in any directory
	//	**/*.dist-info/METADATA      the last elements of a path, in any directory
	//	**/*.jar                     a suffix of the base name, in any directory
	//	**/*.                        a base name without an extension, in any directory: "tool", "tool-1.2"
	//	nix/store/**                 every regular file below a directory
	//	**                           every regular file
	//
	// A scan matches them with the path in the layer, slash-separated, without a leading slash. Case matters.
	Patterns []string

	// Magic, if not empty, lists the first bytes of the files that the analyzer wants, up to 64 of each format: "\x7fELF". A scan does not
	// read the rest of other files that match Patterns.
	Magic []string

	// Contains, if not empty, lists texts of up to 64 bytes. The analyzer wants only files that contain one of them. A scan looks for them
	// while a file streams by, and holds no other file. If the first text lies beyond the first 8 KiB, the scan may read the
	// layer a second time. A scan may pass files without a text, too, if that costs less. A text with a rare first byte, such as
	// an upper-case letter or punctuation, is found faster.
	Contains []string

	// Early lists texts that most files with a text of Contains have in their first 8 KiB. A scan holds a file with one of them at
	// once, and passes it to Analyze, so that the scan reads the layer once.
	Early []string

	// DataOnly promises that in an ELF file, the texts of Contains lie in data that the program may write, or in no segment. A scan then
	// skips code and constants, most of a program. Analyze should read them rarely, since the scan then reads the layer a second time.
	DataOnly bool

	// Siblings lists base names of files that Analyze needs beside a wanted file, in its directory, and gets from File.Sibling. Few
	// formats have a database in several files, such as one with a write-ahead log. A scan holds siblings in memory until the
	// layer ends.
	Siblings []string

	// Entries asks for entries of every kind that match Patterns, not only for regular files: directories, links, devices. The analyzer
	// gets each without content, and its attributes in File.Entry. A pattern "**" then means every entry.
	Entries bool

	// List asks for Report.Files, a list of all entries of the merged image. An analyzer with List and without Entries has no say about
	// them: Analyze is not called.
	List bool

	// Digests lists the digests of the files that match Patterns, for Report.Files: "md5", "sha1", "sha256", "sha512". A scan computes them
	// while a file streams by, or in a second pass if only a link gives the file a name that matches. It needs List.
	Digests []string

	// DigestsIf, if not empty, lists patterns of entries that show that Digests matter: the directories of a package manager. After a scan has
	// seen such entries in a layer, it computes only the Digests of analyzers for which there were some, and of those without DigestsIf.
	DigestsIf []string

	// Config asks for the image's configuration as one more file, in the form of the OCI image specification. Its Path is "". An
	// analyzer without Patterns gets nothing else.
	Config bool

	// Hidden asks for findings and records of files that upper layers delete or replace, too. They are marked as hidden. That is
	// right for secrets, which a layer gives away although no container shows them.
	Hidden bool

	// NamesOnly says that Analyze looks at the path only: it gets files without content. Of equal diagnostics, a scan keeps 16 a layer.
	NamesOnly bool

	// ContentOnly promises that Analyze looks at the content of a file only, not at its path, mode or siblings. A hard link to a
	// file that Analyze saw then has the same Result, and the scan does not read the layer again.
	ContentOnly bool

	// MaxSize is the size in bytes of the largest file that Analyze reads. The scan reports larger files. It is at most the
	// scan's Limits.FileSize, which is the default.
	MaxSize int64

	// Completes, if not empty, names the analyzer whose packages the Fragments complete. The default is the analyzer itself.
	Completes string

	// Finds lists the kinds of things that the analyzer looks for, in kebab-case, for Report.Examined: "secrets", "malware". It is ["packages"] by default.
	Finds []string

	// Data is the version of the data that the analyzer works with, such as signatures: "ClamAV 27833".
	Data string

	// Build distinguishes builds of the analyzer in cache keys. Package plugin sets it to the executable's digest.
	Build string

	// Concurrent is the number of files to analyze at once, for an analyzer that waits for work in another process. Package plugin
	// sets it. With 0, the Scanner's Parallel limits the number of analyzers at work.
	Concurrent int

	// Unavailable, if not empty, is the reason why the analyzer cannot analyze any file. The report has it once. Package plugin
	// sets it for a plugin that did not start.
	Unavailable string
}

// Validate returns an error if a Scanner would refuse the analyzer.
func (i Info) Validate() error {
	if i.Name == "" {
		return errors.New("analyzer: an analyzer has no name")
	}
	for _, m := range slices.Concat(i.Magic, i.Contains, i.Early) {
		if m == "" || len(m) > content.MaxMagic {
			return fmt.Errorf("analyzer: %s: text %q of Magic, Contains or Early: not 1 to %d bytes", i.Name, m, content.MaxMagic)
		}
	}
	for _, d := range i.Digests {
		if !slices.ContainsFunc(attribute.Algorithms, func(a attribute.Algorithm) bool { return a.Name == d }) {
			return fmt.Errorf("analyzer: %s: digest %q: not one of md5, sha1, sha256, sha512", i.Name, d)
		}
	}
	if len(i.Digests) > 0 && !i.List {
		return fmt.Errorf("analyzer: %s: Digests without List", i.Name)
	}
	if err := pattern.Compile(0, i.DigestsIf, nil, new(pattern.Index), nil); err != nil {
		return fmt.Errorf("analyzer: %s: DigestsIf: %w", i.Name, err)
	}
	if err := pattern.Compile(0, i.Patterns, i.Siblings, new(pattern.Index), new(pattern.Index)); err != nil {
		return fmt.Errorf("analyzer: %s: %w", i.Name, err)
	}
	return nil
}

// A Result is the answer of an analyzer for one file.
type Result struct {
	// Packages are the packages that the file describes.
	Packages []Package

	// Fragments complete packages that the analyzer (see Info.Completes) finds in other files, such as a list of owned files beside a package
	// database. After merging the layers, a scan adds a fragment to the packages with its Type, Namespace, Name and, if the
	// fragment has them, Arch and Version. A fragment without a Name completes the packages in its own directory. Lists grow by
	// those of the fragment; a package keeps its single values. A fragment alone is not a package.
	Fragments []Package

	// Findings are things worth reporting that are not packages.
	Findings []Finding

	// Records are facts without judgement.
	Records []Record

	// Diagnostics are problems inside the file that did not keep Analyze from reading on. A report lists 16 of them, and the
	// number of the others.
	Diagnostics []Diagnostic

	// Distro is the distribution that the file describes, or nil.
	Distro *Distro

	// Fact has the data that a [Joiner] needs of the file, in its own form. A scan keeps it in memory until it merges the layers,
	// and in caches, so it should be small.
	Fact []byte
}

// Func returns an Analyzer with the given Info and function.
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
