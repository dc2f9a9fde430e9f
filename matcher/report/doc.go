// Package report brings a scan's results into the form that people and tools are shown: findings, what they are hidden by,
// and how far the image could be judged at all. It writes nothing itself; the packages below it do, each one format:
//
//   - sarif, gitlab and junit for the tools that read them,
//   - html and markdown for people,
//   - template for whatever else there is, by a template of text/template.
//
// The types to know are [View], which [New] makes of a report and a result, [Finding], which is one vulnerability in one
// source package, and [Verdict], which is what a policy decided; package matcher/policy makes those.
//
// Nothing is dropped: a match that is hidden stays in View.Result, and View.Hidden says by what, and how many.
package report
