import type { AdapterCase } from './adapter-case.js'
import { guardCompositionCases } from './guard-composition.js'
import { guardCredentialCases } from './guard-credentials.js'
import { guardForeignCases } from './guard-foreign.js'
import { guardHostileCases, guardUniformCases } from './guard-hostile.js'
import { guardOptionsCases } from './guard-options.js'
import { guardResourceCases } from './guard-resources.js'
import { guardRestrictionCases } from './guard-restrictions.js'
import { guardRevocationCases, guardUseCases } from './guard-revocation.js'
import { guardUnavailableCases } from './guard-unavailable.js'
import { routesAnyTokenCases } from './routes-any-token.js'
import { routesAuthorityCases } from './routes-authority.js'
import { routesAuthorizeCases } from './routes-authorize.js'
import { routesBodyCases } from './routes-bodies.js'
import { routesConsoleCases } from './routes-console.js'
import { routesCrudCases } from './routes-crud.js'
import { routesDeniedCases } from './routes-denied.js'
import { routesInputCases } from './routes-input.js'
import { routesLatchkeyCases } from './routes-latchkey.js'
import { routesListCases } from './routes-list.js'
import { routesOrderCases, routesPathCases } from './routes-order.js'
import { routesPantherCases } from './routes-panther.js'
import { routesRevokeAllCases } from './routes-revoke-all.js'
import { routesRotateCases } from './routes-rotate.js'
import { sameAnswerCases } from './same-answers.js'

/**
 * What every adapter for an HTTP framework keeps, as data: run each case, in any test runner, with a function that
 * builds a host of that framework to a plan. Requests go over real connections to a real server.
 */
export const adapterContract: readonly AdapterCase[] = [
  ...guardCredentialCases,
  ...guardUniformCases,
  ...guardRevocationCases,
  ...guardRestrictionCases,
  ...guardResourceCases,
  ...guardForeignCases,
  ...guardUnavailableCases,
  ...guardHostileCases,
  ...guardCompositionCases,
  ...guardOptionsCases,
  ...guardUseCases,
  ...routesCrudCases,
  ...routesAnyTokenCases,
  ...routesRotateCases,
  ...routesListCases,
  ...routesPathCases,
  ...routesBodyCases,
  ...routesInputCases,
  ...routesOrderCases,
  ...routesAuthorityCases,
  ...routesAuthorizeCases,
  ...routesDeniedCases,
  ...routesPantherCases,
  ...routesLatchkeyCases,
  ...routesRevokeAllCases,
  ...routesConsoleCases,
  ...sameAnswerCases,
]
