/** Changes the admin key for a session's cookie. Null when the key is right; otherwise what is wrong, in a sentence. */
export async function refusalOf(key: string): Promise<string | null> {
  const response = await fetch('/console/session', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ key }),
  }).catch(() => null)
  if (response === null) return 'The service does not answer. Is it still running?'
  if (response.ok) return null
  if (response.status === 401) return 'That is not the admin key of this service.'
  const problem = await response.json().catch(() => null)
  return problem?.detail ?? `The service answered with status ${response.status}.`
}
