'use strict'
// Analyzers for Hullmark in JavaScript. A plugin is a program such as this:
//
//   const hullmark = require('./hullmark-plugin')
//
//   exports.versions = hullmark.analyzer({ name: 'versions', version: 1, patterns: ['**/*.versions'], maxSize: 1 << 20 }, (file, result) => {
//     for (const [i, line] of file.lines().entries()) {
//       const [, name, version] = line.match(/^(\S+) (.+)$/) ?? []
//       if (name) result.package('generic', name, version)
//       else result.problem('no name and version', { line: i + 1 })
//     }
//   })
//
//   if (require.main === module) hullmark.serve(exports.versions)
//
// An exception becomes a diagnostic of the file, with the last lines of the stack. Throw Malformed for a file that cannot be read.
// Text that the analyzer prints goes to standard error, and the host shows it. The function may be async.
//
// serve needs the packages @grpc/grpc-js and @grpc/proto-loader.
const fs = require('node:fs')
const path = require('node:path')

const MESSAGE = 1 << 20 // approximate size of a message with answers
const ITEM = 8 << 20 // largest package or finding; hosts take messages of 16 MiB
const RESULT = 32 << 20 // largest result of a file; hosts take 64 MiB
const CREDIT = 128 << 20 // of all results; hosts give 256 MiB
const REASON = 1000 // longest message about an exception
const FIELDS = 1000 // most fields of a record that hosts take
const NO_ENTRIES = 'the host does not send entries; a newer version of it does'

// Malformed: the file is damaged, or not of the form that its name promises. What the result has so far counts.
class Malformed extends Error {
  constructor (message, line = 0) {
    super(message)
    this.line = line
  }
}

// Unsupported: the file has a form that the analyzer cannot read.
class Unsupported extends Malformed {}

// Unavailable: the analyzer cannot work at present, for a reason other than the file. The file counts as not analyzed.
class Unavailable extends Error {}

// TooLarge: the result of a file exceeds a limit.
class TooLarge extends Error {}

// A Room counts the bytes that a result may still have.
class Room {
  constructor (left) { this.left = left }

  take (size) {
    if (size > ITEM || size > this.left) throw new TooLarge('the result exceeds a limit of the plugin')
    this.left -= size
  }
}

// An Entry is a file, directory, link or device as a layer has it. mode has the type and the permission bits, as in fs.Stats: in a
// symbolic link, mode & fs.constants.S_IFMT is S_IFLNK. uid, gid, size, mtime (seconds since 1970), major and minor (of a device) are
// numbers, and rounded above 2**53; mtimeNs is a bigint. target is the target of a symbolic link. A hard link has in link the path of the
// file for which it is one more name. targetBytes and linkBytes are their bytes. xattrs is a Map from names of extended attributes to
// Buffers.
class Entry {
  constructor ({ mode, uid = 0, gid = 0, size = 0, mtimeNs = 0n, target = '', link = '', major = 0, minor = 0, xattrs = new Map() }) {
    this.mode = mode
    this.uid = Number(uid)
    this.gid = Number(gid)
    this.size = Number(size)
    this.mtimeNs = BigInt(mtimeNs)
    this.mtime = Math.floor(Number(this.mtimeNs) / 1e9)
    this.targetBytes = Buffer.from(target)
    this.target = this.targetBytes.toString()
    this.linkBytes = Buffer.from(link)
    this.link = this.linkBytes.toString()
    this.major = Number(major)
    this.minor = Number(minor)
    this.xattrs = xattrs
  }
}

// entryOf returns the entry in a message, or null.
function entryOf (message) {
  if (!message) return null
  const mtimeNs = BigInt(message.mtime) * 1000000000n + BigInt(message.mtime_nanos)
  return new Entry({ ...message, mtimeNs, xattrs: new Map(message.xattrs.map(x => [x.name.toString(), x.value])) })
}

// A File is a file of an image. path has slashes, and none in front; pathBytes are its bytes, which may not be UTF-8. The image's
// configuration has the path ''. data is a Buffer, mode the permission bits, and siblings is a Map from base names to the files that the
// option siblings of analyzer asked for. entry is an Entry for an analyzer with the option entries, whose files have no data; else null.
class File {
  constructor (pathBytes, data, mode = 0o644, siblings = new Map(), entry = null) {
    this.pathBytes = Buffer.from(pathBytes)
    this.path = this.pathBytes.toString()
    this.data = data
    this.mode = mode
    this.siblings = siblings
    this.entry = entry
  }

  // text returns the content as text. Bytes that are not UTF-8 become U+FFFD.
  text () { return this.data.toString() }

  // lines returns the lines without their ends.
  lines () {
    const lines = this.text().split(/\r?\n/)
    if (lines[lines.length - 1] === '') lines.pop()
    return lines
  }
}

function kind (value) {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}

function text (what, value) {
  if (typeof value !== 'string') throw new TypeError(`${what} is ${kind(value)}, want string`)
  return clean(value)
}

// clean replaces halves of surrogate pairs, which have no UTF-8.
function clean (value) {
  return /[\ud800-\udfff]/.test(value) ? Buffer.from(value).toString() : value
}

function texts (what, value) {
  if (!Array.isArray(value)) throw new TypeError(`${what} is ${kind(value)}, want array of strings`)
  return Array.from(value, v => text(`an element of ${what}`, v))
}

function table (what, value) {
  if (kind(value) !== 'object') throw new TypeError(`${what} is ${kind(value)}, want object of strings`)
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [clean(k), text(`a value of ${what}`, v)]))
}

function flag (what, value) {
  if (typeof value !== 'boolean') throw new TypeError(`${what} is ${kind(value)}, want boolean`)
  return value
}

function number (what, value) {
  if (typeof value !== 'number') throw new TypeError(`${what} is ${kind(value)}, want number`)
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${what} is ${value}, want a whole number of at least 0`)
  return value
}

// key returns the ID of an OpenPGP key, which has 64 bits, in decimal.
function key (what, value) {
  if (typeof value !== 'bigint') throw new TypeError(`${what} is ${kind(value)}, want bigint`)
  if (value < 0n || value >= 1n << 64n) throw new RangeError(`${what} has more than 64 bits`)
  return value.toString()
}

function origin (what, value) {
  if (kind(value) !== 'object') throw new TypeError(`${what} is ${kind(value)}, want object`)
  return { name: text('origin.name', value.name), version: text('origin.version', value.version ?? '') }
}

const packageFields = new Map(Object.entries({
  namespace: text, arch: text, vendor: text, inside: text, system: flag, declared: flag, dev: flag, stated: flag, licenses: texts, files: texts,
  depends: texts, provides: texts, qualifiers: table, hashes: table, origin, signer: key
}))
const findingFields = new Map(Object.entries({ severity: text, detail: text, line: number }))
const recordFields = new Map(Object.entries({ fields: table, line: number }))
const problemFields = new Map(Object.entries({ line: number, code: text }))
const distroFields = new Map(Object.entries({ versionId: text, codename: text, name: text, like: texts, cpe: text, rank: number }))
const infoFields = new Map(Object.entries({
  name: text, version: number, patterns: texts, siblings: texts, maxSize: number, build: text, contentOnly: flag, namesOnly: flag,
  magic: bytes, contains: bytes, early: bytes, dataOnly: flag, entries: flag, config: flag, hidden: flag, finds: codes, data: line,
  unavailable: line, list: flag, digests: texts, digestsIf: texts, completes: text
}))

// isCode reports whether a text is kebab-case as hosts take it.
function isCode (value) { return /^[a-z0-9]+(-[a-z0-9]+)*$/.test(value) && value.length <= 64 }

function codes (what, value) {
  const list = texts(what, value)
  for (const v of list) if (!isCode(v)) throw new RangeError(`an element of ${what} is ${JSON.stringify(v)}, want kebab-case`)
  return list
}

// line returns a text on one line, as short as hosts want it.
function line (what, value) {
  return clean(text(what, value).split(/\s+/).join(' ').replace(/\p{Cc}/gu, '').slice(0, 250))
}

function bytes (what, value) {
  if (!Array.isArray(value)) throw new TypeError(`${what} is ${kind(value)}, want array of strings or Buffers`)
  return value.map(v => Buffer.isBuffer(v) ? v : Buffer.from(text(`an element of ${what}`, v)))
}

// check returns the fields of an object after checking their types. what names the object.
function check (what, types, value) {
  if (kind(value) !== 'object') throw new TypeError(`${what} is ${kind(value)}, want object`)
  const checked = {}
  for (const [name, v] of Object.entries(value)) {
    if (v === undefined) continue
    if (!types.has(name)) throw new TypeError(`${what} has no field ${name}`)
    checked[name] = types.get(name)(name, v)
  }
  return checked
}

// sizeOf returns about the size of a value in a message in bytes.
function sizeOf (value) {
  if (typeof value === 'string') return Buffer.byteLength(value) + 4
  if (Buffer.isBuffer(value)) return value.length + 4
  if (kind(value) === 'array') return value.reduce((n, v) => n + sizeOf(v), 8)
  if (kind(value) === 'object') return Object.entries(value).reduce((n, [k, v]) => n + k.length + sizeOf(v) + 4, 8)
  return 12
}

// extraOf returns the bytes that a record with these fields counts beyond its size.
function extraOf (names) { return 64 + 32 * names.length }

// costOf returns the bytes that an answer counts against the limits of hosts.
function costOf (answer) {
  return (answer.records ?? []).reduce((n, r) => n + extraOf(Object.keys(r.fields ?? {})), sizeOf(answer))
}

function makePackage (type, name, version, fields) {
  if (!/^[a-z.+-][a-z0-9.+-]{0,63}$/.test(text('type', type))) throw new RangeError(`type is ${JSON.stringify(type)}, want a PURL type such as npm or generic`)
  return { ...check('the package', packageFields, fields), type, name: text('name', name), version: text('version', version) }
}

// A Result is what an analyzer learns from a file. A method throws TypeError or RangeError for a value that no host accepts.
class Result {
  #answers = [{}]
  #size = 0 // of the last answer
  #room

  constructor (room = new Room(RESULT)) { this.#room = room }

  // package adds a package. type is a PURL type. The fields are those of Package in analyzer.proto: namespace, arch, system, vendor,
  // qualifiers, licenses, files, depends, provides, hashes, declared, dev, inside, signer (a bigint), stated, and origin: { name, version }.
  package (type, name, version = '', fields = {}) {
    if (name === '') throw new RangeError('name is empty')
    this.#add('packages', makePackage(type, name, version, fields))
  }

  // fragment adds what the file says about a package that another file describes. Its fields are those of package.
  fragment (type, name = '', version = '', fields = {}) {
    this.#add('fragments', makePackage(type, name, version, fields))
  }

  // finding adds something worth reporting that is not a package. The fields are severity (critical, high, medium, low, info or empty),
  // detail and line.
  finding (rule, title, fields = {}) {
    const checked = check('the finding', findingFields, fields)
    if (!['', 'critical', 'high', 'medium', 'low', 'info'].includes(checked.severity ?? '')) {
      throw new RangeError(`severity is ${JSON.stringify(checked.severity)}, want critical, high, medium, low, info or an empty string`)
    }
    if (text('rule', rule) === '') throw new RangeError('rule is empty')
    this.#add('findings', { ...checked, rule, title: text('title', title) })
  }

  // record adds a fact without judgement, such as an account. options has line, and fields, an object of strings; kind and the names of
  // fields are in kebab-case. key tells records of a kind apart within the file.
  record (kind, key = '', options = {}) {
    const checked = check('the record', recordFields, options)
    const names = Object.keys(checked.fields ?? {})
    for (const name of names) if (!isCode(name)) throw new RangeError(`a field is named ${JSON.stringify(name)}, want kebab-case`)
    if (!isCode(text('kind', kind))) throw new RangeError(`kind is ${JSON.stringify(kind)}, want kebab-case`)
    if (names.length > FIELDS) throw new RangeError(`the record has ${names.length} fields, want at most ${FIELDS}`)
    this.#add('records', { ...checked, kind, key: text('key', key) }, extraOf(names))
  }

  // problem adds a diagnostic: something in the file that the analyzer does not understand. The fields are line, and code, a code of the
  // analyzer's own in kebab-case; without it, the file is malformed.
  problem (message, fields = {}) {
    const checked = check('the problem', problemFields, fields)
    if (checked.code && !isCode(checked.code)) {
      throw new RangeError(`code is ${JSON.stringify(checked.code)}, want up to 64 lower-case letters and digits with hyphens between words`)
    }
    this.#add('problems', { ...checked, message: clean(text('message', message).slice(0, REASON)) })
  }

  // distro sets the Linux distribution. The fields are versionId, codename, name, like, cpe and rank.
  distro (id, fields = {}) {
    const { versionId, ...rest } = check('the distribution', distroFields, fields)
    const distro = { ...rest, id: text('id', id), version_id: versionId ?? '' }
    this.#grow(sizeOf(distro))
    this.#answers[this.#answers.length - 1].distro = distro
  }

  // fact keeps bytes of the file for the function that joins. Several are put together.
  fact (data) {
    if (!Buffer.isBuffer(data)) throw new TypeError(`fact is ${kind(data)}, want Buffer`)
    this.#grow(data.length + 16)
    const last = this.#answers[this.#answers.length - 1]
    last.fact = Buffer.concat([last.fact ?? Buffer.alloc(0), data])
  }

  #grow (size) {
    this.#room.take(size)
    if (this.#size > 0 && this.#size + size > MESSAGE) {
      this.#answers.push({})
      this.#size = 0
    }
    this.#size += size
  }

  #add (field, item, more = 0) {
    this.#grow(sizeOf(item) + more)
    const last = this.#answers[this.#answers.length - 1]
    ;(last[field] ??= []).push(item)
  }

  // static messages returns the messages of a result and of the problem with which the analyzer failed, if any.
  static messages (result, problem) {
    const answers = result.#answers
    if (problem) {
      const last = answers[answers.length - 1]
      ;(last.problems ??= []).push({ ...problem, message: clean(problem.message.slice(0, REASON)), failed: true })
    }
    return answers.map((a, i) => ({ ...a, more: i < answers.length - 1 }))
  }
}

// A Fact is what Result.fact kept of a file, in data, and the path of the file.
class Fact {
  #room
  #result
  #keep = true

  constructor (pathBytes, data, room) {
    this.pathBytes = pathBytes
    this.path = pathBytes.toString()
    this.data = data
    this.#room = room
  }

  // replace returns a new Result, in place of what the analyzer answered for the file.
  replace () {
    this.#keep = false
    this.#result = new Result(this.#room)
    return this.#result
  }

  // problem adds a diagnostic to what the analyzer answered for the file, or to what replaces it. The fields are those of Result.problem.
  problem (message, fields = {}) {
    this.#result ??= new Result(this.#room)
    this.#result.problem(message, fields)
  }

  // static messages returns the messages that answer the fact with a number.
  static messages (fact, number) {
    if (!fact.#result) return []
    return Result.messages(fact.#result).map(a => ({ ...a, file: number, keep: fact.#keep }))
  }
}

// What an analyzer throws may be a proxy, or have getters that throw or return something else each time.

// safeLine returns the line of what was thrown, or 0.
function safeLine (error) {
  try {
    const { line } = error
    return Number.isSafeInteger(line) && line >= 0 ? line : 0
  } catch {
    return 0
  }
}

// messageOf returns the text of whatever was thrown.
function messageOf (error) {
  try {
    return error instanceof Error ? String(error.message) || String(error.name) : String(error)
  } catch {
    return 'a value without a text was thrown'
  }
}

// reason returns the last lines of a stack on one line, without the SDK's own frames and without directories, which differ between
// hosts: they compare and keep answers.
function reason (error) {
  let text = messageOf(error).slice(0, REASON / 2)
  try {
    if (error instanceof Error) {
      text = `${error.name}: ${text}`
      const frames = String(error.stack).split('\n').map(l => l.trim()).filter(l => l.startsWith('at '))
        .filter(l => !l.includes(__filename) && !l.includes('node:internal') && !l.includes('<anonymous>)'))
      for (const frame of frames.slice(0, 2)) text += '; ' + frame.replace(/(\(| )(file:\/\/)?[^() ]*[/\\]/, '$1').slice(0, 200)
    }
  } catch {} // of a getter: the text says enough
  return text.split(/\s+/).join(' ')
}

// failure returns the problem that describes what an analyzer threw.
function failure (error) {
  try {
    if (error instanceof TooLarge) return { kind: 'TOO_LARGE', message: messageOf(error) }
    if (error instanceof Unsupported) return { kind: 'UNSUPPORTED', message: messageOf(error), line: safeLine(error) }
    if (error instanceof Malformed) return { kind: 'MALFORMED', message: messageOf(error), line: safeLine(error) }
    if (error instanceof Unavailable) return { kind: 'UNAVAILABLE', message: messageOf(error) }
  } catch {} // of a proxy
  return { kind: 'PANIC', message: reason(error) }
}

// An Analyzer is made by the function analyzer.
class Analyzer {
  constructor (info, analyze, join) {
    this.info = info
    this.analyze = analyze
    this.join = join
  }

  // answer returns the answer to a file, for tests: an object with packages, findings, problems and the other fields of Answer in
  // analyzer.proto. siblings has the content of siblings by base name. entry is an Entry for an analyzer with the option entries.
  async answer (pathName, data = '', { mode = 0o644, siblings = {}, entry = null } = {}) {
    const files = new Map(Object.entries(siblings).map(([base, content]) =>
      [base, new File(path.posix.join(path.posix.dirname(pathName), base), Buffer.from(content))]))
    const whole = { packages: [], fragments: [], findings: [], records: [], problems: [] }
    for (const a of await answers(this, new File(pathName, Buffer.from(data), mode, files, entry), new Room(RESULT))) {
      for (const field of Object.keys(whole)) if (Array.isArray(whole[field])) whole[field].push(...(a[field] ?? []))
      if (a.distro) whole.distro = a.distro
    }
    return whole
  }
}

// answers returns the messages that answer a file. It throws nothing.
async function answers (analyzer, file, room) {
  const result = new Result(room)
  try {
    const returned = await analyzer.analyze(file, result)
    if (returned !== undefined) throw new TypeError(`the analyzer returned ${kind(returned)}, want nothing: call methods of result instead`)
    return Result.messages(result)
  } catch (error) {
    const problem = failure(error)
    return Result.messages(problem.kind === 'PANIC' ? new Result() : result, problem)
  }
}

// answersOf returns the messages that answer a file from a host, which may be older than entries.
async function answersOf (analyzer, file, room) {
  const missing = analyzer.info.unavailable || (analyzer.info.entries && !file.entry && file.path !== '' && NO_ENTRIES)
  if (missing) return Result.messages(new Result(), { kind: 'UNAVAILABLE', message: missing })
  return answers(analyzer, file, room)
}

// joined returns the messages that answer facts. It throws nothing.
async function joined (analyzer, facts) {
  try {
    const returned = await analyzer.join(facts)
    if (returned !== undefined) throw new TypeError(`join returned ${kind(returned)}, want nothing: call methods of facts instead`)
  } catch (error) {
    return [{ panic: clean(reason(error).slice(0, REASON)) }]
  }
  const responses = []
  let size = MESSAGE
  for (const [i, fact] of facts.entries()) {
    for (const answer of Fact.messages(fact, i)) {
      if (size >= MESSAGE) {
        responses.push({ answers: [] })
        size = 0
      }
      size += sizeOf(answer)
      responses[responses.length - 1].answers.push(answer)
    }
  }
  return responses
}

// analyzer makes an Analyzer of a function of a File and a Result. Raise options.version whenever the result for a file may change,
// because hosts keep results. The options are the fields of Info in analyzer.proto: name, version, patterns, siblings (its field with),
// maxSize, build, contentOnly, namesOnly, magic, contains, early, dataOnly, entries, config, hidden, finds, data, unavailable, list,
// digests, digestsIf, completes. The function join, if any, completes the results of several files: once an image, it gets an array with the Fact of
// each file for which analyze called result.fact, sorted by path.
function analyzer (options, analyze, join) {
  const o = check('the analyzer', infoFields, options)
  if (o.name === undefined || (o.patterns === undefined && !o.config) || !(o.version >= 1)) throw new TypeError('an analyzer needs a name, patterns, and a version of at least 1')
  if (typeof analyze !== 'function') throw new TypeError(`the analyzer is ${kind(analyze)}, want function`)
  if (join !== undefined && typeof join !== 'function') throw new TypeError(`join is ${kind(join)}, want function`)
  return new Analyzer({
    name: o.name,
    version: o.version,
    patterns: o.patterns,
    with: o.siblings,
    max_size: o.maxSize,
    build: o.build,
    content_only: o.contentOnly,
    names_only: o.namesOnly,
    magic: o.magic,
    contains: o.contains,
    early: o.early,
    data_only: o.dataOnly,
    entries: o.entries,
    config: o.config,
    hidden: o.hidden,
    finds: o.finds,
    data: o.data,
    unavailable: o.unavailable,
    list: o.list,
    digests: o.digests,
    digests_if: o.digestsIf,
    completes: o.completes,
    joins: join !== undefined
  }, analyze, join)
}

// send writes a message, and waits until the host takes more.
function send (stream, message) {
  return new Promise(resolve => {
    if (stream.write(message) || stream.destroyed) return resolve()
    const ready = () => {
      stream.off('drain', ready).off('close', ready)
      resolve()
    }
    stream.on('drain', ready).on('close', ready)
  })
}

// requests returns an iterator that leaves the stream open for answers.
function requests (stream) { return stream.iterator({ destroyOnReturn: false }) }

// handleJoin answers the facts of an image.
async function handleJoin (analyzers, stream) {
  const facts = []
  const room = new Room(RESULT)
  let analyzer
  for await (const request of requests(stream)) {
    analyzer = analyzers[request.analyzer]
    for (const f of request.facts) facts.push(new Fact(f.path, f.data, room))
  }
  if (analyzer) for (const response of await joined(analyzer, facts)) await send(stream, response)
  stream.end()
}

// handle assembles files from their consecutive parts, and answers each.
async function handle (analyzers, stream) {
  let credit = CREDIT
  let first = null
  let pieces = new Map()
  for await (const request of requests(stream)) {
    let batch = []
    let size = 0
    for (const part of request.parts) {
      first ??= part
      const base = part.sibling.toString('latin1') // keeps all bytes
      if (!pieces.has(base)) pieces.set(base, { mode: part.mode, data: [] })
      pieces.get(base).data.push(part.data)
      if (part.more) continue
      if (!part.cancel) {
        const { data, mode } = pieces.get('') ?? { data: [], mode: 0 }
        const directory = first.path.subarray(0, first.path.lastIndexOf(0x2f) + 1)
        let gain = 4096
        const siblings = new Map()
        for (const [base, piece] of pieces) {
          gain += 16 * piece.data.reduce((n, d) => n + d.length, 0)
          const name = Buffer.from(base, 'latin1')
          if (base !== '') siblings.set(name.toString(), new File(Buffer.concat([directory, name]), Buffer.concat(piece.data), piece.mode))
        }
        for (const x of first.entry?.xattrs ?? []) gain += 16 * (x.name.length + x.value.length)
        credit = Math.min(credit + gain, CREDIT)
        const file = new File(first.path, Buffer.concat(data), mode, siblings, entryOf(first.entry))
        for (const answer of await answersOf(analyzers[first.analyzer], file, new Room(Math.min(RESULT, credit - 2048)))) {
          const n = costOf(answer)
          credit -= n
          if (batch.length > 0 && size + n > MESSAGE) {
            await send(stream, { answers: batch })
            batch = []
            size = 0
          }
          batch.push({ ...answer, file: first.file })
          size += n
        }
      }
      first = null
      pieces = new Map()
    }
    if (batch.length > 0) await send(stream, { answers: batch })
  }
  stream.end()
}

const hosted = process.env.HULLMARK_PLUGIN === 'analyzer'
// Standard output carries the handshake, so nothing else may print there. This happens before the analyzer can print.
if (hosted) process.stdout.write = process.stderr.write.bind(process.stderr)

// serve runs analyzers as a plugin until the host closes it or ends. It is the last call of a program. If no host started the program, it
// prints an explanation and exits with 1.
function serve (...analyzers) {
  for (const a of analyzers) {
    if (!(a instanceof Analyzer)) throw new TypeError(`serve takes analyzers, which the function analyzer makes; got ${kind(a)}`)
  }
  const fail = message => {
    fs.writeSync(2, message + '\n')
    process.exit(1)
  }
  if (!hosted) fail(`This is a plugin of Hullmark: hullmark scan --plugin ${process.argv[1]}`)
  if (!(process.env.PLUGIN_PROTOCOL_VERSIONS ?? '').split(',').includes('1')) fail('hullmark-plugin: the host does not support version 1 of the protocol')
  let grpc, loader
  try {
    grpc = require('@grpc/grpc-js')
    loader = require('@grpc/proto-loader')
  } catch (error) {
    fail(`hullmark-plugin: ${messageOf(error).split('\n')[0]}; package.json names what the plugin needs`)
  }
  const definition = loader.loadSync(path.join(__dirname, 'analyzer.proto'), { keepCase: true, defaults: true, longs: String })
  const server = new grpc.Server({ 'grpc.max_receive_message_length': 16 << 20 })
  server.addService(grpc.loadPackageDefinition(definition).hullmark.plugin.v1.AnalyzerPlugin.service, {
    Describe: (call, reply) => reply(null, { analyzers: analyzers.map(a => a.info) }),
    Analyze: stream => handle(analyzers, stream).catch(error => stream.destroy(error)),
    Join: stream => handleJoin(analyzers, stream).catch(error => stream.destroy(error))
  })
  const certificate = require('./certificate').create()
  const credentials = grpc.ServerCredentials.createSsl(Buffer.from(process.env.PLUGIN_CLIENT_CERT),
    [{ private_key: certificate.key, cert_chain: certificate.pem }], true)
  const socket = path.join(process.env.PLUGIN_UNIX_SOCKET_DIR ?? '', 's')
  const windows = process.platform === 'win32'
  server.bindAsync(windows ? '127.0.0.1:0' : 'unix:' + socket, credentials, (error, port) => {
    if (error) fail(`hullmark-plugin: ${error.message}`)
    const address = windows ? `tcp|127.0.0.1:${port}` : `unix|${socket}`
    fs.writeSync(1, `1|1|${address}|grpc|${certificate.der.toString('base64').replace(/=+$/, '')}\n`)
  })
  process.stdin.on('end', () => process.exit(0)).on('error', () => process.exit(0)).resume() // the host closed the plugin or died
}

module.exports = { Analyzer, Entry, Fact, File, Malformed, Result, Unavailable, Unsupported, analyzer, serve }
