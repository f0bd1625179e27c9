/** The rotation of a key: what was done, what comes next, who has signed and who has not. @module */

import type { JSX } from 'preact'
import { api } from '../api.ts'
import { useLoad } from '../state/load.ts'
import { formatNumber } from '../text.ts'
import type { RotationDetail, RotationHolder } from '../types.ts'
import { Code } from '../ui/code.tsx'
import { Facts } from '../ui/facts.tsx'
import { ForeignText } from '../ui/foreign-text.tsx'
import { Notice } from '../ui/notice.tsx'
import { RotationBadge } from '../ui/rotation-badge.tsx'
import { Time } from '../ui/time.tsx'
import { Empty, View, WhenLoaded } from '../ui/view.tsx'
import { ruleText } from '../ui/weight-bar.tsx'
import { RotationSignatures } from './rotation-signatures.tsx'
import { RotationHistory, RotationSteps } from './rotation-steps.tsx'

/** Of the account of this server. Without one there is none to read. */
async function loadRotation(signal: AbortSignal): Promise<RotationDetail | null> {
  const [{ account }, { rotations }] = await Promise.all([api.keys(signal), api.rotations(signal)])
  const isThere = rotations.some((rotation) => rotation.account === account)
  return isThere ? api.rotation(account, signal) : null
}

/** The one under way, or the newest. It is begun and continued by the command, never from here. */
export function Rotation(): JSX.Element {
  const loaded = useLoad(loadRotation, [], () => true)
  return (
    <View
      title="Rotation"
      trail={<a href="#/keys">Keys</a>}
      lead={
        loaded.data && (
          <>
            <Code text={loaded.data.id} label="rotation id" /> began{' '}
            <Time at={loaded.data.startedAt} />
          </>
        )
      }
      actions={
        <button type="button" onClick={loaded.reload}>
          Refresh
        </button>
      }
    >
      <WhenLoaded from={loaded}>
        {(rotation) =>
          rotation === null ? (
            <Empty title="No key of this account was rotated">
              A rotation is begun by the command fcl-kms keys rotate, and shown here.
            </Empty>
          ) : (
            <RotationBody rotation={rotation} />
          )
        }
      </WhenLoaded>
    </View>
  )
}

const RotationBody = ({ rotation }: { readonly rotation: RotationDetail }): JSX.Element => (
  <>
    {rotation.emergency && (
      <Notice tone="bad" title="Emergency: the old key may be in other hands">
        <p>Nobody is waited for, and what was in flight with the old key may fail.</p>
      </Notice>
    )}
    {rotation.state === 'open' && rotation.askAgainAt && (
      <Notice tone="quiet" title="Waits until nobody has asked for the old key for a while">
        <p>
          Run the command again <Time at={rotation.askAgainAt} />.
        </p>
      </Notice>
    )}
    {rotation.pending && <RotationSignatures pending={rotation.pending} />}
    <div class="columns">
      <RotationSteps steps={rotation.steps} />
      <div>
        <RotatedKeys rotation={rotation} />
        {rotation.notes.length > 0 && (
          <section class="panel" aria-labelledby="notes-title">
            <header>
              <h2 id="notes-title">What to know</h2>
            </header>
            <ul class="rules">
              {rotation.notes.map((note) => (
                <li key={note}>
                  <ForeignText text={note} />
                </li>
              ))}
            </ul>
          </section>
        )}
      </div>
    </div>
    <RotationHistory history={rotation.history} />
  </>
)

function RotatedKeys({ rotation }: { readonly rotation: RotationDetail }): JSX.Element {
  const { old, new: next, revokedAt, mode } = rotation
  return (
    <section class="panel" aria-labelledby="rotated-title">
      <header>
        <h2 id="rotated-title">
          Key {old.index}, weight {formatNumber(old.weight)}
        </h2>
        <RotationBadge rotation={rotation} />
      </header>
      <Facts
        wide
        facts={[
          ['Holder', holderText(old.holder)],
          ['Old public key', <Code key="old" text={old.publicKey} label="old public key" short />],
          [
            'Old key revoked',
            revokedAt === null ? 'not yet' : <Time key="revoked" at={revokedAt} />,
          ],
          [
            'New public key',
            next === null ? (
              'not made yet'
            ) : (
              <Code key="new" text={next.publicKey} label="new public key" short />
            ),
          ],
          ['New key on the account', indexText(next)],
          ['New key of', next === null ? '–' : holderText(next.holder)],
          ['How', mode === 'swap' ? 'one swap' : 'cut off first, restored later'],
        ]}
      />
      {next !== null && next.holder === null && rotation.state === 'open' && (
        <Notice tone="attention" title="This server does not name the new key">
          <p>
            Name it as successor of the old one and restart, before the swap: else it can sign no
            more.
          </p>
        </Notice>
      )}
    </section>
  )
}

const holderText = (holder: RotationHolder): JSX.Element | string =>
  holder === null ? (
    'not named by this server'
  ) : (
    <>
      <ForeignText text={holder.key} />, {ruleText(holder.rule)}
    </>
  )

function indexText(next: RotationDetail['new']): string {
  if (next === null) return '–'
  const copies = `${formatNumber(next.copies)} of weight 0`
  return next.index === null ? copies : `key ${next.index}, and ${copies}`
}
