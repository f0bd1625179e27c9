import { createPkcs11Token, type Pkcs11Token } from '../../src/signers/pkcs11/index.ts'
import { describeSignerContract } from '../../src/testing/signer-contract.ts'
import { findSoftoken, makeNss, type Nss } from '../support/nss.ts'
import { describePkcs11, makeSoftHsm, type SoftHsm } from '../support/softhsm.ts'

describePkcs11()('SoftHSM', () => {
  let hsm: SoftHsm
  let token: Pkcs11Token
  let pin: string
  beforeAll(() => {
    hsm = makeSoftHsm()
    const soft = hsm.addToken('contract')
    pin = soft.pin
    token = createPkcs11Token({ uri: soft.uri(), env: hsm.env })
  })
  afterAll(async () => {
    await token?.close()
    hsm?.[Symbol.dispose]()
  })

  describeSignerContract('a key of SoftHSM', async (algorithm) => {
    const { label } = await token.createKey({ label: algorithm, algorithm })
    return { signer: token.signer({ label }), secrets: [pin] }
  })
})

describePkcs11({ 'libnss3 libnss3-tools': findSoftoken() })('NSS softoken', () => {
  let nss: Nss
  let token: Pkcs11Token
  beforeAll(() => {
    nss = makeNss()
    const { uri, env, libraryParameters } = nss
    token = createPkcs11Token({ uri, env, libraryParameters })
  })
  afterAll(async () => {
    await token?.close()
    nss?.[Symbol.dispose]()
  })

  describeSignerContract(
    'a key of NSS softoken',
    async (algorithm) => {
      const { label } = await token.createKey({ label: algorithm, algorithm })
      return { signer: token.signer({ label }), secrets: [nss.pin] }
    },
    { algorithms: ['ECDSA_P256'] },
  )

  it('makes no key on the curve that it does not have, and says so', async () => {
    const making = token.createKey({ label: 'koblitz', algorithm: 'ECDSA_secp256k1' })
    await expect(making).rejects.toMatchObject({
      code: 'PKCS11_KEY_UNUSABLE',
      context: { reason: expect.stringContaining('makes no keys of ECDSA_secp256k1') },
    })
  })
})
