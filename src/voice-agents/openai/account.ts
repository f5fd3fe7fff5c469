/** How this service is known to OpenAI; without a key nothing is asked of it. */
export type OpenAiAccount = { apiKey: string | null; baseUrl: string }

export const NO_KEY = 'OPENAI_API_KEY is not set.'

/** Where the API is asked; `baseUrl` may end with the version, as OpenAI's own clients want it. */
export const restUrl = ({ baseUrl }: OpenAiAccount, path: string): string =>
  `${baseUrl.replace(/\/v1$/, '')}/v1${path}`

/** Where a socket of the API is. */
export function socketUrl(account: OpenAiAccount, path: string, query: Record<string, string>): string {
  const url = new URL(restUrl(account, path))
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  url.search = new URLSearchParams(query).toString()
  return url.href
}

export const authorization = ({ apiKey }: OpenAiAccount): { authorization: string } => ({
  authorization: `Bearer ${apiKey ?? ''}`,
})
