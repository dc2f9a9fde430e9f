// Package analyzer defines analyzers and the report of a scan.
//
// The types to know:
//
//   - [Analyzer] finds packages in single files. Its [Info] lists, as plain data, the files it wants; its Analyze is a pure
//     function from a [File] to a [Result].
//   - [Report] lists the [Component] values of an image, its [Distro], findings, and a [Diagnostic] for each file that could
//     not be read or understood.
//
// This package is all that an analyzer imports. Package analyzer/scan runs analyzers over images, and analyzer/analyzertest
// tests them. The other packages below this one are analyzers of one ecosystem each; analyzer/all lists all of them.
package analyzer
