/** An answer in place of an upgrade or a page. */
export type FaultyAnswer = { status: number; body: object | string; headers?: Record<string, string> }

/** An error as the vendor words it. */
export type FaultyError = { type?: string; code: string; message: string }

/** What a test can make go wrong. */
export class Faults {
  /** The next connections get these answers, one each, in this order. */
  readonly refuseNext: FaultyAnswer[] = []
  /** Connections are refused so for as long as this is set. */
  refuse: FaultyAnswer | null = null
  /** So many connections, those that come next, are never answered. */
  ignoreNext = 0
  /** The next responses fail so, one each, before they have said a word. */
  readonly failNextResponses: FaultyError[] = []
  /** The next words of callers cannot be written down. */
  failTranscriptions = 0
  /** Live sessions hear nothing and say nothing any more, and their sockets stay open. */
  isDeaf = false
  /** Asked for a response, it never begins one. */
  isMute = false
  /** How long sessions last that begin from now on, in simulated milliseconds. */
  sessionMs = 3_600_000
  /** Has a hand in every event that goes out: what it returns is sent instead. */
  outgoing: ((event: Record<string, unknown>) => Record<string, unknown>[]) | null = null
}

export const UNAUTHORIZED: FaultyAnswer = {
  status: 401,
  body: {
    error: {
      type: 'invalid_request_error',
      code: 'invalid_api_key',
      param: null,
      message:
        'Incorrect API key provided. You can find your API key at https://platform.openai.com/account/api-keys.',
    },
  },
}

export const QUOTA: FaultyAnswer = {
  status: 429,
  body: {
    error: {
      type: 'insufficient_quota',
      code: 'insufficient_quota',
      param: null,
      message: 'You exceeded your current quota, please check your plan and billing details.',
    },
  },
}

export const TOO_MANY: FaultyAnswer = {
  status: 429,
  body: {
    error: {
      type: 'requests',
      code: 'rate_limit_exceeded',
      param: null,
      message: 'Rate limit reached for gpt-realtime-2.1.',
    },
  },
}
