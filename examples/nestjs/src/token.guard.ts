import type { ApiToken } from '@latchkey/core'
import type { ExpressAuth, Guard } from '@latchkey/express'
import {
  applyDecorators,
  type CanActivate,
  createParamDecorator,
  type ExecutionContext,
  Inject,
  Injectable,
  SetMetadata,
  UseGuards,
} from '@nestjs/common'
import { Reflector } from '@nestjs/core'
import type { Request, Response } from 'express'
import { AUTH, type Scope } from './tokens.module'

export const SCOPES = Symbol('scopes')

/** Lets a request in if its token has the scopes that `@RequireToken` names. */
@Injectable()
export class TokenGuard implements CanActivate {
  @Inject(AUTH) private readonly auth!: ExpressAuth<Scope>
  @Inject(Reflector) private readonly reflector!: Reflector
  private readonly guards = new Map<string, Guard>()

  canActivate(context: ExecutionContext): Promise<boolean> {
    const scopes = this.reflector.getAllAndMerge<Scope[]>(SCOPES, [context.getClass(), context.getHandler()])
    const guard = this.guardFor(scopes)
    const http = context.switchToHttp()
    return new Promise((resolve, reject) => {
      guard(http.getRequest<Request>(), http.getResponse<Response>(), (error: unknown) => {
        if (error === undefined) resolve(true)
        else reject(error)
      })
    })
  }

  private guardFor(scopes: Scope[]): Guard {
    const key = scopes.join(' ')
    const guard = this.guards.get(key) ?? this.auth.requireToken({ scopes })
    this.guards.set(key, guard)
    return guard
  }
}

/** On a controller or one of its methods: only with a token that has all these scopes. Those of both add up. */
export function RequireToken(...scopes: Scope[]) {
  return applyDecorators(SetMetadata(SCOPES, scopes), UseGuards(TokenGuard))
}

/** The token that was let in, as a parameter of a method. */
export const Token = createParamDecorator((_: undefined, context: ExecutionContext): ApiToken | undefined => {
  return context.switchToHttp().getRequest<Request>().apiToken
})
