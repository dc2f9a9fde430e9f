// Package hullmark is the map of a module that answers, inside your own program, what is in a container image and what is wrong with it.
// It has no code of its own; import what you need:
//
//	analyzer           the contract: Analyzer, File, Result, Report
//	analyzer/scan      the Scanner, which reads an image with analyzers
//	analyzer/all       every analyzer; or import single ecosystems: analyzer/dpkg, analyzer/pip, ...
//	analyzer/source    opens images: registries, archives, layouts, root file systems
//	analyzer/image     walks layers without unpacking them
//	analyzer/analyzertest  tests analyzers on images written as text
//	matcher            finds the advisories that affect a report
//	matcher/assess     the pipeline: scan, match, VEX, policy, and the answer
//	matcher/report     the answer, with a writer for each format
//	matcher/distro     distributions: names, releases, derivatives, end of life
//	matcher/version    the order of versions, for each ecosystem
//	db, db/feed        advisories in one file, and the feeds that it is made of
//	sbom               CycloneDX and SPDX: writes them, and reads those of any tool
//	plugin             analyzers in other processes, in any language
//	examples/hullmark  the reference command
//
// A complete program, which prints the vulnerabilities of an image as a table:
//
//	ctx := context.Background()
//	img, err := source.Open(ctx, os.Args[1], source.Options{})
//	if err != nil {
//		log.Fatal(err)
//	}
//	defer img.Close()
//	advisories, err := db.OpenFile(os.Args[2])
//	if err != nil {
//		log.Fatal(err)
//	}
//	defer advisories.Close()
//	pipeline := assess.Pipeline{Scanner: scan.Scanner{Analyzers: all.All()}, Source: advisories}
//	answer, err := pipeline.Image(ctx, img)
//	if err != nil {
//		log.Fatal(err)
//	}
//	if err := table.Write(os.Stdout, answer, table.Options{}); err != nil {
//		log.Fatal(err)
//	}
package hullmark
