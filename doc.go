// Package hullmark is the map of a module that tells, inside your own program, what is in a container image and what is
// wrong with it. It has no code of its own; import what you need:
//
//	analyzer           the contract: what an analyzer is, and the report of a scan
//	analyzer/scan      the Scanner: reads an image, runs analyzers and merges what they find
//	analyzer/source    opening images: registries, archives, layouts, root file systems
//	analyzer/all       every analyzer; or import those of single ecosystems: analyzer/dpkg, analyzer/pip, ...
//	analyzer/image     walking layers without unpacking them
//	analyzer/analyzertest  testing analyzers on images written as text
//	matcher            which advisories hold for what was found
//	matcher/distro     the table of Linux distributions
//	matcher/version    the order of versions, for each ecosystem
//	db, db/feed        advisories in one file, and where they come from
//	sbom               CycloneDX and SPDX: to write, and to read of any tool
//	plugin             analyzers in other processes, in any language
//	examples/hullmark  the reference command
//
// A complete program:
//
//	ctx := context.Background()
//	img, err := source.Open(ctx, "debian:12", source.Options{})
//	if err != nil {
//		log.Fatal(err)
//	}
//	defer img.Close()
//	report, err := scan.Scanner{Analyzers: all.All()}.Scan(ctx, img)
//	if err != nil {
//		log.Fatal(err)
//	}
//	advisories, err := db.OpenFile("advisories.db")
//	if err != nil {
//		log.Fatal(err)
//	}
//	defer advisories.Close()
//	result, err := matcher.Matcher{Source: advisories}.Match(ctx, report)
//	if err != nil {
//		log.Fatal(err)
//	}
//	log.Fatal(sbom.Encode(os.Stdout, report, result, sbom.Options{}))
package hullmark
