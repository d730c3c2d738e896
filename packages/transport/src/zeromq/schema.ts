/** Any schema library's schema: https://standardschema.dev, version 1, as much of it as is needed. */
export interface StandardSchema<Output> {
  readonly '~standard': {
    readonly version: 1
    validate(value: unknown): Result<Output> | Promise<Result<Output>>
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined
  }
}

type Result<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly Issue[] }

interface Issue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}
