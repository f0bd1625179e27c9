/** A modal question, by the browser's own dialog: it holds the focus and gives it back. @module */

import type { ComponentChildren, JSX } from 'preact'
import { useEffect, useId, useRef, useState } from 'preact/hooks'
import { type Problem, problemOf } from '../problem.ts'
import { ProblemNotice } from './notice.tsx'

type Props = {
  readonly title: string
  readonly confirm: string
  readonly danger?: boolean
  /** Does it; the dialog shows what it throws and stays. */
  readonly onConfirm: () => Promise<void>
  readonly onClose: () => void
  readonly children: ComponentChildren
}

/** Asks before something is done. Escape and Cancel leave everything as it is. */
export function ConfirmDialog(props: Props): JSX.Element {
  const element = useRef<HTMLDialogElement>(null)
  const done = useRef(false)
  const titleId = useId()
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<Problem>()

  useEffect(() => {
    const dialog = element.current
    const opener = document.activeElement
    dialog?.showModal()
    return () => {
      dialog?.close()
      // Once it is done the opener goes away with what it stood for: the heading takes over.
      const stays = !done.current && opener?.isConnected
      const target = stays ? opener : document.querySelector('h1')
      if (target instanceof HTMLElement) target.focus()
    }
  }, [])

  const submit = async (event: Event) => {
    event.preventDefault()
    if (busy) return
    setBusy(true)
    setProblem(undefined)
    try {
      await props.onConfirm()
      done.current = true
      props.onClose()
    } catch (thrown) {
      setProblem(problemOf(thrown))
      setBusy(false)
    }
  }
  return (
    <dialog
      ref={element}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault()
        if (!busy) props.onClose()
      }}
    >
      <form onSubmit={submit}>
        <h2 id={titleId}>{props.title}</h2>
        <div class="dialog-body">{props.children}</div>
        {problem && <ProblemNotice problem={problem} />}
        <div class="actions end">
          <button type="button" onClick={props.onClose} disabled={busy}>
            Cancel
          </button>
          <button type="submit" class={props.danger ? 'danger' : 'primary'} aria-disabled={busy}>
            {busy ? 'One moment…' : props.confirm}
          </button>
        </div>
      </form>
    </dialog>
  )
}
