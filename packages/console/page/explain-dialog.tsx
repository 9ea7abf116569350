import { useSignal } from '@preact/signals'
import { call } from './api'
import { errorsOf, Field, Form, TextInput } from './form'
import { lookUp, namedIn } from './look-up'
import { Modal } from './modal'
import { capabilities } from './session'
import { Actions, closeDialog } from './token-dialogs'
import { linesOf } from './token-fields'
import type { Explanation } from './types'
import { useTask } from './ui'
import { openedId } from './view'

const CHECKS: Readonly<Record<string, string>> = {
  format: 'Form of the token',
  known: 'Is there such a token',
  secret: 'Secret',
  enabled: 'State',
  expiry: 'Expiry',
  owner: 'Owner',
  network: 'Address',
  scope: 'Scopes',
  resource: 'Resources',
}

/** Every check of a request with its outcome. */
export function ExplainDialog() {
  const id = useSignal(openedId.peek())
  const ip = useSignal('')
  const scopes = useSignal('')
  const resources = useSignal('')
  const explanation = useSignal<Explanation | undefined>(undefined)
  const members = ['id', 'token', 'ip', 'scopes', 'resources']
  const task = useTask(async () => {
    explanation.value = undefined
    const asked = { scopes: wordsOf(scopes.value), resources: wordsOf(resources.value) }
    explanation.value = await call<Explanation>('POST', '/explain', {
      ...namedIn(id.value),
      ...(ip.value.trim() !== '' && { ip: ip.value.trim() }),
      ...(asked.scopes.length > 0 && { scopes: asked.scopes }),
      ...(asked.resources.length > 0 && { resources: asked.resources }),
    })
  })
  const { error } = task
  const fields = [
    ['Id', id, [...errorsOf(error, 'id'), ...errorsOf(error, 'token')], 'As in the list, or a whole token.'],
    ['Address', ip, errorsOf(error, 'ip'), 'Where the request came from. A token with allowed networks needs it.'],
    [
      'Scopes',
      scopes,
      errorsOf(error, 'scopes', wordsOf(scopes.value)),
      'What the route needs, such as reports.read. Several: with commas between them.',
    ],
    ...(capabilities.value?.usesResources
      ? [
          [
            'Resources',
            resources,
            errorsOf(error, 'resources', wordsOf(resources.value)),
            'What the request is about, such as project:1.',
          ] as const,
        ]
      : []),
  ] as const
  return (
    <Modal title="Why is a token refused?" onClose={closeDialog}>
      <Form error={error} onSubmit={() => void task.start()}>
        {fields.map(([label, value, errors, hint]) => (
          <Field key={label} label={label} errors={errors} hint={hint}>
            {(control) => <TextInput {...control} value={value} />}
          </Field>
        ))}
        {explanation.value !== undefined && <Outcome explanation={explanation.value} text={id.value} />}
        <Actions task={task} label="Explain" leave="Close" members={members} />
      </Form>
    </Modal>
  )
}

function Outcome({
  explanation: { allowed, checks },
  text,
}: {
  readonly explanation: Explanation
  readonly text: string
}) {
  const has = (name: string) => checks.some(({ check }) => check === name)
  return (
    <section aria-label="Outcome" class="outcome">
      <p role="status">
        <strong>{allowed ? 'Such a request is let in.' : 'Such a request is refused.'}</strong>
      </p>
      <ul class="checks">
        {checks.map(({ check, passed, detail }) => (
          <li key={check} class={passed ? 'passed' : 'failed'}>
            <span class="outcome-mark">{passed ? 'Passed' : 'Failed'}</span>
            <span>
              <span>{CHECKS[check] ?? check}</span> <span class="muted">{detail}</span>
            </span>
          </li>
        ))}
      </ul>
      {has('enabled') && !has('secret') && <p class="hint">Only an id was given, so the secret counts as right.</p>}
      <button
        type="button"
        class="link"
        onClick={() => {
          closeDialog()
          void lookUp(text)
        }}
      >
        Show its details
      </button>
    </section>
  )
}

function wordsOf(text: string): readonly string[] {
  return linesOf(text.replace(/[\s,]+/g, '\n'))
}
