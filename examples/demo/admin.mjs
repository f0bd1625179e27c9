/** A mint through the admin server: asked for by one, approved by another, sealed, and in the audit trail. */
import { setTimeout as sleep } from 'node:timers/promises'

const SEALED_MS = 60_000

/** Prints what happens. @param admin - Of `startAdminServer`. @param recipient - Holds a collection. */
export async function mintBehindApproval(admin, recipient) {
  const { call } = admin
  const items = ['order-2', 'order-3'].map((order) => ({
    recipient,
    name: `Drop ${order}`,
    description: 'Minted behind an approval',
    thumbnail: 'https://example.com/drop.png',
    traits: { rarity: 'rare' },
  }))
  const idempotency = { 'idempotency-key': 'demo-orders-2-and-3' }
  const asked = await call('alice', 'POST', '/v1/mints', { items }, idempotency)
  expect(asked, 202)
  const { id, digest, quorum } = asked.body
  show('POST /v1/mints', asked, `${id}, weight ${quorum.weight} of ${quorum.needed}`)
  const again = await call('alice', 'POST', '/v1/mints', { items }, idempotency)
  show('the same again', again, again.body.id === id ? 'the same request' : 'ANOTHER REQUEST')

  const approvals = `/v1/mints/${id}/approvals`
  const own = await call('alice', 'POST', approvals, { digest })
  expect(own, 403)
  show('alice approves her own', own, own.body.code)
  const other = await call('olga', 'POST', approvals, { digest: 'ab'.repeat(32) })
  expect(other, 409)
  show('olga approves something else', other, other.body.code)
  const approved = await call('olga', 'POST', approvals, { digest })
  expect(approved, 201)
  show('olga approves what she read', approved, `weight ${approved.body.quorum.weight}`)

  const done = await untilDone(admin, id)
  console.log('\n  time      what         who     facts')
  for (const { at, kind, actor, facts } of done.timeline)
    console.log(`  ${at.slice(11, 19)}  ${kind.padEnd(11)}  ${actor.padEnd(6)}  ${brief(facts)}`)
  const audit = await call('olga', 'GET', '/v1/audit/verify')
  if (audit.body.intact !== true) throw new Error('the audit trail is not intact')
  console.log(`  The audit trail is intact: ${audit.body.verified} records.`)
}

async function untilDone({ call }, id) {
  for (const deadline = Date.now() + SEALED_MS; Date.now() < deadline; await sleep(200)) {
    const { body } = await call('alice', 'GET', `/v1/mints/${id}`)
    if (body.state === 'done') return body
    if (/failed|cancelled|expired/.test(body.state)) throw new Error(`the mint is ${body.state}`)
  }
  throw new Error(`the mint was not sealed within ${SEALED_MS} ms`)
}

function expect({ status, body }, wanted) {
  if (status !== wanted) throw new Error(`${status} instead of ${wanted}: ${JSON.stringify(body)}`)
}

const show = (what, { status }, text) => console.log(`  ${what.padEnd(30)} ${status}  ${text}`)

/** What joins the records: ids, and where they lead to. */
function brief(facts) {
  const names = ['digest', 'state', 'verdict', 'keyIndexes', 'keyIndex', 'kmsRequestId']
  const shown = [...names, 'transactionId'].filter((name) => name in facts)
  return shown.map((name) => `${name} ${text(facts[name])}`).join(', ')
}

const text = (value) =>
  String(value).length > 20 ? `${String(value).slice(0, 12)}…` : String(value)
