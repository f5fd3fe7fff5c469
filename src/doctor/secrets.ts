import type { Config } from '../config/config.ts'
import { readDatabaseUrl } from '../config/database-url.ts'

/** Shorter ones stand in every text by chance; who tries them finds them, and the settings are warned about. */
const SHORTEST_HIDDEN = 4

/** Every secret among the settings. */
export function secretsOf(config: Config): string[] {
  const { admin, elevenLabs, openAi, twilio, sip, recordings, database } = config
  const secrets = [
    admin.apiKey,
    elevenLabs.apiKey,
    elevenLabs.webhookSecret,
    openAi.apiKey,
    twilio.authToken,
    sip.drachtio.secret,
    sip.freeswitch.secret,
    ...sip.users.map(({ password }) => password),
    recordings.s3.accessKeyId,
    recordings.s3.secretAccessKey,
    ...(database.url === null ? [] : passwordsIn(database.url)),
  ]
  return secrets.filter((secret) => secret !== null && secret.length >= SHORTEST_HIDDEN) as string[]
}

/** A vendor's message may repeat the key that it refuses, in some spelling: nothing is printed but through here. */
export function hideSecrets(text: string, secrets: readonly string[]): string {
  const spellings = secrets.flatMap((secret) => [secret, encodeURIComponent(secret)])
  return spellings
    .toSorted((a, b) => b.length - a.length)
    .reduce((hidden, secret) => hidden.replaceAll(secret, '(hidden)'), text)
}

/** A password that is the user's own name gives nothing away, and that name is part of what is found. */
function passwordsIn(url: string): string[] {
  const { client } = readDatabaseUrl(url)
  const { sslpassword } = Object.fromEntries(new URLSearchParams(url.slice(url.indexOf('?'))))
  return [`${client.password ?? ''}`, sslpassword ?? ''].filter((each) => each !== client.user)
}
