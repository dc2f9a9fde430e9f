// Package javascript has the SDK for plugins in JavaScript, the module hullmark-plugin.
//
// A plugin is a directory with a program and a copy of the module, which "hullmark plugin new --lang javascript" writes.
package javascript

import "embed"

// SDK has the directory hullmark-plugin, which belongs beside the program of a plugin.
//
//go:embed hullmark-plugin/package.json hullmark-plugin/analyzer.proto hullmark-plugin/index.js hullmark-plugin/certificate.js
var SDK embed.FS
