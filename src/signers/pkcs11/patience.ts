/** How long each task of a process may take: its time begins when a session is free for it. @module */

/** Times of tasks, by their numbers. */
export type Patience = {
  /** The next task in the order in which the process serves them. */
  readonly begin: (number: number, task: TimedTask) => void
  /** The task is over: the time of the one that follows begins. */
  readonly end: (number: number) => void
  readonly endAll: () => void
}

/** A task as far as its time is concerned. */
export type TimedTask = {
  readonly timeoutMs: number
  /** One that needs none, such as `close`, waits for nobody. */
  readonly needsSession: boolean
}

/** @param onLate - Called for a task that has had `timeoutMs` of a session and is not over. */
export function createPatience(
  sessions: number,
  onLate: (number: number, timeoutMs: number) => void,
): Patience {
  const line = new Map<number, TimedTask>() // no session is free for them yet
  const running = new Map<number, TimedTask & { readonly timer: NodeJS.Timeout }>()
  let busy = 0 // sessions

  function start(number: number, task: TimedTask): void {
    if (task.needsSession) busy += 1
    const timer = setTimeout(() => onLate(number, task.timeoutMs), task.timeoutMs)
    running.set(number, { ...task, timer })
  }

  return Object.freeze({
    begin(number, task) {
      if (task.needsSession && busy >= sessions) line.set(number, task)
      else start(number, task)
    },
    end(number) {
      line.delete(number)
      const over = running.get(number)
      if (over === undefined) return
      clearTimeout(over.timer)
      running.delete(number)
      if (!over.needsSession) return
      busy -= 1
      const [next] = line
      if (next === undefined) return
      line.delete(next[0])
      start(...next)
    },
    endAll() {
      line.clear()
      for (const { timer } of running.values()) clearTimeout(timer)
      running.clear()
      busy = 0
    },
  } satisfies Patience)
}
