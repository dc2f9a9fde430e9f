#!/usr/bin/env node
// A Hullmark plugin in JavaScript that reports the packages in *.versions files. A line has a name and a version.
//
// It needs the packages @grpc/grpc-js and @grpc/proto-loader, the openssl command, and analyzer.proto in its directory.
'use strict'
const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const grpc = require('@grpc/grpc-js')
const loader = require('@grpc/proto-loader')

const info = { name: 'node', version: 1, patterns: ['**/*.versions'], max_size: 1 << 20 }

// analyze returns the answer to a file.
function analyze (data) {
  const answer = { packages: [], problems: [] }
  const lines = data.toString('utf8').split('\n')
  if (lines[lines.length - 1] === '') lines.pop()
  for (const [i, line] of lines.entries()) {
    const space = line.indexOf(' ')
    if (space < 1) {
      answer.problems.push({ line: i + 1, message: 'no name and version' })
      continue
    }
    answer.packages.push({ type: 'generic', name: line.slice(0, space), version: line.slice(space + 1) })
  }
  return answer
}

// handle assembles files from their consecutive parts and answers each.
function handle (stream) {
  let parts = []
  stream.on('data', request => {
    const answers = []
    for (const part of request.parts) {
      parts.push(part.data)
      if (part.more) continue
      if (!part.cancel) answers.push({ ...analyze(Buffer.concat(parts)), file: part.file })
      parts = []
    }
    if (answers.length > 0) stream.write({ answers })
  })
  stream.on('end', () => stream.end())
  stream.on('error', () => {})
}

if (process.env.HULLMARK_PLUGIN !== 'analyzer') {
  console.error(`This is a plugin of Hullmark: hullmark scan --plugin ${process.argv[1]}`)
  process.exit(1)
}
// The certificate of this process. The host removes the working directory with the process.
execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '3650',
  '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-keyout', 'key.pem', '-out', 'cert.pem'],
{ stdio: 'ignore', env: { PATH: '/usr/bin:/bin' } })
const key = fs.readFileSync('key.pem')
const cert = fs.readFileSync('cert.pem')

const proto = grpc.loadPackageDefinition(loader.loadSync(path.join(__dirname, 'analyzer.proto'), { keepCase: true, defaults: true }))
const server = new grpc.Server()
server.addService(proto.hullmark.plugin.v1.AnalyzerPlugin.service, {
  Describe: (call, reply) => reply(null, { analyzers: [info] }),
  Analyze: handle
})
const socket = path.join(process.env.PLUGIN_UNIX_SOCKET_DIR, 's')
const credentials = grpc.ServerCredentials.createSsl(Buffer.from(process.env.PLUGIN_CLIENT_CERT),
  [{ private_key: key, cert_chain: cert }], true)
server.bindAsync('unix:' + socket, credentials, error => {
  if (error) throw error
  const der = Buffer.from(cert.toString().trim().split('\n').slice(1, -1).join(''), 'base64')
  console.log(`1|1|unix|${socket}|grpc|${der.toString('base64').replace(/=+$/, '')}`)
})
process.stdin.on('end', () => process.exit(0)).resume() // the host closed the plugin or died
