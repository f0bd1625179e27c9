/** Our build of the emulator keeps checked programs from block to block: never beyond their change. */

import { startRestartableChain } from '../support/restartable-chain.ts'

const importOf = (address: string) => `import Answer from ${address}`

it('runs the code of a contract as it stands at a height, after an update and after a jump', async () => {
  await using restartable = await startRestartableChain({ persists: false, jumps: true })
  const { chain, snapshot, jump } = restartable
  const { url, service: authz, serviceAddress } = chain
  const imported = importOf(serviceAddress)
  const height = async () => {
    const reply = await fetch(`${url}/v1/blocks?height=sealed`)
    const blocks: [{ header: { height: string } }] = JSON.parse(await reply.text())
    return blocks[0].header.height
  }
  const answer = async (at = 'sealed') => {
    const script = Buffer.from(
      `${imported}\naccess(all) fun main(): Int { return Answer.number() }`,
    )
    const reply = await fetch(`${url}/v1/scripts?block_height=${at}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ script: script.toString('base64'), arguments: [] }),
    })
    const value = Buffer.from(JSON.parse(await reply.text()), 'base64').toString()
    return Number(JSON.parse(value).value)
  }
  const put = async (verb: 'add' | 'update', number: number) => {
    const code = `access(all) contract Answer { access(all) fun number(): Int { return ${number} } }`
    const cadence = `transaction(code: String) {
      prepare(signer: auth(AddContract, UpdateContract) &Account) {
        signer.contracts.${verb}(name: "Answer", code: code.utf8)
      }
    }`
    const args: Parameters<typeof chain.send>[0]['args'] = (arg, t) => [arg(code, t['String'])]
    expect(await chain.send({ cadence, args, authz })).toMatchObject({ errorMessage: '' })
  }
  /** Loads the contract where the emulator keeps it, and fails where it is not this one. */
  const use = async (number: number) => {
    const cadence = `${imported}
      transaction { prepare(signer: &Account) { assert(Answer.number() == ${number}) } }`
    expect(await chain.send({ cadence, authz })).toMatchObject({ errorMessage: '' })
  }

  await put('add', 1)
  await use(1)
  const before = await height()
  await snapshot('before')
  await put('update', 2)
  expect(await answer()).toBe(2)
  await use(2)
  expect(await answer(before)).toBe(1)
  expect(await answer()).toBe(2)
  await jump('before')
  expect(await answer()).toBe(1)
  await use(1)
})
