// Package assess assesses one image: its packages, their vulnerabilities, and the decision whether it passes.
//
// A [Pipeline] joins the exported parts of the module. It scans an image ([github.com/hullmark/hullmark/analyzer/scan]), matches its
// packages ([matcher.Matcher]), applies VEX statements ([report.VEX]), evaluates a policy ([report.Policy]), and brings all of it
// together ([report.New]). The reference command does nothing else, so a program that embeds a Pipeline gives the same answers.
//
//	pipeline := assess.Pipeline{Scanner: scan.Scanner{Analyzers: all.All()}, Source: advisories}
//	answer, err := pipeline.Image(ctx, img)
//
// The caller reads SBOMs, databases, VEX documents and policies, so this package needs no network, no database and no CEL.
package assess
