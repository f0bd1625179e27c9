/** What becomes of fcl-kms-authorizer on a 500+500 account: tried, not quoted. @module */
import { fileURLToPath } from 'node:url'
import { runNode } from './run-node.mjs'
import { waitForSeal } from './seal.mjs'
import { takeCounts } from './transactions.mjs'

const program = fileURLToPath(new URL('./peer-weighted.mjs', import.meta.url))

/**
 * @param servers From `startServers`.
 * @param account The account with two keys.
 * @returns One entry for each way: its counts, and `failure` unless the transaction was executed.
 */
export async function attemptWeightedPeer(servers, { address, keyIds }, signal) {
  const { flow, flowProxy, countedKmsConfig } = servers
  const attempts = {}
  for (const way of ['all-roles', 'proposer-apart']) {
    takeCounts(servers)
    const { code, stdout, stderr } = await runNode(
      [
        program,
        flowProxy.url,
        JSON.stringify(countedKmsConfig),
        address,
        JSON.stringify(keyIds),
        way,
      ],
      { signal, timeoutMs: 30_000 },
    )
    const [, id] = /^sent ([0-9a-f]{64})/m.exec(stdout) ?? []
    const counts = takeCounts(servers)
    const refusal =
      id === undefined
        ? `its process ended with exit code ${code}: ${errorLine(stderr)}`
        : await waitForSeal(flow.url, id).catch((error) => error.message)
    attempts[way] = { counts, ...(refusal === undefined ? {} : { failure: refusal }) }
  }
  return attempts
}

/** The line that names the error, out of the stack around it. @param {string} stderr */
const errorLine = (stderr) =>
  stderr
    .split('\n')
    .find((line) => /^\s*(Uncaught )?\w*Error: /.test(line))
    ?.trim()
    .slice(0, 160) ?? 'it said nothing'
