// Package report holds the answer about one image, in the form that people and tools are shown: an [Assessment] with its
// findings, what hides them, and whether the image passes. It writes nothing; the packages below it write one format each:
//
//   - json for programs, which can be read back,
//   - sarif, gitlab and junit for the tools that read them,
//   - html and markdown for people,
//   - template for anything else, by a template of text/template.
//
// Package matcher/assess makes Assessments. [New] is its last step, for callers that scan and match without it. A [Finding]
// is one vulnerability in one source package. [Policy] and [VEX] are the interfaces by which package matcher/policy and package
// matcher/vex take part.
//
// Nothing is dropped: a hidden match stays in Assessment.Result, and Assessment.Hidden counts it under its reason.
package report
