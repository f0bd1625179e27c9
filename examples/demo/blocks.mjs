/** What the chain itself says: each block, each transaction, each key. Nobody else is believed. */

/** Blocks that are read at a time. */
const LANES = 4

/** @returns The height of the latest sealed block. */
export async function sealedHeight(flow) {
  const [block] = await read(flow, '/v1/blocks?height=sealed')
  return Number(block.header.height)
}

/**
 * @param account - Whose keys are read.
 * @param contract - Address of DropNFT.
 * @returns For each height: `height`, `at` in milliseconds, `keys` of the account, `minted` request ids,
 * and `failed` transactions.
 */
export async function readBlocks(flow, { from, to, account, contract }) {
  const blocks = []
  let next = from
  const minted = `A.${contract.slice(2)}.DropNFT.Minted`
  async function lane() {
    for (let height = next++; height <= to; height = next++) {
      const [[block], { keys }, results] = await Promise.all([
        read(flow, `/v1/blocks?height=${height}`),
        read(flow, `/v1/accounts/${account.slice(2)}?block_height=${height}&expand=keys`),
        read(flow, `/v1/transaction_results?block_height=${height}`),
      ])
      blocks[height - from] = {
        height,
        at: Date.parse(block.header.timestamp),
        keys: keys.map(keyOf),
        minted: results.flatMap(({ events = [] }) =>
          events.filter(({ type }) => type === minted).map(requestIdOf),
        ),
        failed: results.flatMap(({ error_message: message }) => (message ? [message] : [])),
      }
    }
  }
  await Promise.all(Array.from({ length: LANES }, lane))
  return blocks
}

const keyOf = ({ public_key: publicKey, weight, revoked }) => ({
  publicKey: publicKey.replace(/^0x/, '').toLowerCase(),
  weight: Number(weight),
  revoked,
})

function requestIdOf({ payload }) {
  const { value } = JSON.parse(Buffer.from(payload, 'base64').toString())
  return value.fields.find(({ name }) => name === 'requestId').value.value
}

/** Asked again while the emulator makes a block, when it answers 500 to anything. */
async function read({ url }, path, deadlineMs = 10_000) {
  for (const deadline = Date.now() + deadlineMs; ; ) {
    const reply = await fetch(`${url}${path}`)
    const text = await reply.text()
    if (reply.ok) return JSON.parse(text)
    if (Date.now() > deadline) throw new Error(`${path}: ${reply.status} ${text.slice(0, 200)}`)
  }
}
