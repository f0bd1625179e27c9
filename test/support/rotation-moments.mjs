/**
 * Moments of a rotation at which its process can be made to die, put around everything that it asks of
 * others: access node, KMS, the store of rotations, stores of proposal keys. Nothing of the workflow
 * knows of them. A moment is counted from 0 in each step, and a step begins when its name is stored, or
 * read by a process that goes on. @module
 */

/**
 * @param {{ step: string, moment: number | 'last' } | undefined} trap `last`: just before the next step
 *   is stored, which a trap with a number comes to, too, when the step has fewer moments
 * @param {(line: object) => void} say told of each new step, and just before the end
 */
export function rotationMoments(trap, say) {
  let step
  let moment = 0
  function die(at) {
    say({ say: 'trapped', step, moment, at })
    process.kill(process.pid, 'SIGKILL')
  }
  function pass(at) {
    if (trap && step === trap.step && moment === trap.moment) die(at)
    moment += 1
  }
  function enter(next, at) {
    if (next === step) return pass(at)
    if (step !== undefined) say({ say: 'left', step, moments: moment })
    step = next
    moment = 0
    say({ say: 'step', step })
    pass(at)
  }
  const around = (name, run) =>
    async function passing(...args) {
      pass(`before ${name}`)
      const result = await run.apply(this, args)
      pass(`after ${name}`)
      return result
    }
  const writing =
    (name, run) =>
    async (record, ...rest) => {
      if (step !== undefined && record.step !== step && step === trap?.step) die(`before ${name}`)
      pass(`before ${name}`)
      const isStored = await run(record, ...rest)
      if (isStored) enter(record.step, `after ${name}`)
      return isStored
    }
  const wrapAll = (object, prefix) =>
    Object.fromEntries(
      Object.entries(object).map(([name, value]) => [
        name,
        typeof value === 'function' ? around(`${prefix}.${name}`, value.bind(object)) : value,
      ]),
    )
  return {
    fetch: (run) => async (url, init) => {
      const name = `${init?.method ?? 'GET'} ${new URL(String(url)).pathname.split('/')[2]}`
      return around(name, run)(url, init)
    },
    kms(client) {
      const { send } = client
      client.send = (command, ...rest) =>
        around(command.constructor.name, send).call(client, command, ...rest)
    },
    pool: (store) => wrapAll(store, 'pool'),
    rotations: (store) => ({
      ...wrapAll(store, 'rotations'),
      begin: writing('begin', store.begin),
      replace: writing('replace', store.replace),
      async read(address) {
        const record = await store.read(address)
        if (record?.state === 'open') enter(record.step, 'read')
        return record
      },
    }),
  }
}
