/** Takes a rotation from step to step, until it is done or somebody else has to do something. @module */

import { reportOf } from './report.ts'
import { receiveSigned } from './signatures.ts'
import { assertPools } from './steps/hold.ts'
import { steps } from './steps/index.ts'
import type { RotationReport, RotationStep } from './types.ts'
import type { World } from './world.ts'

/** @param stopBefore - The step that is left. */
export async function run(
  world: World,
  stopBefore: RotationStep | undefined,
): Promise<RotationReport> {
  const { node, progress, signal } = world
  await receiveSigned(world)
  assertPools(world)
  try {
    for (;;) {
      const { step, plan } = progress.current()
      if (step === 'done') {
        await progress.save({ state: 'done' }, { text: 'The rotation is done.' })
        return await reportOf(node, progress.current(), 'done', world)
      }
      if (step === stopBefore) return await reportOf(node, progress.current(), 'stopped', world)
      signal?.throwIfAborted()
      const result = await steps[step](world)
      if (result.kind === 'stop')
        return await reportOf(node, progress.current(), result.state, world)
      const { kind: _, changes = {}, ...told } = result
      const next = plan.steps[plan.steps.indexOf(step) + 1] ?? 'done'
      await progress.save({ ...changes, step: next }, told)
    }
  } finally {
    await world.drain?.close()
  }
}
