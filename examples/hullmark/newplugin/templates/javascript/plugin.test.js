'use strict'
const assert = require('node:assert')
const test = require('node:test')
const { versions } = require('./plugin.js')

test('packages and problems', async () => {
  const answer = await versions.answer('opt/tools.versions', 'hammer 1.0\nsaw 2.1\ndrill\n')
  assert.deepStrictEqual(answer.packages.map(p => [p.name, p.version]), [['hammer', '1.0'], ['saw', '2.1']])
  assert.deepStrictEqual(answer.problems, [{ line: 3, message: 'no name and version' }])
})
