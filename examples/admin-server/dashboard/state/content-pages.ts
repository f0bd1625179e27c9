/** Whether the pages of what will be signed belong together. Pure. @module */

import { ProblemError } from '../problem.ts'
import type { ContentHead, ContentItem, ContentPage } from '../types.ts'

/** All pages, in order. */
export type Content = { readonly head: ContentHead; readonly items: readonly ContentItem[] }

const fixed = ['digest', 'chainId', 'account', 'cadenceHash', 'cadence', 'computeLimit'] as const

/** @returns the error, whose `detail` tells an approver what to do. */
export const contentInconsistent = (detail: string): ProblemError =>
  new ProblemError({
    status: 0,
    code: 'CONTENT_INCONSISTENT',
    title: 'What will be signed could not be read in full',
    detail: `${detail} Do not approve. Load the page anew, and tell an operator if it stays so.`,
  })

/**
 * @param got - What was read up to now.
 * @throws {ProblemError} `CONTENT_INCONSISTENT` when the page is not the next of the same intent.
 */
export function addPage(got: Content | undefined, page: ContentPage): Content {
  const { items, next: _next, ...head } = page
  const differs = got && fixed.find((name) => got.head[name] !== head[name])
  if (differs) throw contentInconsistent(`Its ${differs} changed between two pages.`)
  const all = [...(got?.items ?? []), ...items]
  if (all.some((item, index) => item.index !== index))
    throw contentInconsistent('Items are missing or out of order.')
  return { head, items: all }
}

/**
 * @param expected - What the request says of itself: its digest and how many items it has.
 * @throws {ProblemError} as `addPage`, and when the whole is not what the request says.
 */
export function assertComplete(
  content: Content,
  expected: { readonly digest: string; readonly count: number },
): void {
  if (content.head.digest !== expected.digest)
    throw contentInconsistent('Its digest is not the digest of the request.')
  if (content.items.length !== expected.count)
    throw contentInconsistent(`${content.items.length} items came, of ${expected.count}.`)
}
