/** Access node, account, and the weight that the keys reach on it. @module */

import { REQUIRED_WEIGHT } from '../../crypto/account-key-rlp.ts'
import { normalizeAddress } from '../../crypto/address.ts'
import { bytesToHex } from '../../crypto/hex.ts'
import { signerErrorTable } from '../../error-codes.ts'
import { SignerError } from '../../errors.ts'
import { type AccessNodeOptions, connectAccessNode, readChainId } from '../../flow/access-node.ts'
import { readAccount } from '../../flow/accounts.ts'
import type { NodeConnection } from '../../flow/http.ts'
import { type AccountKeyReport, reportKeys, weightOf } from '../accounts/held-keys.ts'
import { flowText } from '../accounts/show-account.ts'
import { checkOf, type Finding } from './finding.ts'
import type { DiagnosedKey } from './key.ts'

/** What to look at on the chain. */
export type ChainQuestion = {
  readonly accessNode: string | AccessNodeOptions | undefined
  readonly address: string | undefined
  readonly chainId: string | undefined
  readonly requiredWeight: number
  readonly signal: AbortSignal | undefined
}

/** Parts of a line about the places of one key. */
const MAX_RUNS = 8

/** @param keys - Those whose public keys could be read are looked for on the account. */
export async function diagnoseAccount(
  question: ChainQuestion,
  keys: readonly DiagnosedKey[],
): Promise<readonly Finding[]> {
  const { accessNode, address } = question
  const nodeCheck = checkOf('access node')
  const accountCheck = checkOf('account', shown(address))
  if (accessNode === undefined)
    return [nodeCheck.skipped('none was given'), accountCheck.skipped('no access node was given')]
  let node: NodeConnection
  let reached: Finding
  try {
    node = connectAccessNode(accessNode)
    reached = await checkChain(node, question)
  } catch (thrown) {
    return [nodeCheck.failed(thrown), accountCheck.skipped('the access node did not answer')]
  }
  if (reached.status === 'problem')
    return [reached, accountCheck.skipped('the access node serves another chain')]
  if (address === undefined) return [reached, accountCheck.skipped('no address was given')]
  try {
    return [reached, ...(await checkAccount(node, address, question, keys))]
  } catch (thrown) {
    return [reached, accountCheck.failed(thrown)]
  }
}

/** What is not an address may be a key passed by mistake. */
const shown = (address?: unknown) =>
  typeof address === 'string' && /^(0x)?[0-9a-f]{16}$/i.test(address) ? address : undefined

async function checkChain(
  node: NodeConnection,
  { chainId: expected, signal }: ChainQuestion,
): Promise<Finding> {
  const check = checkOf('access node')
  const actual = await readChainId(node, { signal })
  return expected === undefined || expected === actual
    ? check.ok(`it serves ${actual}`)
    : check.failed(new SignerError('CHAIN_MISMATCH', { expected, actual }))
}

async function checkAccount(
  node: NodeConnection,
  given: string,
  { requiredWeight, signal }: ChainQuestion,
  keys: readonly DiagnosedKey[],
): Promise<readonly Finding[]> {
  const account = await readAccount(node, normalizeAddress(given), { signal })
  const publicKeys = keys.flatMap(({ keyId, publicKey }) => {
    if (publicKey === undefined) return []
    const { bytes, algorithm } = publicKey
    return [{ publicKey: bytesToHex(bytes), signatureAlgorithm: algorithm, signerId: keyId }]
  })
  const reports = reportKeys(account, publicKeys)
  const found = `${reports.length} keys, ${flowText(account.balance)} FLOW`
  return [
    checkOf('account', account.address).ok(found),
    ...publicKeys.map(({ publicKey, signerId }) =>
      checkOnAccount(
        signerId,
        reports.filter((report) => report.publicKey === publicKey),
      ),
    ),
    checkWeight(account.address, weightOf(reports), requiredWeight),
  ]
}

function checkOnAccount(keyId: string, places: readonly AccountKeyReport[]): Finding {
  const check = checkOf('account key', keyId)
  const usable = places.filter(({ canSign }) => canSign)
  const [first] = usable
  if (first !== undefined) return check.ok(placesText(usable))
  const [place] = places
  if (place === undefined)
    return check.warning(
      'it is not on the account',
      'Add its public key to the account, or leave it out.',
      'KEY_NOT_HELD',
    )
  return place.revoked
    ? check.warning(
        `index ${place.index} is revoked`,
        signerErrorTable.KEY_REVOKED[1],
        'KEY_REVOKED',
      )
    : check.warning(
        `index ${place.index} has hash algorithm ${place.hashAlgorithm}`,
        'Add the key again with SHA3_256 or SHA2_256; no other authorises transactions.',
      )
}

/** Some hundred copies, as a pool has them, are one part of one line. */
function placesText(places: readonly AccountKeyReport[]): string {
  const runs: { first: number; last: number; readonly kind: string }[] = []
  for (const { index, weight, hashAlgorithm } of places) {
    const kind = `${weight}, ${hashAlgorithm}`
    const run = runs.at(-1)
    if (run?.kind === kind && run.last === index - 1) run.last = index
    else runs.push({ first: index, last: index, kind })
  }
  const texts = runs
    .slice(0, MAX_RUNS)
    .map(({ first, last, kind }) => `index ${first === last ? first : `${first}-${last}`}: ${kind}`)
  const more = runs.slice(MAX_RUNS).reduce((sum, { first, last }) => sum + last - first + 1, 0)
  return [...texts, ...(more === 0 ? [] : [`and ${more} more`])].join('; ')
}

function checkWeight(address: string, weight: number, required: number): Finding {
  const check = checkOf('weight', address)
  const fact = `${weight} of ${required}`
  if (weight >= required) return check.ok(fact)
  const remedy =
    required === REQUIRED_WEIGHT
      ? signerErrorTable.WEIGHT_TOO_LOW[1]
      : 'Name the other keys, or put more weight on these.'
  return check.problem(fact, remedy, 'WEIGHT_TOO_LOW')
}
