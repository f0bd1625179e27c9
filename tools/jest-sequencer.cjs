/**
 * The order of test files where Jest knows no durations yet, as in a fresh clone: by their size, which
 * says little, so that a long one may begin last and run alone. Those known to be long come first. @module
 */
const { join } = require('node:path')

// Jest's own, found as Jest finds it: the package is no dependency of ours.
const core = require.resolve('@jest/core', { paths: [require.resolve('jest')] })
const { default: Sequencer } = require(require.resolve('@jest/test-sequencer', { paths: [core] }))

/** Paths below test, the longest first. A test asks that they are there. */
const long = [
  'contract/stores.test.ts',
  'unit/aws/policy-oracle.test.ts',
  'contract/relay-model.test.ts',
  'contract/pool-model.test.ts',
  'unit/signing-service/sql-ledger.test.ts',
  'unit/relay/loops.test.ts',
  'unit/admin-server/approvals/model.test.ts',
  'contract/signers.test.ts',
  'unit/admin-server/audit/manipulations.test.ts',
  'unit/crypto/transaction.test.ts',
  'contract/sealed-key-stores.test.ts',
  'unit/admin-server/audit/mutation.test.ts',
  'unit/relay/delivery.test.ts',
  'integration/examples.test.ts',
  'integration/rotation-kills.test.ts',
  'integration/rotation-load.test.ts',
  'integration/relay-crashes.test.ts',
  'integration/enclave-image.test.ts',
  'integration/store-postgres.test.ts',
  'integration/cli.test.ts',
  'integration/relay-lost-replies.test.ts',
  'integration/relay-expiry.test.ts',
  'integration/relay-processes.test.ts',
  'integration/relay-restarted-chain.test.ts',
  'integration/sealed-key-kills.test.ts',
  'integration/rotation-matrix.test.ts',
  'integration/relay-doubt.test.ts',
  'integration/store-outage.test.ts',
]

/** @typedef {{ path: string, duration?: number, context: { config: { rootDir: string } } }} Test */

module.exports = class extends Sequencer {
  static long = long

  /**
   * @param {Test[]} tests
   * @returns {Test[]}
   */
  sort(tests) {
    const rank = (/** @type {Test} */ { path, duration, context }) => {
      if (duration !== undefined) return long.length
      const at = long.findIndex((name) => join(context.config.rootDir, 'test', name) === path)
      return at < 0 ? long.length : at
    }
    // The sort is stable: what is not known to be long keeps the order that Jest gave it.
    return super.sort(tests).sort((a, b) => rank(a) - rank(b))
  }
}
