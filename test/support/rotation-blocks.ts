/**
 * What an account's keys weigh at each block: that nobody is locked out on the way of a rotation and
 * nobody gains. It knows nothing of plans and records: the chain alone is asked. @module
 */

import type { HashAlgorithm } from '../../src/index.ts'

/** A key of an account, as a node tells it. */
export type ChainKey = {
  readonly keyIndex: number
  /** 128 lower-case digits. */
  readonly publicKey: string
  readonly hashAlgorithm: HashAlgorithm
  readonly weight: number
  readonly revoked: boolean
}

/** What has to hold from one block to another. */
export type WeightRules = {
  /** The true node, not a proxy. */
  readonly url: string
  readonly address: string
  /** What each holder weighs before, by public key. */
  readonly before: ReadonlyMap<string, number>
  /** Public keys of the holder whose key is rotated: the old one first, then those that came. */
  readonly rotated: readonly string[]
  /** The old key goes before the new one comes: meanwhile its holder weighs nothing. */
  readonly cut?: boolean
}

/** What was read. */
export type CheckedBlocks = {
  readonly blocks: number
  /** States of the keys that differ from the one before, the first included. */
  readonly states: number
  /** One sentence for each block and breach; empty is good. */
  readonly faults: readonly string[]
}

/** Reads at a time: more would only wait for the emulator's one lock. */
const LANES = 4
const THRESHOLD = 1_000

/** Looks at each block from `from` to `to`, both included. */
export async function checkWeights(
  rules: WeightRules,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<CheckedBlocks> {
  const states: string[] = []
  const faults: (readonly string[])[] = []
  let next = from
  async function lane(): Promise<void> {
    for (let height = next++; height <= to; height = next++) {
      const keys = await readKeys(rules.url, rules.address, height)
      states[height - from] = keys.map(({ weight, revoked }) => `${weight}${revoked}`).join(' ')
      faults[height - from] = breachesAt(rules, keys).map((text) => `block ${height}: ${text}`)
    }
  }
  await Promise.all(Array.from({ length: LANES }, lane))
  return {
    blocks: faults.length,
    states: states.filter((state, index) => state !== states[index - 1]).length,
    faults: faults.flat(),
  }
}

/** What is wrong with these keys. */
export function breachesAt(
  { before, rotated, cut = false }: Omit<WeightRules, 'url' | 'address'>,
  keys: readonly ChainKey[],
): readonly string[] {
  const [old = ''] = rotated
  const holderOf = (publicKey: string) => (rotated.includes(publicKey) ? old : publicKey)
  const weights = new Map([...before.keys()].map((holder) => [holder, 0]))
  const strangers: string[] = []
  for (const { keyIndex, publicKey, weight, revoked } of keys) {
    if (revoked) continue
    const holder = holderOf(publicKey)
    if (!before.has(holder)) strangers.push(`key ${keyIndex} is nobody's`)
    weights.set(holder, (weights.get(holder) ?? 0) + weight)
  }
  const sum = [...weights.values()].reduce((total, weight) => total + weight, 0)
  const wrong = [...weights].flatMap(([holder, weight]) => {
    const due = before.get(holder) ?? 0
    const name = `${holder === old ? 'the rotated holder' : holder.slice(0, 8)} weighs ${weight}`
    if (weight > due) return [`${name}, more than ${due}`]
    return weight < due && !(cut && holder === old && weight === 0)
      ? [`${name}, less than ${due}`]
      : []
  })
  const locked = sum < THRESHOLD ? [`all weigh ${sum} together: nobody can sign`] : []
  return [...locked, ...strangers, ...wrong]
}

/** @returns All keys of the account at a block, revoked ones too. */
export async function readKeys(
  url: string,
  address: string,
  height: number | 'sealed',
): Promise<readonly ChainKey[]> {
  type Account = {
    readonly keys: readonly {
      readonly index: string
      readonly public_key: string
      readonly hashing_algorithm: HashAlgorithm
      readonly weight: string
      readonly revoked: boolean
    }[]
  }
  const path = `/v1/accounts/${address.slice(2)}?block_height=${height}&expand=keys`
  const { keys }: Account = await getJson(`${url}${path}`)
  return keys.map((key) => ({
    keyIndex: Number(key.index),
    publicKey: key.public_key.replace(/^0x/, '').toLowerCase(),
    hashAlgorithm: key.hashing_algorithm,
    weight: Number(key.weight),
    revoked: key.revoked,
  }))
}

/** The height of the latest sealed block. */
export async function sealedHeight(url: string): Promise<number> {
  type Block = { readonly header: { readonly height: string } }
  const [block]: readonly Block[] = await getJson(`${url}/v1/blocks?height=sealed`)
  return Number(block?.header.height)
}

/**
 * The caller states the shape, which the emulator's own documents give. Asked again while the emulator
 * makes a block, when it answers 500 to anything.
 */
export async function getJson<T>(url: string, deadlineMs = 10_000): Promise<T> {
  for (const deadline = Date.now() + deadlineMs; ; ) {
    const reply = await fetch(url)
    const text = await reply.text()
    if (reply.ok) return JSON.parse(text)
    if (Date.now() > deadline) throw new Error(`${url}: ${reply.status} ${text.slice(0, 200)}`)
  }
}
