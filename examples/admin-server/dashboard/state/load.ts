/** Loads for a view, tries again where that helps, and follows changes. @module */

import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { type Problem, problemOf, retryDelay } from '../problem.ts'
import { onChanged } from './live.ts'

/** What is known so far. Older data stays while newer is on its way. */
export type Loaded<T> = {
  readonly data?: T
  readonly problem?: Problem
  readonly loading: boolean
  readonly reload: () => void
}

/**
 * @param load - Called anew whenever `inputs` change.
 * @param follow - Whether a changed request means that the data is old.
 */
export function useLoad<T>(
  load: (signal: AbortSignal) => Promise<T>,
  inputs: readonly unknown[],
  follow?: (ids: ReadonlySet<string>) => boolean,
): Loaded<T> {
  const [state, setState] = useState<Omit<Loaded<T>, 'reload'>>({ loading: true })
  const [round, setRound] = useState(0)
  const reload = useCallback(() => setRound((n) => n + 1), [])

  useEffect(() => {
    const controller = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    setState((before) => ({ ...before, loading: true }))
    load(controller.signal).then(
      (data) => controller.signal.aborted || setState({ data, loading: false }),
      (thrown: unknown) => {
        const problem = problemOf(thrown)
        if (controller.signal.aborted || !problem) return
        setState(({ data }) => ({ ...(data ? { data } : {}), problem, loading: false }))
        const delay = retryDelay(problem)
        if (delay !== undefined) timer = setTimeout(reload, delay * 1000)
      },
    )
    return () => {
      controller.abort()
      clearTimeout(timer)
    }
  }, [...inputs, round])

  const follower = useRef(follow)
  follower.current = follow
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const end = onChanged((ids) => {
      if (timer !== undefined || follower.current?.(ids) !== true) return
      // Many changes come in one burst; one reload a second is enough for people.
      timer = setTimeout(() => {
        timer = undefined
        reload()
      }, 1_000)
    })
    return () => {
      end()
      clearTimeout(timer)
    }
  }, [reload])

  return { ...state, reload }
}
