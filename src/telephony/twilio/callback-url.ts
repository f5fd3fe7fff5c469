/** What a URL says that Twilio comes back by: which leg, and which of its bridges is over or was left. */
type Said = { leg: string; bridgeNumber?: number; leaves?: number }

/** Where Twilio is to ask what comes next. It signs the whole URL, so what that says comes back as it was given. */
export function callbackUrl(webhook: 'status-callback' | 'stream-ended', origin: string, said: Said): string {
  const url = new URL(`/webhooks/${webhook}`, origin)
  for (const [name, value] of Object.entries(said)) url.searchParams.set(name, `${value}`)
  return url.href
}
