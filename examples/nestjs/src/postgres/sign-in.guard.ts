// A guard of the whole application: { provide: APP_GUARD, useClass: SignInGuard }.
import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common'
import { Reflector } from '@nestjs/core'
import type { Request } from 'express'
import { SCOPES } from '../token.guard'
import { Sessions } from './sessions'

@Injectable()
export class SignInGuard implements CanActivate {
  @Inject(Sessions) private readonly sessions!: Sessions
  @Inject(Reflector) private readonly reflector!: Reflector

  canActivate(context: ExecutionContext): boolean {
    // @RequireToken marks the controller or the method: TokenGuard decides.
    const scopes = this.reflector.getAllAndOverride(SCOPES, [context.getHandler(), context.getClass()])
    if (scopes !== undefined) return true
    return this.sessions.callerOf(context.switchToHttp().getRequest<Request>()) !== undefined
  }
}
