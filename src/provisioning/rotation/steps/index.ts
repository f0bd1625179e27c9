/** The steps by their names. @module */

import type { RotationStep } from '../types.ts'
import { add, prove } from './add.ts'
import { create } from './create.ts'
import { drain, hold } from './hold.ts'
import { resume } from './resume.ts'
import { alias, disable, remove, unused } from './retire.ts'
import { cut, restore, revoke } from './revoke.ts'
import type { Step } from './step.ts'
import { sign, swap } from './swap.ts'
import { verify } from './verify.ts'

export const steps: Readonly<Record<Exclude<RotationStep, 'done'>, Step>> = {
  create,
  add,
  prove,
  sign,
  hold,
  drain,
  cut,
  swap,
  restore,
  revoke,
  resume,
  verify,
  alias,
  disable,
  unused,
  delete: remove,
}
