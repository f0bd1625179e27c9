/** How many accounts a chain has had made, by its events. @module */

const RANGE = 200

/** @param from - The first block that counts. */
export async function countAccountsMade(url: string, from = 1): Promise<number> {
  const to = await latestSealedHeight(url)
  let made = 0
  for (let start = from; start <= to; start += RANGE) {
    const range = `start_height=${start}&end_height=${Math.min(start + RANGE - 1, to)}`
    const reply = await fetch(`${url}/v1/events?type=flow.AccountCreated&${range}`)
    const blocks: readonly { events?: readonly object[] }[] = JSON.parse(await reply.text())
    for (const { events } of blocks) made += events?.length ?? 0
  }
  return made
}

export async function latestSealedHeight(url: string): Promise<number> {
  const reply = await fetch(`${url}/v1/blocks?height=sealed`)
  const [block]: readonly { header: { height: string } }[] = JSON.parse(await reply.text())
  return Number(block?.header.height)
}
