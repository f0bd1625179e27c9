import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { KmsAuthorizer } from '../../src/index.ts'
import { createPkcs11Token } from '../../src/signers/pkcs11/index.ts'
import { type FlowChain, noop, startChain } from '../support/flow-chain.ts'
import { describePkcs11, makeSoftHsm, type SoftHsm, type SoftToken } from '../support/softhsm.ts'

const program = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

describePkcs11()('keys of a token', () => {
  let hsm: SoftHsm
  let soft: SoftToken
  let chain: FlowChain
  beforeAll(async () => {
    hsm = makeSoftHsm()
    soft = hsm.addToken('flow')
    chain = await startChain()
  })
  afterAll(async () => {
    await chain?.[Symbol.asyncDispose]()
    hsm?.[Symbol.dispose]()
  })

  /** Runs `fcl-kms` as built. */
  const command = (...args: readonly string[]) =>
    new Promise<{ readonly code: unknown; readonly output: string }>((resolve) => {
      const { NODE_OPTIONS: _, ...env } = hsm.env
      execFile(process.execPath, [program, ...args], { env }, (error, stdout, stderr) =>
        resolve({ code: error?.code ?? 0, output: stdout + stderr }),
      )
    })

  it('made and shown by the command seal a transaction of both curves', async () => {
    const curves = { ECC_SECG_P256K1: 'ECDSA_secp256k1', ECC_NIST_P256: 'ECDSA_P256' }
    for (const [spec, signatureAlgorithm] of Object.entries(curves)) {
      const uri = soft.uri(`object=${spec}`)
      const made = await command('keys', 'create', '--pkcs11', uri, '--spec', spec, '--json')
      expect(made).toMatchObject({ code: 0 })
      const key = JSON.parse(made.output)
      expect(key).toMatchObject({ label: spec, signatureAlgorithm, neverExtractable: true })
      const seen = await command('keys', 'show', '--pkcs11', uri)
      expect(seen.code).toBe(0)
      expect(seen.output).toContain(key.publicKey)
      expect(seen.output).toContain(key.uri)
    }
    await using token = createPkcs11Token({ uri: soft.uri(), env: hsm.env })
    const signers = Object.keys(curves).map((label) => token.signer({ label }))
    const address = await chain.createAccount(signers.map((signer) => ({ signer, weight: 500 })))
    const authorizer = KmsAuthorizer.fromSigners(signers, { accessNode: chain.url })
    const authz = authorizer.authorize(address)
    const { errorCodes } = await chain.send({ cadence: noop, authz })
    expect(errorCodes).toEqual([])
  })

  it.each<[string, readonly string[], number, string]>([
    ['an option of KMS', ['--alias', 'alias/a'], 2, '--alias: it does not go with --pkcs11'],
    ['another spec', ['--spec', 'RSA_2048'], 2, 'it is neither ECC_SECG_P256K1 nor ECC_NIST_P256'],
    ['a label that is taken', [], 1, 'PKCS11_KEY_EXISTS'],
  ])('are not made by the command with %s', async (_, args, code, text) => {
    await using token = createPkcs11Token({ uri: soft.uri(), env: hsm.env })
    const label = 'taken'
    await token.createKey({ label, algorithm: 'ECDSA_P256' }).catch(() => undefined)
    const ended = await command('keys', 'create', '--pkcs11', soft.uri(`object=${label}`), ...args)
    expect(ended.code).toBe(code)
    expect(ended.output.replace('option: ', '').replace(', reason', '')).toContain(text)
    expect(ended.output).not.toContain(soft.pin)
  })
})
