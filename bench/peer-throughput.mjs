/** fcl-kms-authorizer on its own best path, one KMS key of weight 1000: at once, and one after another. @module */
import * as fcl from '@onflow/fcl'
import { KmsAuthorizer as PeerAuthorizer } from 'fcl-kms-authorizer'
import { noop } from './rest-transaction.mjs'
import { watchSeals } from './seal-watch.mjs'

/**
 * @param {string} url
 * @param kmsConfig Of the endpoint.
 * @param account From `createFullKmsAccount`.
 * @returns How many were executed without an error, and milliseconds to the last seal
 */
export async function measurePeer(url, kmsConfig, { address, keyId }, { count, signal }) {
  const authz = new PeerAuthorizer(kmsConfig, keyId).authorize(address, 0)
  const watch = await watchSeals(url, signal)
  const send = async () => watch.sealed(await fcl.mutate({ cadence: noop, authz, limit: 100 }))
  const measure = async (run) => {
    const started = performance.now()
    const ends = await run()
    const executed = ends.filter(({ value }) => value?.error === '').length
    return { executed, ms: performance.now() - started }
  }
  try {
    await send() // warms up
    const concurrent = await measure(() => Promise.allSettled(Array.from({ length: count }, send)))
    const sequential = await measure(async () => {
      const ends = []
      for (let sent = 0; sent < count; sent++) ends.push(...(await Promise.allSettled([send()])))
      return ends
    })
    return { count, concurrent, sequential }
  } finally {
    watch.stop()
  }
}
