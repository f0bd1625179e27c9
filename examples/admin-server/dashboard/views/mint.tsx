/** One mint: where it stands, who approved, its items, its transactions and its history. @module */

import type { JSX } from 'preact'
import { api } from '../api.ts'
import { hashOf } from '../state/address.ts'
import { useLoad } from '../state/load.ts'
import { formatNumber, plural } from '../text.ts'
import type { RequestDetail } from '../types.ts'
import { RequestBadge } from '../ui/badge.tsx'
import { Code } from '../ui/code.tsx'
import { Facts } from '../ui/facts.tsx'
import { ForeignText } from '../ui/foreign-text.tsx'
import { Notice } from '../ui/notice.tsx'
import { Time } from '../ui/time.tsx'
import { View, WhenLoaded } from '../ui/view.tsx'
import { Attempts } from './attempts.tsx'
import { MintItems } from './mint-items.tsx'
import { QuorumPanel } from './quorum-panel.tsx'
import { RequestActions } from './request-actions.tsx'
import { Timeline } from './timeline.tsx'

/** Follows what happens to the request. */
export function Mint({ id }: { readonly id: string }): JSX.Element {
  const loaded = useLoad(
    (signal) => api.request(id, signal),
    [id],
    (ids) => ids.size === 0 || ids.has(id),
  )
  const request = loaded.data
  return (
    <View
      title={request?.title ?? 'Mint'}
      trail={<a href="#/mints">Mints</a>}
      lead={
        request && (
          <>
            <RequestBadge state={request.state} /> <Code text={id} label="request id" />
          </>
        )
      }
      actions={request && <RequestActions request={request} onChange={loaded.reload} />}
    >
      <WhenLoaded from={loaded}>{(data) => <MintBody request={data} />}</WhenLoaded>
    </View>
  )
}

function MintBody({ request }: { readonly request: RequestDetail }): JSX.Element {
  const { items } = request
  return (
    <>
      {request.reason && (
        <Notice
          tone={request.state === 'waiting' ? 'attention' : 'bad'}
          title={request.reason.code}
        >
          <p>
            <ForeignText text={request.reason.detail} />
          </p>
        </Notice>
      )}
      <Facts
        facts={[
          ['Function', <code>{request.function}</code>],
          ['Items', `${formatNumber(items.done)} of ${formatNumber(items.count)} done`],
          ['Failed', formatNumber(items.failed)],
          ['Amount', formatNumber(request.amount)],
          ['Asked by', <ForeignText text={request.requester} />],
          ['Asked', <Time at={request.createdAt} />],
          request.finishedAt
            ? ['Finished', <Time at={request.finishedAt} />]
            : ['Expires', <Time at={request.expiresAt} />],
          ['Digest', <Code text={request.digest} label="digest" short />],
        ]}
      />
      <QuorumPanel request={request} />
      <section class="panel" aria-labelledby="items-title">
        <header>
          <h2 id="items-title">{plural(items.count, 'item')}</h2>
          <a href={hashOf(['approvals', request.id])}>What is signed, in full</a>
        </header>
        <MintItems request={request} />
      </section>
      <div class="columns">
        <Attempts attempts={request.attempts} />
        <Timeline entries={request.timeline} />
      </div>
    </>
  )
}
