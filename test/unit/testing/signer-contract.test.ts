/** Each case of the signer contract fails for a signer that does wrong what the case is about. @module */
import {
  describeSignerContract,
  type SignerContractFault,
  signerContract,
} from '../../../src/testing/index.ts'
import { algorithms } from '../crypto/independent.ts'
import { badAnswers } from './bad-answers.ts'
import { badSigners } from './bad-signers.ts'
import { subjectOf } from './contract-world.ts'

const all = [...badSigners, ...badAnswers].map(([name, what, change, more]) => ({
  name,
  what,
  change,
  more,
}))
const caseOf = (name: string) => {
  const found = signerContract.find((one) => one.name === name)
  if (found === undefined) throw new Error(`there is no case: ${name}`)
  return found
}

describe('the signer contract', () => {
  it.each(algorithms)('is kept by a signer that does right (%s)', async (algorithm) => {
    const subject = subjectOf(undefined, undefined, algorithm)
    for (const one of signerContract) await one.run(subject)
  })

  it.each(all)('$name: not one that $what', async ({ name, change, more }) => {
    const running = caseOf(name).run(subjectOf(change, more))
    await expect(running).rejects.toThrow(/^The signer contract: /)
  })

  it.each([
    'says why it cannot sign while its backend is away, and signs again afterwards',
    'gives up by its own deadline while its backend is frozen, and signs again afterwards',
  ])('%s: asked of the hasty one, where there is one', async (name) => {
    const { signer: hasty, ...subject } = subjectOf()
    const sign = () => Promise.reject(new Error('it was asked of the patient one'))
    await caseOf(name).run({ ...subject, hasty, signer: { ...hasty, sign } })
  })

  it('leaves out what its subject cannot do to its backend, and says so in the name of the block', () => {
    const declared = (faults: readonly SignerContractFault[]) => {
      const [blocks, names]: [string[], string[]] = [[], []]
      const runner = {
        describe: (name: string, body: () => void) => {
          blocks.push(name)
          body()
        },
        it: (name: string) => void names.push(name),
      }
      const makeSubject = () => Promise.reject(new Error('no test runs'))
      describeSignerContract('It', makeSubject, { algorithms: ['ECDSA_P256'], faults, runner })
      return { blocks, names }
    }
    const none = declared([])
    expect(none.blocks).toEqual([
      'It keeps the signer contract on ECDSA_P256, without the cases of corrupt, interrupt, freeze',
    ])
    const all = declared(['freeze', 'interrupt', 'corrupt'])
    expect(all.blocks).toEqual(['It keeps the signer contract on ECDSA_P256'])
    expect(all.names).toEqual(signerContract.map(({ name }) => name))
    const needy = signerContract.filter(({ needs }) => needs.length > 0).map(({ name }) => name)
    expect(needy).toHaveLength(5)
    expect([...none.names, ...needy].sort()).toEqual([...all.names].sort())
  })

  it('has no case that nobody breaks, and no name twice', () => {
    const names = signerContract.map(({ name }) => name)
    expect([...new Set(all.map(({ name }) => name))].sort()).toEqual([...names].sort())
  })
})
