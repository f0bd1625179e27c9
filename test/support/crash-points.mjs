/**
 * Moments in the way of a job at which a process can be made to die, to stand still or to be busy,
 * put around store, signer and fetch: nothing of the relay knows of them. After a step that gives
 * nothing (`claim`, `lease`) no point is passed. @module
 */

const acts = {
  kill: () => process.kill(process.pid, 'SIGKILL'),
  stop: () => process.kill(process.pid, 'SIGSTOP'),
  block: (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms),
}

/**
 * @param {{ point: string, nth: number, act: 'kill' | 'stop' | 'block', ms?: number } | undefined} trap
 * @param {() => void} onTrapped told just before
 */
export function crashPoints(trap, onTrapped) {
  let passed = 0
  function pass(point) {
    if (point !== trap?.point || ++passed !== trap.nth) return
    onTrapped()
    acts[trap.act](trap.ms)
  }
  const around = (before, run, after, gave = () => true) => {
    return async (...args) => {
      if (before) pass(before)
      const result = await run(...args)
      if (after && gave(result)) pass(after)
      return result
    }
  }
  const some = (rows) => rows.length > 0
  const isSend = (url, init) => init?.method === 'POST' && /\/v1\/transactions$/.test(String(url))
  return {
    store: (store) => ({
      ...store,
      addJobs: around(undefined, store.addJobs, 'accept'),
      claimJobs: around(undefined, store.claimJobs, 'claim', some),
      leaseKeys: around(undefined, store.leaseKeys, 'lease', some),
      openAttempts: around('pre-open', store.openAttempts, 'post-open'),
      settleAttempts: around('pre-settle', store.settleAttempts, 'post-settle'),
    }),
    signer: (signer) => ({ ...signer, sign: around('pre-sign', signer.sign, 'post-sign') }),
    fetch: (fetch) => {
      const send = around('pre-send', fetch, 'post-send')
      return (url, init) => (isSend(url, init) ? send(url, init) : fetch(url, init))
    },
  }
}
