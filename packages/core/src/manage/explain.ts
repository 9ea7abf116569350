import { type ExplainRequest, type Explanation, explain, locateRequest } from '../verify/explain.js'
import type { PrincipalOrHost } from './caller.js'
import type { ManageContext } from './context.js'
import { findRecord } from './records.js'
import { notFound } from './visibility.js'

/**
 * Every check of a verification with its outcome. Counts no use. To a caller, a token that is unknown or that it may
 * not see does not exist: throws `ERR_NOT_FOUND`. The host itself gets an explanation of that too.
 */
export async function explainToken(
  context: ManageContext,
  request: ExplainRequest,
  principal: PrincipalOrHost,
): Promise<Explanation> {
  return context.audit.run('explain', principal, async (trail) => {
    const found = await locateRequest(context, request)
    const record = await findRecord(await context.store(), found?.id ?? '', principal, trail)
    if (record === undefined && principal !== undefined) throw notFound()
    return explain(context, request, found)
  })
}
