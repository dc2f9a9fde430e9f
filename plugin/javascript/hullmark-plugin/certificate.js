'use strict'
// Node.js creates keys and signatures, but no certificates. This file writes the one form that a plugin needs, in DER.
const crypto = require('node:crypto')

// tlv returns an element of DER: a tag, the length and the content.
function tlv (tag, ...contents) {
  const content = Buffer.concat(contents)
  const n = content.length
  const length = n < 0x80 ? [n] : n < 0x100 ? [0x81, n] : [0x82, n >> 8, n & 0xff]
  return Buffer.concat([Buffer.from([tag, ...length]), content])
}

const hex = text => Buffer.from(text, 'hex')
const sequence = (...contents) => tlv(0x30, ...contents)
const ecdsaWithSHA256 = sequence(hex('06082a8648ce3d040302'))
const commonName = sequence(tlv(0x31, sequence(hex('0603550403'), tlv(0x0c, Buffer.from('localhost')))))
const subjectAltName = sequence(hex('0603551d11'), tlv(0x04, sequence(tlv(0x82, Buffer.from('localhost')))))
const basicConstraints = sequence(hex('0603551d130101ff'), tlv(0x04, sequence(hex('0101ff')))) // critical, CA

// time returns a day as a UTCTime: years from 1950 to 2049.
function time (date) {
  return tlv(0x17, Buffer.from(date.toISOString().replace(/[-:T]/g, '').slice(2, 8) + '000000Z'))
}

// create returns the key in PEM, and a certificate for localhost that it signed, in PEM and DER. It is valid from yesterday for a year.
exports.create = function () {
  const { privateKey, publicKey } = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const day = 24 * 3600 * 1000
  const serial = crypto.randomBytes(16)
  serial[0] = serial[0] & 0x7f | 0x40 // positive, and of the shortest form
  const signed = sequence(
    tlv(0xa0, hex('020102')), tlv(0x02, serial), ecdsaWithSHA256, commonName,
    sequence(time(new Date(Date.now() - day)), time(new Date(Date.now() + 365 * day))), commonName,
    publicKey.export({ type: 'spki', format: 'der' }),
    tlv(0xa3, sequence(subjectAltName, basicConstraints)))
  const signature = crypto.sign('sha256', signed, privateKey)
  const der = sequence(signed, ecdsaWithSHA256, tlv(0x03, hex('00'), signature))
  return {
    key: Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' })),
    pem: Buffer.from(`-----BEGIN CERTIFICATE-----\n${der.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`),
    der
  }
}
