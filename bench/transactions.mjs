/** Sign calls and bytes of transactions sent by plain `fcl.mutate`, counted at the wire. @module */
import * as fcl from '@onflow/fcl'
import { KmsAuthorizer as PeerAuthorizer } from 'fcl-kms-authorizer'
import { bareAuthorization } from './bare-authorization.mjs'
import { importFromRoot } from './own-package.mjs'
import { waitForSeal } from './seal.mjs'

const { KmsAuthorizer } = await importFromRoot('fcl-kms')

/** Transactions of each library on each account: the first one, and some that follow. */
const ROUNDS = 4
const cadence = 'transaction { prepare(signer: &Account) {} }'

/**
 * @param servers From `startServers`.
 * @param accounts From `createAccounts`.
 * @returns For each account and library the counts of the first transaction, and of later ones.
 */
export async function measureTransactions(servers, { full, halves, many }, signal) {
  const { kms, countedKmsConfig } = servers
  const ours = ({ address, keyIds }) => new KmsAuthorizer(kms, keyIds).authorize(address)
  const peer = ({ address, keyIds }) =>
    new PeerAuthorizer(countedKmsConfig, keyIds).authorize(address, 0)
  const bare = ({ address, keyIds }) => bareAuthorization(kms, keyIds[0], address)
  const singleKey = (account) => ({ ours: ours(account), peer: peer(account), bare: bare(account) })
  return {
    full: await measureAccount(servers, singleKey(full), signal),
    // The peer runs in a process of its own, since FCL ends it: peer-weighted.mjs
    halves: await measureAccount(servers, { ours: ours(halves) }, signal),
    many: await measureAccount(servers, singleKey(many), signal),
  }
}

async function measureAccount(servers, authorizations, signal) {
  const counts = Object.fromEntries(Object.keys(authorizations).map((name) => [name, []]))
  for (let round = 0; round < ROUNDS; round++)
    for (const [name, authz] of Object.entries(authorizations)) {
      signal.throwIfAborted()
      servers.kmsProxy.take()
      servers.flowProxy.take()
      const id = await fcl.mutate({ cadence, authz, limit: 100 })
      counts[name].push(takeCounts(servers))
      await waitForSeal(servers.flow.url, id)
    }
  return Object.fromEntries(
    Object.entries(counts).map(([name, [first, ...later]]) => [
      name,
      { first, later: worst(later) },
    ]),
  )
}

/** What both proxies saw since they were asked last. */
export function takeCounts({ kmsProxy, flowProxy }) {
  const kms = kmsProxy.take()
  const flow = flowProxy.take()
  const sum = (exchanges, field) => exchanges.reduce((total, one) => total + one[field], 0)
  const accounts = flow.filter(({ path }) => path.startsWith('/v1/accounts/'))
  const posts = flow.filter(({ method }) => method === 'POST')
  const rest = flow.filter((one) => !accounts.includes(one) && !posts.includes(one))
  return {
    signCalls: kms.filter(({ target }) => target === 'Sign').length,
    otherKmsCalls: kms.filter(({ target }) => target !== 'Sign').length,
    accountReads: accounts.length,
    accountBytes: sum(accounts, 'receivedBytes'),
    otherReads: rest.length,
    otherBytes: sum(rest, 'receivedBytes'),
    postedBytes: sum(posts, 'sentBytes'),
    postReplyBytes: sum(posts, 'receivedBytes'),
  }
}

/** The highest of each count: one transaction that costs more must not hide behind the others. */
const worst = (counts) =>
  Object.fromEntries(
    Object.keys(counts[0]).map((field) => [
      field,
      Math.max(...counts.map((count) => count[field])),
    ]),
  )
