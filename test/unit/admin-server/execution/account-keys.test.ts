/** The keys of the account while one of them is swapped on a chain. */
import { createAccountKeys } from '../../../../examples/admin-server/src/execution/account-keys.ts'
import type { HeldSigner } from '../../../../examples/admin-server/src/execution/signers.ts'
import { KmsAuthorizer, type Signer } from '../../../../src/index.ts'
import { createSoftwareSigner } from '../../../../src/signers/software-signer.ts'
import { address } from '../../../support/pool-world.ts'
import { type RotatingAccount, startRotatingAccount } from '../../../support/rotating-account.ts'
import { until } from '../../../support/until.ts'

let account: RotatingAccount
const others = createSoftwareSigner({ algorithm: 'ECDSA_P256' })

beforeEach(async () => {
  account = await startRotatingAccount({ weight: 500, others })
})

afterEach(() => account?.[Symbol.asyncDispose]())

/** Those of one holder stand in a list, the successor behind. */
function keysOf(...holders: readonly (readonly Signer[])[]) {
  const signers = holders.flatMap((own, holder) =>
    own.map(
      (signer, place): HeldSigner => ({
        ...{ signer, holder, key: signer.id, rule: 'automatic', successor: place === 1 },
      }),
    ),
  )
  const accessNode = account.node.url
  const authorizer = KmsAuthorizer.fromSigners(
    signers.map(({ signer }) => signer),
    { accessNode },
  )
  const network = { chainId: 'flow-emulator', accessNodes: [accessNode] }
  const config = { network, account: { address, keys: [] } }
  // Of the network no more is read.
  return createAccountKeys(
    config as unknown as Parameters<typeof createAccountKeys>[0],
    authorizer,
    signers,
  )
}

const standing = async (keys: ReturnType<typeof keysOf>) =>
  (await keys.weighted()).filter(({ revoked }) => !revoked).map(({ successor }) => successor)

it('are those from before a swap for no decision while one is expected, nor the first after it', async () => {
  const keys = keysOf([others], [account.old, account.next])
  expect(await standing(keys)).toEqual([false, false])
  account.swap()
  expect(await standing(keys)).toEqual([false, false]) // as they were read a moment ago
  keys.expectChange(true)
  expect(await standing(keys)).toEqual([false, true])
  keys.expectChange(false)
  expect(await standing(keys)).toEqual([false, true])
})

it('are read anew by the first decision after a change that nobody decided in', async () => {
  const keys = keysOf([others], [account.old, account.next])
  expect(await standing(keys)).toEqual([false, false])
  keys.expectChange(true)
  account.swap()
  keys.expectChange(false)
  expect(await standing(keys)).toEqual([false, true])
})

it('are not those of a reading that was under way when a decision asked', async () => {
  let open: () => void = () => undefined
  const gate = new Promise<void>((resolve) => {
    open = resolve
  })
  const slow: Signer = { ...others, publicKey: () => gate.then(() => others.publicKey()) }
  const keys = keysOf([slow], [account.old, account.next])
  keys.expectChange(true)
  const before = account.node.requests()
  const early = keys.read({ maxAgeMs: 1_000 })
  await until(() => account.node.requests() >= before + 2) // the chain and the account
  account.swap()
  const late = standing(keys)
  open()
  await early
  expect(await late).toEqual([false, true])
})

it('are left behind when the new key is not named, and not before or when it is', async () => {
  const [told, untold] = [
    keysOf([others], [account.old, account.next]),
    keysOf([others], [account.old]),
  ]
  await Promise.all([told.read(), untold.read()])
  expect([told.isLeftBehind(), untold.isLeftBehind()]).toEqual([false, false])
  account.swap()
  await Promise.all([told.read({ maxAgeMs: 0 }), untold.read({ maxAgeMs: 0 })])
  expect([told.isLeftBehind(), untold.isLeftBehind()]).toEqual([false, true])
})
