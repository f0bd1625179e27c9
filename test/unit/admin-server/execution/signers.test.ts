/** Keys of holders that have two, while one of them is not there. */
import type { Config } from '../../../../examples/admin-server/src/config/config.ts'
import { openSigners } from '../../../../examples/admin-server/src/execution/signers.ts'
import { createFakeKms, kmsError } from '../../../support/fake-kms.ts'

const address = '0x01cf0e2f2f715450'
type Keys = Config['account']['keys']

async function open(change: (kms: ReturnType<typeof createFakeKms>) => void, given?: Keys) {
  const kms = createFakeKms()
  for (const keyId of ['old', 'new', 'other'])
    kms.setAlias(`alias/${keyId}`, kms.addKey({ algorithm: 'ECDSA_P256' }))
  change(kms)
  const keys = given ?? [
    { key: 'alias/other', signs: 'automatic' as const },
    { key: 'alias/old', successor: 'alias/new', signs: { approvers: ['alice'] } },
  ]
  const { signers, missing } = await openSigners({ address, keys }, kms.client)
  return { names: signers.map(({ key }) => key), signers, missing, kms }
}

it('opens each key with its holder, the successor behind the key', async () => {
  const { signers, missing } = await open(() => undefined)
  expect(signers).toMatchObject([
    { key: 'alias/other', holder: 0, successor: false, rule: 'automatic' },
    { key: 'alias/old', holder: 1, successor: false, rule: { approvers: ['alice'] } },
    { key: 'alias/new', holder: 1, successor: true, rule: { approvers: ['alice'] } },
  ])
  expect(missing).toEqual([])
})

it.each([
  ['a successor that is not made yet', 'NotFoundException', 'KEY_NOT_FOUND', 1],
  ['a key that is disabled since it was rotated', 'DisabledException', 'KEY_DISABLED', 0],
  ['a key that is to be deleted', 'KMSInvalidStateException', 'KEY_STATE_INVALID', 0],
] as const)('goes on without %s', async (_, fault, code, place) => {
  const aliases = ['alias/old', 'alias/new']
  const { names, missing } = await open((kms) => {
    const steps = aliases.map((_, index) => (index === place ? kmsError(fault) : undefined))
    kms.next('GetPublicKey', ...steps)
  })
  const gone = aliases[place]
  expect(names).toEqual(['alias/other', ...aliases.filter((alias) => alias !== gone)])
  expect(missing).toEqual([{ key: gone, holder: 1, successor: place === 1, code }])
})

it('says what KMS says when neither is there, or when it does not know', async () => {
  const neither = await open((kms) => kms.always('GetPublicKey', kmsError('NotFoundException')))
  expect(neither.names).toEqual(['alias/other', 'alias/old', 'alias/new'])
  await expect(neither.signers[1]?.signer.publicKey()).rejects.toMatchObject({
    code: 'KEY_NOT_FOUND',
  })
  const denied = open((kms) => kms.next('GetPublicKey', kmsError('AccessDeniedException')))
  await expect(denied).rejects.toMatchObject({ code: 'KMS_ACCESS_DENIED' })
})

it('asks nothing for keys that stand alone', async () => {
  const { kms } = await open(() => undefined, [{ key: 'alias/old', signs: 'automatic' }])
  expect(kms.count('GetPublicKey')).toBe(0)
})
