/** Loads what will be signed as soon as it is known which request it is. @module */

import { useEffect, useState } from 'preact/hooks'
import { type Problem, problemOf } from '../problem.ts'
import { loadContent } from '../state/content.ts'
import type { Content } from '../state/content-pages.ts'
import type { Request } from '../types.ts'

/** `complete` only once every page is here and the whole fits the request. */
export type ContentState = {
  readonly content?: Content
  readonly complete: boolean
  readonly problem?: Problem
  readonly retry: () => void
}

/** @param request - Undefined until it is loaded; its digest and count must not change afterwards. */
export function useContent(id: string, request: Request | undefined): ContentState {
  const [state, setState] = useState<Omit<ContentState, 'retry'>>({ complete: false })
  const [round, setRound] = useState(0)
  const digest = request?.digest
  const count = request?.items.count

  useEffect(() => {
    if (digest === undefined || count === undefined) return
    const controller = new AbortController()
    const { signal } = controller
    setState({ complete: false })
    const onPage = (content: Content) => {
      if (!signal.aborted) setState({ content, complete: false })
    }
    loadContent(id, { digest, count }, onPage, signal).then(
      (content) => signal.aborted || setState({ content, complete: true }),
      (thrown: unknown) => {
        const problem = problemOf(thrown)
        if (problem && !signal.aborted)
          setState((before) => ({ ...before, complete: false, problem }))
      },
    )
    return () => controller.abort()
  }, [id, digest, count, round])

  return { ...state, retry: () => setRound((n) => n + 1) }
}
