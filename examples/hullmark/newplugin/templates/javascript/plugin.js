#!/usr/bin/env node
'use strict'
// Finds the packages in *.versions files. A line has a name and a version.
const hullmark = require('./hullmark-plugin')

exports.versions = hullmark.analyzer({ name: '{{.Name}}', version: 1, patterns: ['**/*.versions'], maxSize: 1 << 20 }, (file, result) => {
  for (const [i, line] of file.lines().entries()) {
    const [, name, version] = line.match(/^([^ ]+) (.*)$/) ?? []
    if (name) result.package('generic', name, version)
    else result.problem('no name and version', { line: i + 1 })
  }
})

if (require.main === module) hullmark.serve(exports.versions)
