/** What will be signed for a request, in plain words and in full. @module */

import { AdminError } from '../errors.ts'
import type { RequestContext } from './context.ts'
import { readItems } from './read.ts'
import type { RequestRow } from './rows.ts'

/**
 * Described from the stored arguments, which the decision compares with those of the transaction: what
 * is shown is what is signed.
 *
 * @throws {AdminError} `NOT_FOUND` when the function is not switched on any more; `CONTENT_ALTERED`.
 */
export async function contentOf(
  context: RequestContext,
  row: RequestRow,
  page: { readonly after: number; readonly limit: number },
) {
  const { config, registry } = context
  const enabled = registry.byName(row.function)
  if (enabled === undefined) throw new AdminError('NOT_FOUND', { function: row.function })
  const { template, cadence, cadenceHash } = enabled
  const found = await readItems(context, row.id, { ...page, limit: page.limit + 1 })
  const items = found.slice(0, page.limit).map(({ index, arguments: texts }) => {
    try {
      const values = texts.map((text) => JSON.parse(text))
      const { title, lines } = template.describe(values)
      const recipients = [...template.inspect(values).recipients]
      return { index, title, recipients, lines: [...lines], arguments: values }
    } catch (thrown) {
      // What was taken in can be described, so this was changed since.
      throw new AdminError('CONTENT_ALTERED', { request: row.id, item: index }, thrown)
    }
  })
  return {
    digest: row.digest,
    chainId: config.network.chainId,
    account: config.account.address,
    function: template.name,
    title: template.title,
    cadence,
    cadenceHash,
    computeLimit: template.submission.kind === 'single' ? template.submission.computeLimit : null,
    items,
    next: found.length > page.limit ? (items.at(-1)?.index ?? null) : null,
  }
}
