import type { VerifyContext } from '../types.js'

/**
 * A context whose address takes long to tell, as frameworks do: it is asked for when somebody needs it, and then once. Most
 * verdicts need none; see `UsageWriter.note` for those of last uses.
 */
export class LazyContext implements VerifyContext {
  readonly scopes: readonly string[]
  private readonly source: { readonly ip: string | undefined }
  private isKnown = false
  private address: string | undefined = undefined

  constructor(source: { readonly ip: string | undefined }, scopes: readonly string[]) {
    this.source = source
    this.scopes = scopes
  }

  get ip(): string | undefined {
    if (!this.isKnown) {
      this.address = this.source.ip
      this.isKnown = true
    }
    return this.address
  }
}
