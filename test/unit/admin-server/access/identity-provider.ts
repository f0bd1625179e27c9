/** An identity provider on loopback: keys that it publishes, and counts who asks. @module */

import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, type JWK } from 'jose'

export type IdentityProvider = {
  readonly issuer: string
  readonly jwksUrl: string
  /** Paths that were asked for, in order. */
  readonly asked: readonly string[]
  /** What it answers with from now on. */
  readonly answer: (status: number, body: string, location?: string) => void
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/** A key pair, and the public half as it is published. */
export async function makeKey(alg: string, kid: string) {
  const pair = await generateKeyPair(alg, { extractable: true })
  return { ...pair, jwk: { ...(await exportJWK(pair.publicKey)), kid, alg, use: 'sig' } }
}

export async function startIdentityProvider(keys: readonly JWK[]): Promise<IdentityProvider> {
  let reply = { status: 200, body: JSON.stringify({ keys }), location: '' }
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    const { status, body, location } = reply
    response.writeHead(status, {
      'content-type': 'application/json',
      ...(location === '' ? {} : { location }),
    })
    response.end(body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // it listens on TCP
  const issuer = `http://127.0.0.1:${port}`
  return {
    issuer,
    jwksUrl: `${issuer}/keys`,
    asked,
    answer: (status, body, location = '') => {
      reply = { status, body, location }
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
