import {
  createPkcs11Token,
  type Pkcs11Options,
  type Pkcs11Token,
} from '../../src/signers/pkcs11/index.ts'
import type { Signer } from '../../src/signers/signer.ts'
import { describeSignerContract } from '../contract/signer-contract.ts'
import { patientToken } from '../support/limits.ts'
import { makeOddModule, type OddModule } from '../support/odd-module.ts'
import { childrenOf } from '../support/processes.ts'
import { describePkcs11, makeSoftHsm, type SoftHsm, type SoftToken } from '../support/softhsm.ts'
import { until } from '../support/until.ts'

const question = {
  message: new TextEncoder().encode('FLOW-V0.0-user, by a module that is not to be trusted'),
  hashAlgorithm: 'SHA3_256',
} as const

describePkcs11()('a module that is odd', () => {
  let hsm: SoftHsm
  let soft: SoftToken
  let odd: OddModule
  let token: Pkcs11Token
  /** Tries no more after a second. */
  let brief: Pkcs11Token
  /** Waits for no call longer than 0.2 s. */
  let hasty: Pkcs11Token
  const open = (more: Partial<Pkcs11Options> = {}) =>
    createPkcs11Token({
      uri: odd.uri(soft),
      env: odd.env,
      ...patientToken,
      ...more,
    })
  /** It signs, though a machine with much to do may take long to start a process. */
  const well = (signer: Signer) =>
    until(async () => (await signer.sign(question).catch(() => undefined))?.length === 64)
  const failure = (asked: Promise<unknown>) =>
    asked.then(
      () => 'it resolved',
      (thrown: unknown) => thrown,
    )
  beforeAll(async () => {
    hsm = makeSoftHsm()
    soft = hsm.addToken('odd')
    odd = makeOddModule(hsm)
    token = open()
    brief = open({ totalTimeoutMs: 1_000 })
    hasty = open({ totalTimeoutMs: 600, callTimeoutMs: 200 })
    const labels = ['ECDSA_P256', 'ECDSA_secp256k1'] as const
    for (const label of labels) await token.createKey({ label, algorithm: label })
  })
  afterEach(() => odd.be(''))
  afterAll(async () => {
    await Promise.all([token?.close(), brief?.close(), hasty?.close()])
    hsm?.[Symbol.dispose]()
  })

  describeSignerContract(
    'a key behind it',
    async (algorithm) => ({
      signer: token.signer({ label: algorithm }),
      hasty: hasty.signer({ label: algorithm }),
      secrets: [soft.pin],
      interrupt: async () => odd.be('device error'),
      freeze: async () => odd.be('hang'),
      corrupt: async (how) => odd.be(how),
      restore: async () => odd.be(''),
    }),
    { algorithms: ['ECDSA_P256'], faults: ['interrupt', 'freeze', 'corrupt'] },
  )

  it.each([
    ['zeros', 'MALFORMED_SIGNATURE', 'refuse'],
    ['short', 'MALFORMED_SIGNATURE', 'refuse'],
    ['long', 'MALFORMED_SIGNATURE', 'refuse'],
    ['nothing', 'MALFORMED_SIGNATURE', 'refuse'],
    ['whole buffer', 'MALFORMED_SIGNATURE', 'refuse'],
    ['flipped-bit', 'SIGNATURE_INVALID', 'refuse'],
    ['other-key', 'SIGNATURE_INVALID', 'refuse'],
    ['crash', 'PKCS11_UNAVAILABLE', 'retry'],
    ['exit', 'PKCS11_UNAVAILABLE', 'retry'],
    ['own value', 'PKCS11_UNAVAILABLE', 'retry'],
    ['garbage', 'PKCS11_UNAVAILABLE', 'retry'],
    ['half an answer', 'PKCS11_UNAVAILABLE', 'retry'],
    ['closes all', 'PKCS11_UNAVAILABLE', 'retry'],
    ['no value', 'PKCS11_UNAVAILABLE', 'retry'],
    ['token gone', 'PKCS11_UNAVAILABLE', 'retry'],
    ['device error', 'PKCS11_UNAVAILABLE', 'retry'],
    ['left over', 'PKCS11_UNAVAILABLE', 'retry'],
    ['hang', 'PKCS11_TIMEOUT', 'retry'],
    ['hang in C_SignInit', 'PKCS11_TIMEOUT', 'retry'],
  ])(
    'answers a signature with %s: %s, and signs when it is well again',
    async (what, code, then) => {
      const asked = then === 'refuse' ? token : code === 'PKCS11_TIMEOUT' ? hasty : brief
      const signer = asked.signer({ label: 'ECDSA_P256' })
      await well(signer)
      odd.be(what)
      expect(await failure(signer.sign(question))).toMatchObject({ code, disposition: then })
      odd.be('')
      await well(signer)
    },
  )

  it.each([
    ['no functions', 'PKCS11_MODULE_UNUSABLE', {}],
    ['hang in C_Initialize', 'PKCS11_TIMEOUT', { startTimeoutMs: 1_000 }],
    ['hang in C_Login', 'PKCS11_TIMEOUT', { startTimeoutMs: 1_000 }],
    ['no sessions', 'PKCS11_UNAVAILABLE', {}],
    ['says locked', 'PKCS11_PIN_REFUSED', {}],
    ['one try left', 'PKCS11_PIN_REFUSED', {}],
    ['PIN locked', 'PKCS11_PIN_REFUSED', {}],
    ['PIN expired', 'PKCS11_PIN_REFUSED', {}],
    ['extractable', 'PKCS11_KEY_UNUSABLE', {}],
    ['not sensitive', 'PKCS11_KEY_UNUSABLE', {}],
    ['may not sign', 'PKCS11_KEY_UNUSABLE', {}],
    ['asks each time', 'PKCS11_KEY_UNUSABLE', {}],
    ['short point', 'PKCS11_KEY_UNUSABLE', {}],
    ['compressed point', 'PKCS11_KEY_UNUSABLE', {}],
    ['point off its curve', 'MALFORMED_PUBLIC_KEY', {}],
  ])('answers a start with %s: %s', async (what, code, more) => {
    odd.be(what)
    await using other = open(more)
    const signer = other.signer({ label: 'ECDSA_P256' })
    const thrown = await failure(signer.sign(question))
    expect(thrown).toMatchObject({ code })
    expect(String(thrown)).not.toContain(soft.pin)
  })

  it.each([
    ['says locked', 0],
    ['one try left', 0],
    ['PIN locked', 1],
    ['PIN expired', 1],
  ])('is given a PIN, when it answers %s, so often: %d', async (what, times) => {
    odd.be(what)
    await using other = open()
    const before = odd.logins()
    const signer = other.signer({ label: 'ECDSA_P256' })
    for (let round = 0; round < 3; round++)
      expect(await failure(signer.sign(question))).toMatchObject({ code: 'PKCS11_PIN_REFUSED' })
    expect(odd.logins() - before).toBe(times)
  })

  it.each(['already initialised', 'few sessions', 'bare point'])('may answer %s', async (what) => {
    odd.be(what)
    await using other = open()
    const signer = other.signer({ label: 'ECDSA_P256' })
    const signatures = Array.from({ length: 20 }, () => signer.sign(question))
    expect(await Promise.all(signatures)).toHaveLength(20)
  })

  it('signs 200 messages at once while its process is killed again and again', async () => {
    const others = childrenOf(process.pid)
    await using other = open()
    const signer = other.signer({ label: 'ECDSA_secp256k1' })
    await signer.sign(question)
    const own = () => childrenOf(process.pid).filter((pid) => !others.includes(pid))
    let signed = 0
    const killAt = new Set([20, 60, 120])
    const signatures = Array.from({ length: 200 }, async () => {
      const raw = await signer.sign(question)
      signed += 1
      if (killAt.has(signed)) for (const pid of own()) process.kill(pid, 'SIGKILL')
      return raw.length
    })
    expect(new Set(await Promise.all(signatures))).toEqual(new Set([64]))
  })

  it('tells whoever waits when it is closed, and signs for nobody afterwards', async () => {
    const other = open()
    const signer = other.signer({ label: 'ECDSA_P256' })
    await signer.sign(question)
    odd.be('hang')
    const asked = Array.from({ length: 50 }, () => failure(signer.sign(question)))
    await Promise.all([other.close(), other.close()])
    for (const thrown of await Promise.all(asked))
      expect(thrown).toMatchObject({ code: 'PKCS11_CLOSED' })
    await other.close()
    expect(await failure(signer.sign(question))).toMatchObject({ code: 'PKCS11_CLOSED' })
  })

  it('closes what has never started, and what is about to', async () => {
    await open().close()
    const other = open()
    const asked = failure(other.signer({ label: 'ECDSA_P256' }).sign(question))
    await other.close()
    expect(await asked).toMatchObject({ code: 'PKCS11_CLOSED' })
  })
})
