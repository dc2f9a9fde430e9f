// Package plantedsecrets measures how well an analyzer finds secrets. It makes an image with planted secrets and near misses, and scores
// a report about it.
//
// The list of formats comes from documents of issuers and was written before any rule, without sight of the rules of an analyzer
// or of another scanner. Formats without a rule stay in the list and count as missed. All values are random: none of them was ever
// issued. No complete secret stands in the source: forms are expressions, and Value fills them from a seed.
//
// Use it so:
//
//	img, err := plantedsecrets.New(1)              // the image and its list
//	report, err := scanner.Scan(ctx, img.Image)
//	score := img.Score(report, "secrets")   // recall by format and carrier, false positives
//	leaks := img.Leaks(output)              // secrets that output has a piece of
package plantedsecrets
