/** Reads all that will be signed, page after page. @module */

import { api } from '../api.ts'
import { problemOf, retryDelay } from '../problem.ts'
import type { ContentPage } from '../types.ts'
import { addPage, assertComplete, type Content, contentInconsistent } from './content-pages.ts'

const pageSize = 100

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
    if (page.items.length === 0) throw contentInconsistent('A page came without items.')
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
