import { ERROR_TABLE } from '../../errors.js'
import { REPOSITORY } from '../../origin.js'
import type { ErrorForm } from './error-form.js'
import { list, object, TEXT } from './json-schema.js'

/** Has a section for each code. */
const ERRORS_PAGE = `${REPOSITORY}/blob/main/docs/errors.md`

/** Problem details. `type` is the section about the code in the documentation. Source: RFC 9457. */
export const problem: ErrorForm = {
  mediaType: 'application/problem+json',
  schema: object(
    {
      type: TEXT,
      title: TEXT,
      status: { type: 'integer' },
      detail: TEXT,
      code: TEXT,
      violations: list(object({ path: TEXT, message: TEXT })),
    },
    ['type', 'title', 'status', 'detail', 'code'],
  ),
  body: ({ status, code, message, violations }) => ({
    type: `${ERRORS_PAGE}#${code.toLowerCase()}`,
    title: ERROR_TABLE[code].title,
    status,
    detail: message,
    code,
    ...(violations.length > 0 && { violations: violations.map(({ path, message }) => ({ path, message })) }),
  }),
}
