// Package plugin runs analyzers in other processes, which may be written in other languages.
//
// The main names:
//
//   - [Serve] turns analyzers into a plugin: a main function of one line.
//   - [Start] starts the plugin of a [Command] and returns a [Process].
//   - [Process.Analyzers] returns its analyzers, which a Scanner uses like any others. The host selects files and sends only those
//     that match, in chunks, many small files together.
//   - [StartAll] starts several plugins. Reports mention those that did not start.
//
// README.md is a tutorial that ends with a published plugin. The directories python and javascript have SDKs; authors in other languages
// need only proto/analyzer.proto and its README.md. Package plugintest tests plugins.
//
// # Failures
//
// A scan continues if a plugin fails. The report has one diagnostic of kind [analyzer.Unavailable], which names the first files
// that were not analyzed. A process that ends, hangs or breaks the stream is restarted up to Command.Restarts times. Files in
// progress are retried once, one at a time, so that a file that crashes the plugin affects no others. A plugin is not restarted
// after an error that wraps [ErrRejected]: too many patterns, too large answers, answers to unknown files, or package types
// that it may not report. Caches don't keep results of a layer during which a plugin was unavailable.
//
// # Security
//
// A plugin is a program with the permissions of its host. This package does not stop a malicious plugin from reading files,
// using the network, or starting programs that outlive it. It guarantees:
//
//   - A plugin can't crash or hang its host, or make it allocate more than Limits allow. It inherits no environment and no open
//     files.
//   - No other process can impersonate the plugin or the host, or read their traffic. They use mutual TLS with certificates for each
//     process.
//   - Command.SHA256 verifies the executable and, in a directory of its own or for a script, the files beside it, unless another process
//     can write to them during the start. It does not cover the interpreter and its own libraries.
//   - Command.Types prevents a plugin from hiding results of others. Packages of its own types are trusted.
//
// Limits.Memory and Limits.CPU protect against accidents. A process may start others, each with the same limits, and shared
// memory does not count. Limits.Cgroup is a boundary that the kernel enforces for memory and the number of processes.
// Command.NoNetwork removes the network, but a process with root privileges can enter another namespace, and sockets in the
// file system remain accessible. Run untrusted plugins in a container or virtual machine.
package plugin
