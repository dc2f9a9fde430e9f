#!/usr/bin/env node
'use strict'
// A Hullmark plugin in JavaScript that reports the packages in *.versions files. A line has a name and a version.
//
// It uses the SDK of this checkout. A plugin that "hullmark plugin new" writes has a copy beside it: require('./hullmark-plugin').
const hullmark = require('../../../plugin/javascript/hullmark-plugin')

const versions = hullmark.analyzer({ name: 'node', version: 1, patterns: ['**/*.versions'], maxSize: 1 << 20 }, (file, result) => {
  for (const [i, line] of file.lines().entries()) {
    const [, name, version] = line.match(/^([^ ]+) (.*)$/) ?? []
    if (name) result.package('generic', name, version)
    else result.problem('no name and version', { line: i + 1 })
  }
})

hullmark.serve(versions)
