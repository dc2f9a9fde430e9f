#!/usr/bin/env node
'use strict'
// An analyzer that does what an analyzer must not do. The base name of a file says what.
const { execFileSync } = require('node:child_process')
const path = require('node:path')
const hullmark = require('hullmark-plugin')

function huge (file, result) {
  for (;;) result.package('generic', 'x'.repeat(1000), '', { files: Array(10).fill('y'.repeat(1000)) })
}

const situations = {
  throw (file, result) {
    result.package('generic', 'half')
    throw new Error('no')
  },
  'line-throws' () { throw withLine({ get () { throw new Error('of the line') } }) },
  'line-changes' () {
    let n = 0
    throw withLine({ get: () => n++ === 0 ? 3 : 'three' })
  },
  'message-throws' () {
    const error = new hullmark.Malformed('x')
    Object.defineProperty(error, 'message', { get () { throw new Error('of the message') } })
    throw error
  },
  'name-object' () {
    const error = new hullmark.Malformed('')
    error.name = { toString: () => 'Odd' }
    throw error
  },
  'stack-throws' () {
    const error = new Error('here')
    Object.defineProperty(error, 'stack', { get () { throw new Error('of the stack') } })
    throw error
  },
  proxy () {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    throw proxy
  },
  'return-proxy' () {
    const { proxy, revoke } = Proxy.revocable(() => {}, {})
    revoke()
    return [proxy]
  },
  unprintable () { throw Object.create(null) },
  null () { throw null }, // eslint-disable-line no-throw-literal
  async reject () { await null; throw new RangeError('later') },
  recurse (file, result) { situations.recurse(file, result) },
  malformed (file, result) {
    result.package('generic', 'half', '1')
    throw new hullmark.Malformed('cut off', 3)
  },
  unsupported () { throw new hullmark.Unsupported('version 9') },
  unavailable () { throw new hullmark.Unavailable('the service is down') },
  print (file, result) {
    console.log('1|1|unix|/tmp/s|grpc|x')
    for (let i = 0; i < 2000; i++) console.log('line', i)
    execFileSync('/bin/echo', ['from a child'], { stdio: 'inherit' })
    result.package('generic', 'printed', '0')
  },
  return: () => [1],
  'name-number': (file, result) => result.package('generic', 5),
  'name-empty': (file, result) => result.package('generic', ''),
  type: (file, result) => result.package('Not A Type', 'x'),
  files: (file, result) => result.package('generic', 'x', '', { files: 'abc' }),
  'files-number': (file, result) => result.package('generic', 'x', '', { files: [1] }),
  hashes: (file, result) => result.package('generic', 'x', '', { hashes: ['a'] }),
  field: (file, result) => result.package('generic', 'x', '', { colour: 'red' }),
  severity: (file, result) => result.finding('rule', 'title', { severity: 'awful' }),
  line: (file, result) => result.problem('x', { line: -1 }),
  'line-float': (file, result) => result.problem('x', { line: 1.5 }),
  code: (file, result) => result.problem('x', { code: 'Not A Code' }),
  'record-kind': (file, result) => result.record('Not Kebab'),
  'record-field': (file, result) => result.record('account', 'root', { fields: { 'a b': '' } }),
  'record-value': (file, result) => result.record('account', 'root', { fields: { uid: 0 } }),
  'record-line': (file, result) => result.record('account', 'root', { line: -1 }),
  'record-fields': (file, result) => result.record('account', 'root', { fields: Object.fromEntries(Array.from({ length: 1001 }, (_, i) => [`f${i}`, ''])) }),
  surrogate: (file, result) => result.package('generic', 'a\udc80b', '1'),
  'one-huge': (file, result) => result.package('generic', 'x', '', { files: Array(20000).fill('y'.repeat(1000)) }),
  sibling (file, result) {
    const beside = file.siblings.get('beside.txt')
    result.package('generic', beside.path, `${beside.text()}-${beside.mode.toString(8)}-${file.mode.toString(8)}-${file.siblings.size}`)
  },
  path: (file, result) => result.package('generic', 'path', String(file.path.length))
}
for (let i = 0; i < 6; i++) situations[`huge${i}`] = huge

function withLine (property) { return Object.defineProperty(new hullmark.Malformed('cut off'), 'line', property) }

situations.records = (file, result) => { for (;;) result.record('k') }

const entries = hullmark.analyzer({ name: 'entries', version: 1, patterns: ['**'], entries: true, hidden: true, finds: ['entries'], data: 'data\n7' }, (file, result) => {
  const e = file.entry
  const xattrs = [...e.xattrs].map(([name, value]) => `${Buffer.from(name).toString('hex')}=${value.length > 100 ? value.length : value.toString('hex')}`).join(' ')
  result.record('entry', file.pathBytes.toString('hex'), { fields: {
    mode: e.mode.toString(8), permissions: file.mode.toString(8), owner: `${e.uid}:${e.gid}`, size: `${e.size} ${file.data.length}`, time: String(e.mtimeNs),
    target: e.targetBytes.toString('hex'), link: e.linkBytes.toString('hex'), device: `${e.major}:${e.minor}`, xattrs
  } })
})

const config = hullmark.analyzer({ name: 'config', version: 1, config: true }, (file, result) => result.record('config', file.path, { fields: { text: file.text() } }))

const unavailable = hullmark.analyzer({ name: 'unavailable', version: 1, patterns: ['**/*.none'], unavailable: 'no\nconnection' }, () => {})

const joins = hullmark.analyzer({ name: 'joins', version: 1, patterns: ['**/*.joins'] }, (file, result) => {
  result.package('generic', 'alone', file.text())
  if (file.text() === 'text') result.fact('text')
  result.fact(Buffer.from('a'))
  result.fact(file.data)
}, facts => {
  const texts = facts.map(f => f.data.toString().slice(1))
  if (texts.includes('throw')) throw new Error('join')
  if (texts.includes('huge')) huge(null, facts[0].replace())
  for (const [i, fact] of facts.entries()) {
    if (texts[i] === 'problem') fact.problem('not complete', { line: 2 })
    else if (texts[i] === 'nothing') fact.replace()
    else if (texts[i] !== 'same') fact.replace().package('generic', 'joined', texts.join('-'))
  }
  return texts.includes('return') ? facts : undefined
})

console.log('before the handshake')
hullmark.serve(hullmark.analyzer({ name: 'hostile', version: 1, patterns: ['**/*.hostile'], siblings: ['beside.txt', 'none.txt'] }, (file, result) =>
  situations[path.posix.basename(file.path, '.hostile')](file, result)), joins, entries, config, unavailable)
