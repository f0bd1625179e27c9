/** An emulator with DropNFT on it, and accounts whose keys lie in software. @module */
import { setTimeout as sleep } from 'node:timers/promises'
import { type AuthorizationFunction, KmsAuthorizer, type Signer } from '../../src/index.ts'
import { createSoftwareSigner } from '../../src/testing/index.ts'
import { startEmulator } from '../../src/testing/start-emulator.ts'
import { type ContractAddresses, readCadence, standardContracts } from './cadence.ts'
import { type Arguments, fcl, type TransactionStatus } from './fcl-client.ts'

/** An account with one P-256 key of weight 1000 at index 0. */
export type ChainAccount = {
  /** `0x` and 16 digits. */
  readonly address: string
  /** 128 digits. */
  readonly publicKey: string
  readonly authorizer: KmsAuthorizer
  readonly authorization: AuthorizationFunction
}

/** The first proposes and pays, all authorize. */
export type Signers = ChainAccount | readonly [ChainAccount, ...ChainAccount[]]

/** Why a transaction failed: Flow's code, then the stable code and the words of our own message. */
export type Failure = {
  readonly errorCode: number
  readonly code: string | undefined
  readonly text: string | undefined
}

/** A sealed transaction. */
export type Outcome = {
  readonly failure: Failure | undefined
  readonly events: TransactionStatus['events']
}

export type DropChain = Awaited<ReturnType<typeof startDropChain>>

const createAccountsCadence = `
import FungibleToken from 0xee82856bf20e2aa6
import FlowToken from 0x0ae53cb6e3f42a79

transaction(publicKeys: [String]) {
  prepare(signer: auth(BorrowValue) &Account) {
    let flow = signer.storage.borrow<auth(FungibleToken.Withdraw) &FlowToken.Vault>(
      from: /storage/flowTokenVault
    )!
    for publicKey in publicKeys {
      let account = Account(payer: signer)
      account.keys.add(
        publicKey: PublicKey(
          publicKey: publicKey.decodeHex(),
          signatureAlgorithm: SignatureAlgorithm.ECDSA_P256
        ),
        hashAlgorithm: HashAlgorithm.SHA3_256,
        weight: 1000.0
      )
      account.capabilities.borrow<&{FungibleToken.Receiver}>(/public/flowTokenReceiver)!
        .deposit(from: <- flow.withdraw(amount: 1.0))
    }
  }
}`

/** Starts an emulator and deploys DropNFT to its service account. One per test file: FCL is global. */
export async function startDropChain(options: { readonly fees?: boolean } = {}) {
  const extraFlags = [`--transaction-fees=${options.fees === true}`]
  const emulator = await startEmulator({ blockTimeMs: 0, extraFlags })
  fcl.config({ 'accessNode.api': emulator.url, 'fcl.limit': 9999 })

  const accountOf = async (address: string, signer: Signer): Promise<ChainAccount> => {
    const authorizer = KmsAuthorizer.fromSigners([signer], { accessNode: emulator.url })
    const publicKey = await publicKeyOf(signer)
    return { address, publicKey, authorizer, authorization: authorizer.authorize(address) }
  }
  const service = await accountOf(
    emulator.serviceAddress,
    createSoftwareSigner({
      algorithm: 'ECDSA_P256',
      privateKey: Buffer.from(emulator.servicePrivateKey, 'hex'),
    }),
  )
  const contracts = { ...standardContracts('emulator'), DropNFT: service.address }

  /** Sends Cadence code and waits until it is sealed. */
  async function send(cadence: string, args: Arguments, signers: Signers): Promise<Outcome> {
    const authorizations = ('address' in signers ? [signers] : signers).map(
      ({ authorization }) => authorization,
    )
    const [payer] = authorizations
    return settle(await fcl.mutate({ cadence, args, proposer: payer, payer, authorizations }))
  }

  /** Sends a file of `cadence/transactions/` and waits until it is sealed. */
  const run = (
    name: string,
    args: Arguments,
    signers: Signers,
    addresses: ContractAddresses = contracts,
  ): Promise<Outcome> => send(readCadence(`transactions/${name}.cdc`, addresses), args, signers)

  /** Runs a file of `cadence/scripts/`. */
  const read = (
    name: string,
    args: Arguments,
    addresses: ContractAddresses = contracts,
  ): Promise<unknown> => fcl.query({ cadence: readCadence(`scripts/${name}.cdc`, addresses), args })

  /** Accounts with 1 FLOW each, made in one transaction. */
  async function createAccounts(count: number): Promise<readonly ChainAccount[]> {
    const signers = Array.from({ length: count }, () =>
      createSoftwareSigner({ algorithm: 'ECDSA_P256' }),
    )
    const publicKeys = await Promise.all(signers.map(publicKeyOf))
    const { failure, events } = await send(
      createAccountsCadence,
      (arg, t) => [arg(publicKeys, t.Array(t.String))],
      service,
    )
    if (failure) throw new Error(`The accounts were not created: ${failure.text}`)
    const addresses = events
      .filter(({ type }) => type === 'flow.AccountCreated')
      .map(({ data }) => (data as { address: string }).address) // Flow's own event
    return Promise.all(signers.map((signer, index) => accountOf(addresses[index] ?? '', signer)))
  }

  /** One new account with 1 FLOW. */
  async function createAccount(): Promise<ChainAccount> {
    const [account] = await createAccounts(1)
    if (account === undefined) throw new Error('The account was not created.')
    return account
  }

  /** Deploys DropNFT; the service account has it already. */
  const deploy = (account: ChainAccount): Promise<Outcome> =>
    run(
      'deploy-contract',
      (arg, t) => [
        arg('DropNFT', t.String),
        arg(readCadence('contracts/DropNFT.cdc', contracts), t.String),
      ],
      account,
    )

  const deployed = await deploy(service)
  if (deployed.failure) throw new Error(`DropNFT was not deployed: ${deployed.failure.text}`)
  return {
    url: emulator.url,
    contracts,
    service,
    send,
    run,
    read,
    deploy,
    createAccount,
    createAccounts,
    stop: emulator.stop,
  }
}

const publicKeyOf = async (signer: Signer): Promise<string> =>
  Buffer.from((await signer.publicKey()).bytes).toString('hex')

async function settle(id: string, deadlineMs = 30_000): Promise<Outcome> {
  for (const deadline = Date.now() + deadlineMs; Date.now() < deadline; await sleep(25)) {
    const reply = await fcl.decode(await fcl.send([fcl.getTransactionStatus(id)]))
    const { status, errorMessage, events } = reply as TransactionStatus // FCL's own shape
    if (status === 4) return { failure: failureOf(errorMessage), events }
  }
  throw new Error(`Transaction ${id} was not sealed within ${deadlineMs} ms.`)
}

function failureOf(message: string): Failure | undefined {
  if (message === '') return undefined
  const [, errorCode] = /\[Error Code: (\d+)\]/.exec(message) ?? []
  const [, code, text] = /^error: panic: (\w+\.\w+): (.*)$/m.exec(message) ?? []
  return { errorCode: Number(errorCode), code, text: text ?? message }
}
