import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import tls, { type ConnectionOptions, type SecureVersion } from 'node:tls'
import { pinnedLookup } from '../../../../examples/admin-server/src/webhooks/address-guard.ts'
import { postWebhook } from '../../../../examples/admin-server/src/webhooks/post.ts'
import { createCertificate } from '../webhooks/certificate.ts'

// What an old version needs today: the guard must be in the way, and not these defaults.
const defaults = {
  DEFAULT_MIN_VERSION: tls.DEFAULT_MIN_VERSION,
  DEFAULT_CIPHERS: tls.DEFAULT_CIPHERS,
}
const ciphers = 'DEFAULT@SECLEVEL=0'
const certificate = createCertificate(['hooks.example.com'])

beforeAll(() => Object.assign(tls, { DEFAULT_MIN_VERSION: 'TLSv1', DEFAULT_CIPHERS: ciphers }))
afterAll(() => Object.assign(tls, defaults))

/** @returns What came of a webhook to a receiver that speaks this version only. */
async function postBy(version: SecureVersion) {
  const received: (string | null)[] = []
  const options = { ...certificate, ciphers, minVersion: version, maxVersion: version }
  const server = createServer(options, ({ socket }, response) => {
    received.push('getProtocol' in socket ? (socket as tls.TLSSocket).getProtocol() : null)
    response.writeHead(204).end()
  })
  server.on('tlsClientError', () => undefined)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // it listens on TCP
  const dial = (given: ConnectionOptions) =>
    tls.connect({ ...given, port, lookup: pinnedLookup(['127.0.0.1']) })
  const message = { url: 'https://hooks.example.com/x', headers: {}, body: '{}' }
  const outcome = await postWebhook(message, {
    resolve: async () => ['93.184.216.34'],
    dial,
    certificateAuthority: certificate.cert,
  })
  server.closeAllConnections()
  server.close()
  return { outcome, received }
}

describe('a webhook', () => {
  it('sends nothing by TLS 1.1', async () => {
    expect(await postBy('TLSv1.1')).toEqual({ outcome: { errorCode: 'TLS_FAILED' }, received: [] })
  })

  it('is sent by TLS 1.2', async () => {
    expect(await postBy('TLSv1.2')).toEqual({ outcome: { status: 204 }, received: ['TLSv1.2'] })
  })
})
