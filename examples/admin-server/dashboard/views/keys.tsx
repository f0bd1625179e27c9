/** The keys of the account: weight, rule, the KMS key behind each, and its age. @module */

import type { JSX } from 'preact'
import { api } from '../api.ts'
import { useLoad } from '../state/load.ts'
import { formatAbsolute, formatNumber, plural } from '../text.ts'
import type { AccountKey, Keys as KeysData } from '../types.ts'
import { Badge } from '../ui/badge.tsx'
import { Code } from '../ui/code.tsx'
import { type Column, DataTable } from '../ui/data-table.tsx'
import { ProblemNotice } from '../ui/notice.tsx'
import { RotationBadge, stepName } from '../ui/rotation-badge.tsx'
import { Time } from '../ui/time.tsx'
import { Empty, View, WhenLoaded } from '../ui/view.tsx'
import { ruleText, WeightBar } from '../ui/weight-bar.tsx'

/** Days after which a key should have been rotated. */
const rotationDays = 365
const needed = 1_000

/** Keys without weight only propose; they have a view of their own. */
export function Keys(): JSX.Element {
  const loaded = useLoad(
    (signal) => api.keys(signal),
    [],
    (ids) => ids.size === 0, // a rotation went on, or the page was away for a while
  )
  return (
    <View
      title="Keys"
      lead={
        loaded.data && (
          <>
            <Code text={loaded.data.account} label="account" /> on {loaded.data.chainId}
            {loaded.data.readAt && (
              <span>
                as of <Time at={loaded.data.readAt} />
              </span>
            )}
          </>
        )
      }
    >
      <WhenLoaded from={loaded}>
        {(data) => (
          <>
            <RotationPanel account={data.account} />
            <KeysBody data={data} />
          </>
        )}
      </WhenLoaded>
    </View>
  )
}

/** Nothing until a key of the account was rotated once. */
function RotationPanel({ account }: { readonly account: string }): JSX.Element {
  const loaded = useLoad(
    (signal) => api.rotations(signal),
    [],
    () => true,
  )
  const rotation = loaded.data?.rotations.find((one) => one.account === account)
  return (
    <>
      {loaded.problem && <ProblemNotice problem={loaded.problem} onRetry={loaded.reload} />}
      {rotation && (
        <section class="panel" aria-labelledby="rotation-title">
          <header>
            <h2 id="rotation-title">
              <a href="#/keys/rotation">Rotation of key {rotation.old.index}</a>
            </h2>
            <RotationBadge rotation={rotation} />
          </header>
          <p class="quiet">
            {rotation.state === 'open' ? `${stepName(rotation.step)}, ` : ''}last changed{' '}
            <Time at={rotation.updatedAt} />
          </p>
        </section>
      )}
    </>
  )
}

function KeysBody({ data }: { readonly data: KeysData }): JSX.Element {
  const keys = data.keys.filter(
    ({ weight, rule, key }) => weight > 0 || rule !== null || key !== null,
  )
  if (keys.length === 0) return <Empty title="This account has no keys with weight" />
  const automatic = keys
    .filter(({ rule, revoked, replaced }) => rule === 'automatic' && !revoked && !replaced)
    .reduce((sum, { weight }) => sum + weight, 0)
  return (
    <>
      <section class="panel" aria-labelledby="weights-title">
        <header>
          <h2 id="weights-title">Weight {formatNumber(data.totalWeight)}</h2>
          {data.totalWeight < needed && <Badge tone="bad" text="Too little to sign anything" />}
          {automatic >= needed && <Badge tone="attention" text="Signs without any approval" />}
        </header>
        <WeightBar keys={keys.filter(({ replaced }) => !replaced)} needed={needed} />
        <p class="quiet">
          A transaction takes weight {formatNumber(needed)}. Without any approval the keys of this
          account reach {formatNumber(automatic)}.
        </p>
      </section>
      <section class="panel" aria-label="Keys">
        <DataTable
          caption="Keys of the account"
          columns={columns}
          rows={keys}
          keyOf={({ index }) => index}
        />
      </section>
    </>
  )
}

const columns: readonly Column<AccountKey>[] = [
  { title: 'Key', rowHeader: true, cell: ({ index }) => <span class="number">{index}</span> },
  { title: 'Weight', number: true, cell: ({ weight }) => formatNumber(weight) },
  { title: 'Rule', cell: ({ rule }) => <span class="sentence">{ruleText(rule)}</span> },
  { title: 'State', cell: keyState },
  {
    title: 'KMS key',
    cell: ({ key, keyId }) => (
      <span class="stack">
        <span>{key ?? <span class="quiet">not bound</span>}</span>
        {keyId && <Code text={keyId} label="key ARN" short={/[^/]*$/} />}
      </span>
    ),
  },
  { title: 'Rotation', cell: rotation },
  {
    title: 'Public key',
    cell: ({ publicKey, signatureAlgorithm, hashAlgorithm }) => (
      <span class="stack">
        <Code text={publicKey} label="public key" short />
        <span class="quiet">
          {signatureAlgorithm}, {hashAlgorithm}
        </span>
      </span>
    ),
  },
]

function keyState({ revoked, replaced, key, keyState: state }: AccountKey): JSX.Element {
  if (revoked && replaced) return <Badge tone="quiet" text="Rotated, revoked on chain" />
  if (replaced) return <Badge tone="attention" text="Does not count: its holder has another" />
  if (revoked) return <Badge tone="bad" text="Revoked on chain" />
  if (key === null) return <Badge tone="quiet" text="Not bound" />
  if (state === null) return <Badge tone="attention" text="Unknown" />
  return <Badge tone={state === 'Enabled' ? 'good' : 'bad'} text={state} />
}

function rotation({ createdAt, ageDays }: AccountKey): JSX.Element {
  if (createdAt === null || ageDays === null) return <span class="quiet">unknown</span>
  return (
    <span class="stack">
      <span>
        <time dateTime={createdAt} title={formatAbsolute(Date.parse(createdAt))}>
          {plural(ageDays, 'day')}
        </time>{' '}
        old
      </span>
      {ageDays > rotationDays && <Badge tone="attention" text="Rotate: older than a year" />}
    </span>
  )
}
