import { createPkcs11Token, type Pkcs11Token } from '../../src/signers/pkcs11/index.ts'
import { describeSignerContract } from '../../src/testing/signer-contract.ts'
import { describePkcs11, makeSoftHsm, type SoftHsm } from '../support/softhsm.ts'

describePkcs11()('a key of SoftHSM', () => {
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
