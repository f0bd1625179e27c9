/** Verifies the whole chain and says what came of it. @module */

import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { api } from '../api.ts'
import { type Problem, problemOf } from '../problem.ts'
import { formatNumber, plural } from '../text.ts'
import type { AuditVerification } from '../types.ts'
import { Code } from '../ui/code.tsx'
import { Notice, ProblemNotice } from '../ui/notice.tsx'

/** Reads every record on the server; that may take a while. */
export function AuditVerify(): JSX.Element {
  const [busy, setBusy] = useState(false)
  const [result, setResult] = useState<AuditVerification>()
  const [problem, setProblem] = useState<Problem>()
  const verify = async () => {
    if (busy) return
    setBusy(true)
    setResult(undefined)
    setProblem(undefined)
    try {
      setResult(await api.verifyAudit())
    } catch (thrown) {
      setProblem(problemOf(thrown))
    }
    setBusy(false)
  }
  return (
    <section class="panel verify" aria-labelledby="verify-title">
      <header>
        <h2 id="verify-title">Verification</h2>
        <button type="button" onClick={verify} aria-disabled={busy}>
          {busy ? 'Verifying…' : 'Verify the chain'}
        </button>
      </header>
      <p class="quiet">
        Every record holds the hash of the one before it. Verification reads them all, and finds
        what was edited, removed or moved by somebody who did not write all that follows anew. Who
        owns the database can do that, or cut the end off: only an anchor that is kept elsewhere
        tells.
      </p>
      <div role="status">{result && <Result result={result} />}</div>
      {problem && <ProblemNotice problem={problem} onRetry={verify} />}
    </section>
  )
}

function Result({ result }: { readonly result: AuditVerification }): JSX.Element {
  const { intact, verified, head, anchors, broken } = result
  const isCompared = anchors !== null && anchors.count > 0
  return (
    <Notice
      tone={!intact ? 'bad' : isCompared ? 'good' : 'attention'}
      title={
        intact
          ? `The chain is intact: ${plural(verified, 'record')} verified${isCompared ? '' : ', without an anchor'}`
          : `The chain is broken${broken ? ` at record ${formatNumber(broken.sequence)}` : ''}`
      }
    >
      {broken && <p>{broken.reason}</p>}
      {intact && isCompared && (
        <p>
          It agrees with {plural(anchors.count, 'anchor')}, the newest of record{' '}
          {formatNumber(anchors.newest)}. What came after that is linked, and not anchored yet.
        </p>
      )}
      {intact && !isCompared && (
        <p>
          It is linked without a gap. Nothing outside the database says that it is the chain that
          was written: {anchors === null ? 'name audit.anchor.' : 'there is no anchor yet.'}
        </p>
      )}
      {!intact && (
        <p>
          {plural(verified, 'record')} before it are right. Stop the server and find out who changed
          the database.
        </p>
      )}
      <p class="notice-foot">
        <span>
          Head {formatNumber(head.sequence)}{' '}
          <Code text={head.hash} label="hash of the head" short />
        </span>
      </p>
    </Notice>
  )
}
