/** Each case of the signer contract fails for a signer that does wrong what the case is about. @module */
import { signerContract } from '../../../src/testing/index.ts'
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

  it('has no case that nobody breaks, and no name twice', () => {
    const names = signerContract.map(({ name }) => name)
    expect([...new Set(all.map(({ name }) => name))].sort()).toEqual([...names].sort())
  })
})
