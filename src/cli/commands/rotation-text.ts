/** Plan and progress of a rotation, for people. @module */

import type { RotationPlan, RotationReport, RotationStep } from '../../provisioning/index.ts'
import { facts, table } from '../text.ts'

const meanings: Readonly<Record<RotationStep, string>> = {
  create: 'make the new key in its vault',
  add: 'put it on the account at weight 0',
  prove: 'send a transaction that it proposes, with more keys of weight 0 for the pool',
  sign: 'sign the swap: others are waited for here, while everything goes on',
  hold: 'let pools and relays begin nothing more; nobody is waited for',
  drain: 'let pools and relays begin nothing more, and wait for what is under way',
  cut: 'revoke the old key and its copies, signed by the others',
  swap: 'one transaction: the new key gets the weight, the old key and its copies are revoked',
  restore: 'give the new key the weight that was revoked',
  revoke: 'revoke what is left of the copies',
  resume: 'let pools and relays go on, with the new keys',
  verify: 'read the account again, and let the new key sign',
  alias: 'move the alias and the tags to the new key',
  disable: 'disable the old key',
  unused: 'wait until the old key was not asked for a while',
  delete: 'schedule its deletion',
  done: 'nothing is left to do',
}

/** What will happen, in its order. */
export function planLines(plan: RotationPlan): readonly string[] {
  const { old, weight, copies, hashAlgorithm, steps, transactions, holders } = plan
  return [
    ...facts([
      ['address', plan.address],
      ['chain', plan.chainId],
      ['old key', `index ${old.keyIndex}, weight ${old.weight}, ${old.copies.length} copies`],
      ['public key', old.publicKey],
      ['new key', `weight ${weight}, ${copies} of weight 0, ${hashAlgorithm}`],
      ['holders', holders.map(({ weight: each }) => `${each}`).join(' + ')],
      ['emergency', plan.emergency ? `yes: ${plan.mode}` : undefined],
    ]),
    'steps',
    ...table(steps.map((step) => [`  ${step}`, meanings[step]])),
    'transactions',
    ...table(
      transactions.map(({ purpose, adds, revokes }) => [
        `  ${purpose}`,
        `adds ${adds}`,
        `revokes ${revokes}`,
      ]),
    ),
    ...plan.notes.map((note) => `note  ${note}`),
  ]
}

/** How far it is. */
export function reportLines(report: RotationReport): readonly string[] {
  const { state, step, newKey, history, toSign, askAgainAt } = report
  return [
    ...facts([
      ['rotation', report.id],
      ['address', report.address],
      ['state', state],
      [
        'next step',
        state === 'done' || state === 'aborted' ? undefined : `${step}: ${meanings[step]}`,
      ],
      ['old key', report.plan.old.publicKey],
      ['new key', newKey && `${newKey.kind} ${newKey.reference}`],
      ['its public key', newKey?.publicKey],
      ['its index', newKey?.weightedIndex === undefined ? undefined : `${newKey.weightedIndex}`],
      ['waits for', toSign?.missing],
      ['to be signed in', toSign && `${toSign.expiresInBlocks} blocks`],
      ['ask again', askAgainAt === undefined ? undefined : new Date(askAgainAt).toISOString()],
    ]),
    'history',
    ...table(
      history.map((entry) => [
        `  ${new Date(entry.at).toISOString()}`,
        entry.step,
        entry.text,
        entry.transactionId ?? '',
      ]),
    ),
  ]
}
