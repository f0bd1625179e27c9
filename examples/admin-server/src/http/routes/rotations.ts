/** Rotations of the account's keys: how far they are, and whose signature they wait for. @module */

import type { FastifyInstance } from 'fastify'
import type { Static } from 'typebox'
import { AdminError } from '../../errors.ts'
import { type RotationFacts, viewRotation, viewRotationInFull } from '../../rotation/view.ts'
import { rotation, rotationList, rotationParameters } from '../schemas/rotations.ts'
import type { RouteContext } from './context.ts'

type Read = { Params: Static<typeof rotationParameters> }

const readers = { roles: ['approver', 'operator', 'auditor'] } as const

export function rotationRoutes(app: FastifyInstance, context: RouteContext): void {
  const { config, accountKeys, rotations, rotating, signing } = context

  async function facts(): Promise<RotationFacts> {
    const { authorizer, signers } = signing
    const publicKeys = await authorizer.publicKeys()
    const places = new Map(publicKeys.map(({ publicKey }, place) => [publicKey, place]))
    return {
      account: config.account.address,
      transactionExpiry: config.network.transactionExpiry,
      keys: accountKeys.shown()?.keys ?? [],
      holderOf: (publicKey) => signers[places.get(publicKey) ?? -1],
      held: rotating.current().held,
    }
  }

  app.get(
    '/v1/rotations',
    {
      config: { auth: readers },
      schema: {
        tags: ['keys'],
        summary: 'Rotations of keys, the newest of each account',
        operationId: 'listRotations',
        response: { 200: rotationList },
      },
    },
    async () => {
      const [records, known] = await Promise.all([rotations.list(), facts()])
      return { rotations: records.map((record) => viewRotation(record, known)) }
    },
  )
  app.get<Read>(
    '/v1/rotations/:address',
    {
      config: { auth: readers },
      schema: {
        tags: ['keys'],
        summary: 'The rotation under way, or the newest: steps, history, missing signatures',
        operationId: 'readRotation',
        params: rotationParameters,
        response: { 200: rotation },
      },
    },
    async (request) => {
      const record = await rotations.read(request.params.address)
      if (record === undefined) throw new AdminError('NOT_FOUND')
      return viewRotationInFull(record, await facts())
    },
  )
}
