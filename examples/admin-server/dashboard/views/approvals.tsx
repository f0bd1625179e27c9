/** The inbox: requests that wait for the approval of whoever is signed in. @module */

import type { JSX } from 'preact'
import { api } from '../api.ts'
import { useLoad } from '../state/load.ts'
import { RequestTable } from '../ui/request-table.tsx'
import { Empty, View, WhenLoaded } from '../ui/view.tsx'

/** Each row leads to what will be signed. */
export function Approvals(): JSX.Element {
  const inbox = useLoad(
    (signal) => api.requests({ waitsForMe: true, order: 'expiring', limit: 200 }, signal),
    [],
    () => true,
  )
  return (
    <View
      title="Approvals"
      lead="Requests that wait for your approval. What expires first comes first."
    >
      <WhenLoaded from={inbox}>
        {({ requests, next }) =>
          requests.length === 0 ? (
            <Empty title="Nothing waits for you">
              Your own requests never appear here: another person has to approve them.
            </Empty>
          ) : (
            <>
              <RequestTable
                caption="Requests that wait for your approval"
                requests={requests}
                to="approvals"
              />
              {next !== null && (
                <p class="quiet">There are more; these are the 200 that expire first.</p>
              )}
            </>
          )
        }
      </WhenLoaded>
    </View>
  )
}
