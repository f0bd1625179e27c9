/** The end of the old key in its vault. @module */

import type { RetirementNote } from '../types.ts'
import { newKeyOf, type World } from '../world.ts'
import { accountFacts } from './new-key.ts'
import type { Step, StepResult } from './step.ts'

const skipped = ({ retirement }: World): StepResult => ({
  kind: 'done',
  text:
    retirement === undefined
      ? 'The old key stays as it is in its vault, since no retirement was given.'
      : `A key in the vault ${retirement.kind} has nothing to do here.`,
})

const doneWith = ({ text }: RetirementNote): StepResult => ({ kind: 'done', text })
const abortOf = ({ signal }: World) => (signal === undefined ? {} : { signal })
const checkOf = (world: World) => ({
  revokedAt: world.progress.current().revokedAt ?? world.progress.current().updatedAt,
  ...abortOf(world),
})

/** The tags after the alias: who looks for the account by the alias finds it at every moment. */
export const alias: Step = async (world) => {
  const { vault, retirement } = world
  const newKey = newKeyOf(world)
  const moved = await retirement?.moveAlias?.({ reference: newKey.reference, ...abortOf(world) })
  const newKeyTagged = vault?.tagAccount !== undefined
  const facts = { ...accountFacts(world, newKey), newKeyTagged }
  const tagged = await retirement?.tagAccount?.(facts)
  const texts = [moved?.text, tagged?.text].filter((text) => text !== undefined)
  return texts.length === 0 ? skipped(world) : { kind: 'done', text: texts.join(' ') }
}

export const disable: Step = async (world) => {
  const note = await world.retirement?.disable?.(checkOf(world))
  return note === undefined ? skipped(world) : doneWith(note)
}

/** Until nobody asks for the old key any more. */
export const unused: Step = async (world) => {
  const answer = await world.retirement?.unused?.(checkOf(world))
  if (answer === undefined) return skipped(world)
  if (answer.unused)
    return { kind: 'done', text: answer.note.text, changes: { askAgainAt: undefined } }
  const { askAgainAt, reason } = answer
  await world.progress.save({ askAgainAt }, { text: reason })
  return { kind: 'stop', state: 'waiting-until-unused' }
}

export const remove: Step = async (world) => {
  const note = await world.retirement?.remove?.(checkOf(world))
  return note === undefined ? skipped(world) : doneWith(note)
}
