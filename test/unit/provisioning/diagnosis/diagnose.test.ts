import { type DiagnoseOptions, diagnose, type Finding } from '../../../../src/provisioning/index.ts'
import { ANSWERS_MS, patient } from '../../../support/limits.ts'
import { type KmsEndpoint, REMOTE_SECRET, refusal, startKmsEndpoint } from '../kms-endpoint.ts'
import { PAYER, startNodeEndpoint } from '../node-endpoint.ts'

const KEY = 'alias/minter'
const NAMELESS = '1'.repeat(64)
/** Only where nothing answers. */
const short = { requestTimeoutMs: 300, totalTimeoutMs: 600 }

/** `check: status`, and the code of what is not well. */
const lines = (findings: readonly Finding[]) =>
  findings.map(({ check, status, code }) => `${check}: ${status}${code ? ` ${code}` : ''}`)

/** With one good key named alias/minter. */
async function startKms(): Promise<KmsEndpoint> {
  const kms = await startKmsEndpoint()
  kms.setAlias(KEY, kms.addKey())
  return kms
}

const ask = (kms: KmsEndpoint, more: Partial<DiagnoseOptions> = {}) =>
  diagnose({ client: kms.client, keyIds: [KEY], limits: patient, ...more })

describe('diagnose', () => {
  it('finds nothing wrong with a key that works, and signs nothing', async () => {
    await using kms = await startKms()
    expect(lines(await ask(kms))).toEqual([
      'region: ok',
      'credentials: ok',
      'kms endpoint: ok',
      'clock: ok',
      'key state: ok',
      'public key: ok',
      'sign permission: ok',
      'access node: skipped',
      'account: skipped',
    ])
    expect(kms.inputs('Sign')).toEqual([expect.objectContaining({ DryRun: true })])
  })

  it('gives every problem and warning a remedy, and repeats no remote text and no secret', async () => {
    await using kms = await startKms()
    for (const operation of ['DescribeKey', 'GetPublicKey', 'Sign'])
      kms.always(operation, refusal('AccessDeniedException'))
    const findings = await ask(kms, { keyIds: [KEY, NAMELESS], address: NAMELESS })
    expect(lines(findings)).toEqual([
      'region: ok',
      'credentials: ok',
      'kms endpoint: ok',
      'clock: ok',
      'key state: warning KMS_ACCESS_DENIED',
      'public key: problem KMS_ACCESS_DENIED',
      'sign permission: problem KMS_ACCESS_DENIED',
      'key id: problem INVALID_KEY_ID',
      'access node: skipped',
      'account: skipped',
    ])
    for (const { status, remedy } of findings)
      expect(remedy !== undefined).toBe(/problem|warning/.test(status))
    const text = JSON.stringify(findings)
    for (const secret of [REMOTE_SECRET, NAMELESS, 'fake-secret', 'AKIAIOSFODNN7EXAMPLE'])
      expect(text).not.toContain(secret)
  })

  it.each([
    ['Disabled', 'its state is Disabled, not Enabled'],
    ['PendingDeletion', 'its state is PendingDeletion, not Enabled'],
  ])('names a key whose state is %s', async (KeyState, fact) => {
    await using kms = await startKmsEndpoint()
    kms.setAlias(KEY, kms.addKey({ KeyState }))
    expect(await ask(kms)).toContainEqual(
      expect.objectContaining({ check: 'key state', status: 'problem', fact }),
    )
  })

  it('names a key of a spec that Flow cannot use', async () => {
    await using kms = await startKmsEndpoint()
    kms.setAlias(KEY, kms.addKey({ KeySpec: 'ECC_NIST_P384' }))
    const found = lines(await ask(kms))
    expect(found).toContain('key state: problem')
    expect(found).toContain('public key: problem KEY_SPEC_UNSUPPORTED')
  })

  it.each([
    [30, 'clock: ok'],
    [-120, 'clock: warning KMS_CLOCK_SKEWED'],
    [120, 'clock: warning KMS_CLOCK_SKEWED'],
    [-900, 'clock: problem KMS_CLOCK_SKEWED'],
  ])('measures a clock that differs by %d s', async (seconds, line) => {
    await using kms = await startKms()
    kms.clockAheadS = seconds
    expect(lines(await ask(kms))).toContain(line)
  })

  it('says that an emulator signed where KMS would have made a dry run', async () => {
    await using kms = await startKms()
    kms.always('Sign', { body: { Signature: 'AA==' } })
    expect(await ask(kms)).toContainEqual(
      expect.objectContaining({ status: 'ok', fact: expect.stringContaining('emulators') }),
    )
  })

  it('tells an endpoint that is not reached from one that says no', async () => {
    await using kms = await startKms()
    for (const operation of ['DescribeKey', 'GetPublicKey', 'Sign']) kms.always(operation, 'drop')
    const limits = { requestTimeoutMs: ANSWERS_MS, totalTimeoutMs: 2_000 } // it is tried until then
    expect(lines(await ask(kms, { limits }))).toContain('kms endpoint: problem KMS_UNAVAILABLE')
  })

  it('ends in time when KMS never answers', async () => {
    await using kms = await startKms()
    for (const operation of ['DescribeKey', 'GetPublicKey', 'Sign']) kms.always(operation, 'hang')
    expect(lines(await ask(kms, { limits: short }))).toContain('kms endpoint: problem KMS_TIMEOUT')
  })

  it.each([
    [
      'no credentials',
      'KMS_CREDENTIALS_INVALID',
      { credentials: () => Promise.reject(new Error(REMOTE_SECRET)) },
    ],
    [
      'credentials that never come',
      'KMS_CREDENTIALS_UNAVAILABLE',
      { credentials: () => new Promise<never>(() => undefined) },
    ],
    [
      'expired credentials',
      'KMS_CREDENTIALS_INVALID',
      {
        credentials: async () => ({
          accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
          secretAccessKey: 'fake-secret',
          expiration: new Date(0),
        }),
      },
    ],
  ])('sends nothing with %s, and says so', async (_, code, config) => {
    await using kms = await startKms()
    const client = { endpoint: kms.url, region: 'us-east-1', ...config }
    const findings = await ask(kms, { client, limits: short })
    expect(lines(findings)).toContain(`credentials: problem ${code}`)
    expect(lines(findings)).toContain('kms endpoint: skipped')
    expect(JSON.stringify(findings)).not.toMatch(/remote-body|AKIA|fake-secret/)
    expect(kms.calls).toEqual([])
  })

  it('finds that there is no Region', async () => {
    await using kms = await startKms()
    const region = () => Promise.reject(new Error('Region is missing'))
    const client = {
      endpoint: kms.url,
      region,
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    }
    expect(lines(await ask(kms, { client, limits: short }))).toContain(
      'region: problem AWS_REGION_INVALID',
    )
  })

  it('throws for options that are wrong and for an abort, and for nothing else', async () => {
    await using kms = await startKms()
    const wrong = { requiredWeight: 1001 }
    await expect(ask(kms, wrong)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    const misspelt = { keyIDs: [] } as object // wrong on purpose
    await expect(ask(kms, misspelt)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    kms.always('GetPublicKey', 'hang')
    const controller = new AbortController()
    const asking = ask(kms, { signal: controller.signal })
    while (kms.count('GetPublicKey') === 0) await new Promise(setImmediate)
    const reason = new Error('not any more')
    controller.abort(reason)
    await expect(asking).rejects.toBe(reason)
  })
})

describe('diagnose on an account', () => {
  async function start(weight = 1000, more: object = {}) {
    const [kms, node] = await Promise.all([startKms(), startNodeEndpoint()])
    const { PublicKey } = await kms.client.send(
      new (await import('@aws-sdk/client-kms')).GetPublicKeyCommand({ KeyId: KEY }),
    )
    const publicKey = Buffer.from(PublicKey ?? [])
      .toString('hex')
      .slice(-128)
    node.setKeys(PAYER, [{ publicKey, weight, algorithm: 'ECDSA_secp256k1', ...more }])
    return { kms, node }
  }
  const askOn = async (
    { kms, node }: Awaited<ReturnType<typeof start>>,
    more: Partial<DiagnoseOptions> = {},
  ) => {
    await using _kms = kms
    await using _node = node
    const accessNode = { url: node.url, timeoutMs: ANSWERS_MS }
    return lines(await ask(kms, { accessNode, address: PAYER, ...more })).slice(7)
  }

  it('finds the keys that it holds and the weight that they reach', async () => {
    const expected = ['access node: ok', 'account: ok', 'account key: ok', 'weight: ok']
    expect(await askOn(await start())).toEqual(expected)
  })

  it('tells of hundreds of copies of a key in one short line', async () => {
    const { kms, node } = await start()
    await using _kms = kms
    await using _node = node
    const { PublicKey } = await kms.client.send(
      new (await import('@aws-sdk/client-kms')).GetPublicKeyCommand({ KeyId: KEY }),
    )
    const publicKey = Buffer.from(PublicKey ?? [])
      .toString('hex')
      .slice(-128)
    const copy = { publicKey, weight: 0, algorithm: 'ECDSA_secp256k1' }
    const foreign = { publicKey: 'ab'.repeat(64) }
    const factOn = async (copies: readonly object[]) => {
      node.setKeys(PAYER, [
        { ...copy, weight: 1_000 },
        ...copies.map((one) => ({ ...copy, ...one })),
      ])
      const found = await ask(kms, { accessNode: node.url, address: PAYER })
      return found.find(({ check }) => check === 'account key')?.fact
    }
    const one = 'index 0: 1000, SHA3_256'
    const pool = Array.from({ length: 600 }, () => copy)
    expect(await factOn(pool)).toBe(`${one}; index 1-600: 0, SHA3_256`)
    const between = pool.flatMap((each, index) => (index % 2 === 0 ? [each] : [each, foreign]))
    expect((await factOn(between))?.length).toBeLessThan(300)
    expect(await factOn(between)).toMatch(/; and \d+ more$/)
  })

  it('measures against the weight that was asked for', async () => {
    expect(await askOn(await start(500))).toContain('weight: problem WEIGHT_TOO_LOW')
    expect(await askOn(await start(500), { requiredWeight: 500 })).toContain('weight: ok')
  })

  it.each([
    ['revoked', { revoked: true }, 'account key: warning KEY_REVOKED'],
    ['hashed with Keccak', { hash: 'KECCAK_256' }, 'account key: warning'],
    ['that of somebody else', { publicKey: 'ab'.repeat(64) }, 'account key: warning KEY_NOT_HELD'],
  ])('warns of a key that is %s', async (_, facts, line) => {
    const found = await askOn(await start(1000, facts))
    expect(found).toContain(line)
    expect(found).toContain('weight: problem WEIGHT_TOO_LOW')
  })

  it.each([
    ['another chain', { chainId: 'flow-mainnet' }, 'access node: problem CHAIN_MISMATCH'],
    [
      'an address of no account',
      { address: `0x01${'0'.repeat(14)}` },
      'account: problem ACCOUNT_NOT_FOUND',
    ],
    ['an address that is none', { address: 'xyz' }, 'account: problem INVALID_ADDRESS'],
    [
      'an access node that is gone',
      { accessNode: { url: 'http://127.0.0.1:1', timeoutMs: 200 } },
      'access node: problem ACCESS_NODE_UNREACHABLE',
    ],
    [
      'an access node that is no URL',
      { accessNode: 'flow.com' },
      'access node: problem INVALID_OPTION',
    ],
  ])('names %s', async (_, more, line) => {
    expect(await askOn(await start(), more)).toContain(line)
  })
})
