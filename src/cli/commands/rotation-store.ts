/** Where the record of a rotation is, and the proposal keys that it holds. @module */

import {
  createFileRotations,
  createSqlRotations,
  type RotationPool,
  type RotationStore,
} from '../../provisioning/index.ts'
import { createSqlStore } from '../../stores/index.ts'
import type { Context, Flags } from '../command.ts'
import { timeoutMs } from '../settings.ts'
import { usage } from '../values.ts'

/** Where a rotation is stored, and whose it is. */
export const stateFlags: Flags = {
  address: { value: 'address', help: 'The account' },
  state: { value: 'path', help: 'Folder of the rotation; default rotations' },
  database: { help: 'Rotation, relay and pools are in the PostgreSQL of DATABASE_URL' },
  schema: { value: 'name', help: 'Of --database; default fcl_kms' },
}

/** A rotation as it was opened, with what has to be closed. */
export type OpenedRotations = {
  readonly rotations: RotationStore
  readonly pools: readonly RotationPool[]
  readonly close: () => Promise<void>
}

/** @throws {SignerError} `INVALID_OPTION`, the `STORE_…` codes. */
export async function openRotations(context: Context): Promise<OpenedRotations> {
  const { values } = context
  if (!values.flag('database')) {
    if (values.flag('schema')) throw usage('--schema', 'it goes with --database')
    const rotations = await createFileRotations(values.optional('state') ?? 'rotations')
    return { rotations, pools: [], close: async () => undefined }
  }
  if (values.flag('state')) throw usage('--state', 'it does not go with --database')
  const database = await openDatabase(context)
  const schema = values.optional('schema')
  const place = schema === undefined ? {} : { schema }
  try {
    const rotations = await createSqlRotations(database, place)
    const store = await createSqlStore(database, place)
    return { rotations, pools: [{ store }], close: () => database.end() }
  } catch (thrown) {
    await database.end()
    throw thrown
  }
}

async function openDatabase(context: Context) {
  const url = context.env['DATABASE_URL']
  if (url === undefined || url === '') throw usage('--database', 'DATABASE_URL is not set')
  // The driver takes any text for one, and fails later as a server does that is away.
  if (!/^postgres(ql)?:\/\/[^\s]+$/.test(url) || !URL.canParse(url))
    throw usage('--database', 'DATABASE_URL is not the URL of a PostgreSQL')
  const driver = await import('pg').catch(() => {
    throw usage('--database', 'the package pg is not installed: npm install pg')
  })
  const connectionTimeoutMillis = timeoutMs(context) ?? 10_000
  try {
    return new driver.default.Pool({ connectionString: url, max: 4, connectionTimeoutMillis })
  } catch {
    // Its text quotes the URL, and with it the password.
    throw usage('--database', 'DATABASE_URL is not one that the driver reads')
  }
}
