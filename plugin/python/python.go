// Package python has the SDK for plugins in Python, the module hullmark_plugin.
//
// A plugin is a directory with a program and a copy of the module, which "hullmark plugin new --lang python" writes.
package python

import "embed"

// SDK has the directory hullmark_plugin, which belongs beside the program of a plugin.
//
//go:embed hullmark_plugin/__init__.py hullmark_plugin/analyzer_pb2.py
var SDK embed.FS
