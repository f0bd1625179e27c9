/** The review: everything that will be signed, and the decision about it. @module */

import type { JSX } from 'preact'
import { api } from '../api.ts'
import { hashOf } from '../state/address.ts'
import { useLoad } from '../state/load.ts'
import type { Me } from '../types.ts'
import { RequestBadge } from '../ui/badge.tsx'
import { Code } from '../ui/code.tsx'
import { View, WhenLoaded } from '../ui/view.tsx'
import { RequestActions } from './request-actions.tsx'
import { Review } from './review.tsx'
import { useContent } from './use-content.ts'

type Props = { readonly id: string; readonly me: Me }

/** Whoever may read the request may read this; only approvers can decide. */
export function Approval({ id, me }: Props): JSX.Element {
  const loaded = useLoad(
    (signal) => api.request(id, signal),
    [id],
    (ids) => ids.size === 0 || ids.has(id),
  )
  const request = loaded.data
  const content = useContent(id, request)
  return (
    <View
      title={request ? `Review: ${request.title}` : 'Review'}
      trail={
        <>
          <a href="#/approvals">Approvals</a> <span aria-hidden="true">/</span>{' '}
          <a href={hashOf(['mints', id])}>Request</a>
        </>
      }
      lead={
        request && (
          <>
            <RequestBadge state={request.state} /> <Code text={id} label="request id" />
          </>
        )
      }
      actions={
        request && <RequestActions request={request} onChange={loaded.reload} withReview={false} />
      }
    >
      <WhenLoaded from={loaded}>
        {(data) => (
          <Review
            key={data.digest}
            request={data}
            content={content}
            me={me}
            onChange={loaded.reload}
          />
        )}
      </WhenLoaded>
    </View>
  )
}
