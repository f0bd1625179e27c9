import type { SignatureAlgorithm } from '../../src/crypto/algorithms.ts'
import {
  createPkcs11Token,
  type Pkcs11Options,
  type Pkcs11Token,
} from '../../src/signers/pkcs11/index.ts'
import { describeSignerContract } from '../../src/testing/signer-contract.ts'
import { patientToken } from '../support/limits.ts'
import { type FarToken, findP11KitClient, serveToken } from '../support/p11-kit.ts'
import { describePkcs11, makeSoftHsm, type SoftHsm, type SoftToken } from '../support/softhsm.ts'

describePkcs11({ 'p11-kit p11-kit-modules': findP11KitClient() })('a token behind p11-kit', () => {
  let hsm: SoftHsm
  let soft: SoftToken
  let far: FarToken
  let token: Pkcs11Token
  let hasty: Pkcs11Token
  const open = (limits: Partial<Pkcs11Options>) =>
    createPkcs11Token({ uri: far.uri(), env: far.env, ...limits })
  beforeAll(async () => {
    hsm = makeSoftHsm()
    soft = hsm.addToken('far away')
    far = await serveToken(hsm, soft)
    token = open(patientToken)
    hasty = open({ callTimeoutMs: 500, startTimeoutMs: 5_000, totalTimeoutMs: 2_000 })
    const algorithms = ['ECDSA_P256', 'ECDSA_secp256k1'] as const
    for (const algorithm of algorithms) await token.createKey({ label: algorithm, algorithm })
  })
  afterAll(async () => {
    await Promise.all([token?.close(), hasty?.close()])
    await far?.[Symbol.asyncDispose]()
    hsm?.[Symbol.dispose]()
  })

  const subject = async (algorithm: SignatureAlgorithm) => ({
    signer: token.signer({ label: algorithm }),
    hasty: hasty.signer({ label: algorithm }),
    secrets: [soft.pin],
    settlesWithinMs: 60_000,
    interrupt: () => far.cut(),
    freeze: async () => far.freeze(),
    restore: () => far.restore(),
  })
  describeSignerContract('a key behind p11-kit', subject, { faults: ['interrupt', 'freeze'] })
})
