import { readFileSync } from 'node:fs'
import { createPkcs11Token, type Pkcs11Token } from '../../src/signers/pkcs11/index.ts'
import { type FarToken, findP11KitClient, serveToken } from '../support/p11-kit.ts'
import { startApplication } from '../support/pkcs11-application.ts'
import { childrenOf, countInMemory, isRunning, startOf } from '../support/processes.ts'
import { describePkcs11, makeSoftHsm, type SoftHsm, type SoftToken } from '../support/softhsm.ts'
import { until } from '../support/until.ts'

const message = new TextEncoder().encode('FLOW-V0.0-user, signed in another process')
const question = { message, hashAlgorithm: 'SHA3_256' } as const
const needed = { 'p11-kit p11-kit-modules': findP11KitClient() }

describePkcs11(needed)('the process of a module', () => {
  let hsm: SoftHsm
  let soft: SoftToken
  let far: FarToken
  let token: Pkcs11Token
  beforeAll(async () => {
    hsm = makeSoftHsm()
    soft = hsm.addToken('processes')
    far = await serveToken(hsm, soft)
    token = createPkcs11Token({
      uri: far.uri(),
      env: far.env,
      callTimeoutMs: 300,
      totalTimeoutMs: 30_000,
    })
    await token.createKey({ label: 'key', algorithm: 'ECDSA_P256' })
  })
  afterAll(async () => {
    await token?.close()
    await far?.[Symbol.asyncDispose]()
    hsm?.[Symbol.dispose]()
  })
  const application = (mode: 'go' | 'stay', more: object = {}) =>
    startApplication({ uri: far.uri('object=key'), env: far.env, mode, ...more })

  it('is replaced when a call hangs, while this one goes on', async () => {
    const signer = token.signer({ label: 'key' })
    await signer.sign(question)
    const before = childrenOf(process.pid)
    far.freeze()
    let isOver = false
    const signing = signer.sign(question).finally(() => {
      isOver = true
    })
    let turns = 0
    await until(() => {
      turns += 1 // of the event loop, which a call that blocks would not give
      return before.some((pid) => !isRunning(pid))
    })
    expect({ isOver, went: turns > 1 }).toEqual({ isOver: false, went: true })
    await far.restore()
    expect(await signing).toHaveLength(64)
    expect(childrenOf(process.pid)).not.toEqual(before)
  })

  it('is replaced when the library crashes', async () => {
    await using other = createPkcs11Token({ uri: soft.uri(), env: hsm.env })
    const signer = other.signer({ label: 'key' })
    const others = childrenOf(process.pid)
    await signer.sign(question)
    const [child = 0] = childrenOf(process.pid).filter((pid) => !others.includes(pid))
    const crowd = Array.from({ length: 20 }, () => signer.sign(question))
    process.kill(child, 'SIGSEGV')
    expect(await Promise.all(crowd)).toHaveLength(20)
    expect(isRunning(child)).toBe(false)
  })

  it('ends when the token is closed, and then says so', async () => {
    const other = createPkcs11Token({ uri: soft.uri(), env: hsm.env })
    const others = childrenOf(process.pid)
    const signer = other.signer({ label: 'key' })
    await signer.sign(question)
    const [child = 0] = childrenOf(process.pid).filter((pid) => !others.includes(pid))
    await other.close()
    expect(isRunning(child)).toBe(false)
    await expect(signer.sign(question)).rejects.toMatchObject({ code: 'PKCS11_CLOSED' })
  })

  it('ends when it was idle for as long as was said, and comes back', async () => {
    await using other = createPkcs11Token({ uri: soft.uri(), env: hsm.env, idleTimeoutMs: 1 })
    const others = childrenOf(process.pid)
    const signer = other.signer({ label: 'key' })
    await signer.sign(question)
    await until(() => childrenOf(process.pid).every((pid) => others.includes(pid)))
    expect(await signer.sign(question)).toHaveLength(64)
  })

  it('does not keep an application alive that closes nothing', async () => {
    await using one = await application('go')
    expect(await one.ended).toBe(0)
    expect(one.printed()).toBe('signed\n')
  })

  it('ends with an application that is killed, also while a call hangs', async () => {
    await using one = await application('stay')
    await one.signed(1)
    const [child = 0, ...others] = childrenOf(one.pid)
    expect(others).toEqual([])
    far.freeze()
    one.signAgain()
    await until(() => isInCall(child))
    await one.kill()
    await until(() => !isRunning(child))
    await far.restore()
  })

  it('stays when a signal goes to the whole group, as a terminal sends it', async () => {
    await using one = await application('stay')
    await one.signed(1)
    const [child = 0] = childrenOf(one.pid)
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.kill(child, name)
    one.signAgain()
    await one.signed(2)
    expect(childrenOf(one.pid)).toEqual([child])
  })

  it.each([
    ['a file', false],
    ['a function that gives bytes', true],
  ])('takes the PIN from %s, and leaves no copy of it here', async (_, isFunction) => {
    const uri = isFunction
      ? far.uri('object=key').replace(/&pin-source=.*/, '')
      : far.uri('object=key')
    const more = isFunction ? { pinFile: soft.pinFile } : {}
    await using one = await application('stay', { uri, ...more })
    await one.signed(1)
    const pin = Buffer.from(soft.pin)
    const [child = 0] = childrenOf(one.pid)
    expect(countInMemory(one.pid, pin)).toBe(0)
    // The twin: where it must be, it is found by the same means.
    expect(countInMemory(child, pin)).toBeGreaterThan(0)
    for (const pid of [one.pid, child]) expect(startOf(pid)).not.toContain(soft.pin)
    expect(one.printed()).not.toContain(soft.pin)
    expect(readFileSync(soft.pinFile, 'utf8')).toContain(soft.pin)
  })
})

/** Whether its main thread waits for an answer on a socket, by the system call that it is in. */
const isInCall = (pid: number): boolean =>
  /^(0|7|45|47|232|271) /.test(readFileSync(`/proc/${pid}/syscall`, 'latin1'))
