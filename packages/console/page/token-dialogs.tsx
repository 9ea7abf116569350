import { useSignal } from '@preact/signals'
import { ApiError, asApiError } from './api'
import { errorsOf, Field, Form, OtherViolations, TextInput } from './form'
import { actorName, ago, isolated, lastUseTitle } from './format'
import { Modal } from './modal'
import { capabilities } from './session'
import { announce, changeToken, createToken, deleteToken, dialog, readToken } from './state'
import { changesInput, creationInput, FIELD_MEMBERS, rebaseDraft, TokenFields, useDraft } from './token-fields'
import type { Token } from './types'
import { ErrorNotice, Progress, type Task, useTask } from './ui'

export function closeDialog(): void {
  dialog.value = undefined
}

/** What stands at the end of each form: what went wrong, and the buttons. */
export function Actions({
  task,
  label,
  isDangerous = false,
  leave = 'Cancel',
  members = FIELD_MEMBERS,
}: {
  readonly task: Task
  readonly label: string
  readonly isDangerous?: boolean
  /** What the other button says. */
  readonly leave?: string
  readonly members?: readonly string[]
}) {
  const { error, isBusy, start } = task
  return (
    <>
      <ErrorNotice
        error={error}
        more={<OtherViolations error={error} members={members} />}
        retry={() => void start()}
      />
      <div class="buttons actions">
        <Progress when={isBusy} />
        <button type="button" class="button" onClick={closeDialog}>
          {leave}
        </button>
        <button type="submit" class={isDangerous ? 'button danger' : 'button primary'} aria-disabled={isBusy}>
          {label}
        </button>
      </div>
    </>
  )
}

export function CreateDialog() {
  const { owner = '', personal = false, may } = capabilities.value ?? {}
  const draft = useDraft()
  const ofOwner = useSignal(owner)
  const isPersonal = useSignal(personal)
  const task = useTask(() =>
    createToken({
      ...creationInput(draft),
      ...(!personal && { personal: isPersonal.value }),
      ...(may?.admin && ofOwner.value.trim() !== owner && { owner: ofOwner.value.trim() }),
    }),
  )
  return (
    <Modal title="Create token" onClose={closeDialog}>
      <Form error={task.error} onSubmit={() => void task.start()}>
        <TokenFields draft={draft} error={task.error}>
          {may?.admin && !personal && (
            <Field
              label="Owner"
              errors={errorsOf(task.error, 'owner')}
              hint="Whose token it is: a person or a service. The owner cannot be changed later."
            >
              {(control) => <TextInput {...control} value={ofOwner} />}
            </Field>
          )}
        </TokenFields>
        {!personal && (
          <div class="field">
            <label class="check">
              <input
                type="checkbox"
                aria-describedby="personal-hint"
                checked={isPersonal.value}
                onInput={(event) => {
                  isPersonal.value = event.currentTarget.checked
                }}
              />
              <span>Personal</span>
            </label>
            <p class="hint" id="personal-hint">
              A personal token can do no more than its owner may, and sees the tokens of its owner only.
            </p>
          </div>
        )}
        <Actions task={task} label="Create" />
      </Form>
    </Modal>
  )
}

export function EditDialog({ token }: { readonly token: Token }) {
  /** The token that the draft was made from. */
  const base = useSignal(token)
  const draft = useDraft(token)
  const task = useTask(async () => {
    const before = base.peek()
    const changes = changesInput(draft, before)
    try {
      // The routes refuse a `modifiedAt` that is another by now, and so a change of what somebody else has changed meanwhile.
      const version = { modifiedAt: before.modifiedAt ?? null }
      if (Object.keys(changes).length > 0) await changeToken(token.id, { ...changes, ...version })
    } catch (error) {
      if (!asApiError(error).violations.some(({ path }) => path === 'modifiedAt')) throw error
      base.value = await readToken(token.id)
      rebaseDraft(draft, before, base.value)
      throw changedMeanwhile(base.value)
    }
    closeDialog()
    announce('The changes are saved.')
  })
  return (
    <Modal title="Edit token" onClose={closeDialog}>
      <Form error={task.error} onSubmit={() => void task.start()}>
        <TokenFields draft={draft} error={task.error} token={base.value} />
        <Actions task={task} label="Save" />
      </Form>
    </Modal>
  )
}

function changedMeanwhile({ modifiedBy }: Token): ApiError {
  const who = modifiedBy === undefined ? 'Somebody' : actorName(modifiedBy)
  return new ApiError(409, 'ERR_EDITED', `${who} has changed this token since you opened it.`)
}

export function DeleteDialog({ token }: { readonly token: Token }) {
  const { lastUsedAt } = token
  const task = useTask(async () => {
    await deleteToken(token.id)
    announce(`${isolated(token.name)} is deleted.`)
  })
  return (
    <Modal title="Delete token" onClose={closeDialog}>
      <Form error={task.error} onSubmit={() => void task.start()}>
        <p>
          <strong>
            <bdi>{token.name}</bdi>
          </strong>{' '}
          will be refused at once, everywhere. This cannot be undone.
        </p>
        <p class="muted">
          {lastUsedAt === undefined
            ? 'It was never used.'
            : `It was last used ${ago(lastUsedAt)} (${lastUseTitle(token)}).`}
        </p>
        <Actions task={task} label="Delete" isDangerous />
      </Form>
    </Modal>
  )
}
