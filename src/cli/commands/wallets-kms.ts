/** What `wallets create` does with `--key`: one wallet whose key is in KMS. @module */

import type { HashAlgorithm, SignatureAlgorithm } from '../../crypto/algorithms.ts'
import { isSignerError } from '../../errors.ts'
import {
  accountKeyOf,
  type CreatedAccount,
  createAccount,
  createKey,
} from '../../provisioning/index.ts'
import { claimKmsKey, type KmsClaim } from '../../provisioning/wallets/kms-claim.ts'
import type { Command, Context } from '../command.ts'
import { chainSettings, kmsSettings } from '../settings.ts'
import { facts } from '../text.ts'
import { usage } from '../values.ts'
import { readPayer } from './accounts-create.ts'
import { accountsOfKey } from './wallets-options.ts'

type Choice = { readonly algorithm: SignatureAlgorithm; readonly hashAlgorithm: HashAlgorithm }

const specs = { ECDSA_secp256k1: 'ECC_SECG_P256K1', ECDSA_P256: 'ECC_NIST_P256' } as const

/**
 * A key that is there is taken, and so is the account that its tags name: run again, nothing is made twice.
 * Of runs at the same time one has the claim.
 */
export async function createKmsWallet(
  context: Context,
  { algorithm, hashAlgorithm }: Choice,
): ReturnType<Command['run']> {
  const { values, signal } = context
  const keyId = values.required('key')
  const kms = kmsSettings(context)
  if (values.flag('batch')) throw usage('--batch', 'it does not go with --key')
  const payer = await readPayer(context)
  const { isNew, accounts } = await findOrCreateKey(context, keyId, algorithm)
  const known = onlyOne(accounts)
  const key = await accountKeyOf({ ...kms, keyId, weight: 1000, hashAlgorithm })
  const { publicKey, signatureAlgorithm } = key
  const wallet = { key: keyId, publicKey, signatureAlgorithm, createdKey: isNew }
  if (known !== undefined) return shown({ ...wallet, address: known, createdAccount: false })
  const claim = await claimKmsKey({ ...kms, keyId })
  const account = { ...chainSettings(context), ...kms, payer, keys: [key], signal }
  const made = await claimed(claim, async () => {
    const told = onlyOne(await accountsOfKey(context)) // by who had the claim before us
    return told ?? createAccount(account)
  })
  if (typeof made === 'string') return shown({ ...wallet, address: made, createdAccount: false })
  const { address, transactionId, chainId, warnings } = made
  const lines = warnings.map(({ message }) => `warning  ${message}`)
  if (warnings.length > 0)
    lines.push(`warning  no other account is made for this key while ${claim.alias} is there`)
  const facts = { address, createdAccount: true, chainId, transactionId, warnings }
  return shown({ ...wallet, ...facts }, lines)
}

function onlyOne(accounts: readonly string[]): string | undefined {
  if (accounts.length > 1) throw usage('--key', `it is on ${accounts.length} accounts already`)
  return accounts[0]
}

/** The claim stays where an account may be there that the tags of the key do not name. */
async function claimed(
  claim: KmsClaim,
  make: () => Promise<CreatedAccount | string>,
): Promise<CreatedAccount | string> {
  let isTold = true
  try {
    const made = await make()
    isTold = typeof made === 'string' || made.warnings.length === 0
    return made
  } catch (thrown) {
    isTold = !isSignerError(thrown, 'ACCOUNT_CREATION_INCOMPLETE')
    throw thrown
  } finally {
    // A claim that is left over is told by the next run; an address must not be lost for it.
    if (isTold) await claim.release().catch(() => undefined)
  }
}

async function findOrCreateKey(context: Context, keyId: string, algorithm: SignatureAlgorithm) {
  try {
    return { isNew: false, accounts: await accountsOfKey(context) }
  } catch (thrown) {
    if (!isSignerError(thrown, 'KEY_NOT_FOUND')) throw thrown
    if (!keyId.startsWith('alias/')) throw thrown
    await createKey({ ...kmsSettings(context), alias: keyId, spec: specs[algorithm] })
    return { isNew: true, accounts: [] }
  }
}

type Shown = {
  readonly key: string
  readonly publicKey: string
  readonly address: string
  readonly createdKey: boolean
  readonly createdAccount: boolean
  readonly transactionId?: string
}

function shown(wallet: Shown, more: readonly string[] = []) {
  const { key, publicKey, address, createdKey, createdAccount, transactionId } = wallet
  const lines = facts([
    ['key', `${key}, ${createdKey ? 'created' : 'was there'}`],
    ['Flow public key', publicKey],
    ['address', `${address}, ${createdAccount ? 'created' : 'was there'}`],
    ['transaction', transactionId],
  ])
  return { value: wallet, lines: [...lines, ...more] }
}
