/** What a step of a rotation is. @module */

import type { RecordChanges, Told } from '../progress.ts'
import type { RotationReportState } from '../types.ts'
import type { World } from '../world.ts'

/**
 * - `done`: what the step is for is so; what changes is stored together with the next step.
 * - `stop`: it goes on when somebody has signed, or time has passed.
 */
export type StepResult =
  | (Told & { readonly kind: 'done'; readonly changes?: RecordChanges })
  | {
      readonly kind: 'stop'
      readonly state: Extract<
        RotationReportState,
        'waiting-for-signatures' | 'waiting-until-unused'
      >
    }

/** Can be run again at any time: it looks first at what is so already. */
export type Step = (world: World) => Promise<StepResult>

export const waitingForSignatures: StepResult = {
  kind: 'stop',
  state: 'waiting-for-signatures',
}
