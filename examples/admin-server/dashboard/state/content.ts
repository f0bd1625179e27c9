/** Reads all that will be signed, and sees that the pages belong together. @module */

import { api } from '../api.ts'
import { ProblemError, problemOf } from '../problem.ts'
import type { ContentHead, ContentItem, ContentPage } from '../types.ts'
import { retryDelay } from './load.ts'

/** All pages, in order. */
export type Content = { readonly head: ContentHead; readonly items: readonly ContentItem[] }

const pageSize = 50
const fixed = ['digest', 'chainId', 'account', 'cadenceHash', 'cadence', 'computeLimit'] as const

const changedMeanwhile = (detail: string) =>
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
  if (differs) throw changedMeanwhile(`Its ${differs} changed between two pages.`)
  const all = [...(got?.items ?? []), ...items]
  if (all.some((item, index) => item.index !== index))
    throw changedMeanwhile('Items are missing or out of order.')
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
    throw changedMeanwhile('Its digest is not the digest of the request.')
  if (content.items.length !== expected.count)
    throw changedMeanwhile(`${content.items.length} items came, of ${expected.count}.`)
}

/** @param onPage - Called after each page with what is there by then. */
export async function loadContent(
  id: string,
  expected: { readonly digest: string; readonly count: number },
  onPage: (content: Content) => void,
  signal: AbortSignal,
): Promise<Content> {
  let content: Content | undefined
  for (let after: string | number = -1; ; ) {
    const page: ContentPage = await patiently(
      () => api.content(id, { after, limit: pageSize }, signal),
      signal,
    )
    content = addPage(content, page)
    onPage(content)
    if (page.next === null) break
    if (page.items.length === 0) throw changedMeanwhile('A page came without items.')
    after = page.next
  }
  assertComplete(content, expected)
  return content
}

/** Twenty pages may meet a rate limit: waits as long as the server says, five times at most. */
async function patiently<T>(load: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await load()
    } catch (thrown) {
      const problem = problemOf(thrown)
      const delay = problem?.status === 429 ? retryDelay(problem) : undefined
      if (delay === undefined || tries > 5) throw thrown
      await new Promise((resolve) => setTimeout(resolve, delay * 1000))
      signal.throwIfAborted()
    }
  }
}
