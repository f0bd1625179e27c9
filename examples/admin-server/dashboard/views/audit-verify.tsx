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
        Every record holds the hash of the one before it. Verification reads them all and finds any
        edit, removal or change of order.
      </p>
      <div role="status">{result && <Result result={result} />}</div>
      {problem && <ProblemNotice problem={problem} onRetry={verify} />}
    </section>
  )
}

function Result({ result }: { readonly result: AuditVerification }): JSX.Element {
  const { intact, verified, head, broken } = result
  return (
    <Notice
      tone={intact ? 'good' : 'bad'}
      title={
        intact
          ? `The chain is intact: ${plural(verified, 'record')} verified`
          : `The chain is broken${broken ? ` at record ${formatNumber(broken.sequence)}` : ''}`
      }
    >
      {broken && <p>{broken.reason}</p>}
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
