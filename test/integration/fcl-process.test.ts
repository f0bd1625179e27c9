import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { bytesToHex } from '../../src/crypto/hex.ts'
import { createSoftwareSigner } from '../../src/signers/software-signer.ts'
import { type FlowChain, startChain } from '../support/flow-chain.ts'

const run = promisify(execFile)
const script = (name: string) => fileURLToPath(new URL(`../support/${name}.mjs`, import.meta.url))

let chain: FlowChain
beforeAll(async () => {
  chain = await startChain()
})
afterAll(() => chain?.[Symbol.asyncDispose]())

it('survives two keys in all roles, in a process of its own', async () => {
  const privateKeys = ['a', 'b'].map(
    (name) => new Uint8Array(createHash('sha256').update(name).digest()),
  )
  const keys = privateKeys.map((privateKey) => ({
    signer: createSoftwareSigner({ algorithm: 'ECDSA_P256', privateKey }),
    weight: 500,
  }))
  const address = await chain.createAccount(keys)
  const args = [script('our-process'), chain.url, address, ...privateKeys.map(bytesToHex)]
  const { stdout } = await run(process.execPath, args)
  expect(stdout).toContain('survived')
})

it('would not survive the way of fcl-kms-authorizer: FCL ends the process', async () => {
  const ended = run(process.execPath, [script('peer-process'), chain.url])
  await expect(ended).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining('Multiple proposer keys were resolved'),
  })
})
