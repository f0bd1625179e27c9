/** Where a token is exchanged for a session. @module */

import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { type Problem, problemOf } from '../problem.ts'
import { signIn } from '../state/session.ts'
import { Notice, ProblemNotice } from '../ui/notice.tsx'

/** The token lives in the field alone, and leaves it with the attempt. */
export function SignIn({ notice }: { readonly notice?: string | undefined }): JSX.Element {
  const field = useRef<HTMLInputElement>(null)
  const [problem, setProblem] = useState<Problem>()
  const [busy, setBusy] = useState(false)

  useEffect(() => {
    document.title = 'Sign in · fcl-kms'
    field.current?.focus()
  }, [])

  const submit = async (event: Event) => {
    event.preventDefault()
    const token = field.current?.value.trim() ?? ''
    if (busy || token === '' || !field.current) return
    field.current.value = ''
    setBusy(true)
    setProblem(undefined)
    try {
      await signIn(token)
    } catch (thrown) {
      setProblem(problemOf(thrown))
      setBusy(false)
      field.current?.focus()
    }
  }
  return (
    <main class="sign-in" id="main">
      <form class="panel" onSubmit={submit} autocomplete="off">
        <p class="brand">fcl-kms</p>
        <h1>Sign in to the admin server</h1>
        {notice && !problem && <Notice tone="quiet" title={notice} urgent />}
        {problem?.status === 401 ? (
          <Notice tone="bad" title="This token is not valid" urgent>
            <p>It is mistyped, expired or revoked. Ask an operator for a new one.</p>
          </Notice>
        ) : (
          problem && <ProblemNotice problem={problem} />
        )}
        <label>
          <span>Token</span>
          <input
            ref={field}
            type="password"
            name="token"
            autocomplete="off"
            autocapitalize="none"
            spellcheck={false}
            required
            aria-describedby="token-help"
          />
        </label>
        <p id="token-help" class="quiet">
          Starts with <code>fka_</code>. It is sent once, in exchange for a session, and not kept.
        </p>
        <button type="submit" class="primary" aria-disabled={busy}>
          {busy ? 'Signing in…' : 'Sign in'}
        </button>
      </form>
    </main>
  )
}
