/** The list of mints, and of every other request. @module */

import type { JSX } from 'preact'
import { api } from '../api.ts'
import { hashOf } from '../state/address.ts'
import { useLoad } from '../state/load.ts'
import { route } from '../state/route.ts'
import { useStore } from '../state/store.ts'
import { plural } from '../text.ts'
import type { Request } from '../types.ts'
import { RequestTable } from '../ui/request-table.tsx'
import { Empty, View, WhenLoaded } from '../ui/view.tsx'
import { MintFilters } from './mint-filters.tsx'

const pageSize = 50

/** Filters and page are in the address, so that a list can be sent to a colleague. */
export function Mints(): JSX.Element {
  const { query } = useStore(route)
  const { state = '', search = '', before = '', function: chosen = 'mint' } = query
  const list = useLoad(
    (signal) =>
      api.requests(
        { state, search, before, function: chosen === 'all' ? '' : chosen, limit: pageSize },
        signal,
      ),
    [state, search, before, chosen],
    () => before === '',
  )
  const filtered = state !== '' || search !== ''
  return (
    <View title="Mints">
      <MintFilters query={query} />
      <WhenLoaded from={list}>
        {({ requests, next }) =>
          requests.length === 0 ? (
            <Empty title={filtered ? 'Nothing matches' : 'No mints yet'}>
              {filtered
                ? 'Take another state, or search for less.'
                : 'They appear here as soon as somebody asks for one by POST /v1/mints.'}
            </Empty>
          ) : (
            <>
              <RequestTable caption="Mints, newest first" requests={requests} />
              <Pages requests={requests} next={next} query={query} />
            </>
          )
        }
      </WhenLoaded>
    </View>
  )
}

type PagesProps = {
  readonly requests: readonly Request[]
  readonly next: string | number | null
  readonly query: Readonly<Record<string, string>>
}

function Pages({ requests, next, query }: PagesProps): JSX.Element {
  const link = (before: string | undefined) => hashOf(['mints'], { ...query, before })
  return (
    <nav class="pages" aria-label="Pages">
      <span class="quiet">{plural(requests.length, 'request')} on this page</span>
      {query['before'] && <a href={link(undefined)}>Newest</a>}
      {next !== null && <a href={link(String(next))}>Older</a>}
    </nav>
  )
}
