import { expect, test } from 'vitest'
import { adminRoutes } from '../../src/http/admin-routes.ts'
import { API_ROOT } from '../../src/http/app.ts'
import { openApiDocument } from '../../src/http/openapi.ts'
import { apiPage, type OpenApi } from '../support/api-page.ts'

/** Nothing is asked of what stands behind the routes when they are only described. */
const nothing = new Proxy({}, { get: () => () => {} })

test('docs/API.md says what the API does', async () => {
  const routes = adminRoutes(PARTS)
  const document = openApiDocument(routes, API_ROOT, { title: '', version: '1', description: '' })
  await expect(apiPage(document as OpenApi)).toMatchFileSnapshot('../../docs/API.md')
})

const part = nothing as never
const PARTS: Parameters<typeof adminRoutes>[0] = {
  ...{ calls: part, queries: part, live: part, conversations: part, agents: part, voices: part },
  ...{ voiceQueries: part, follow: () => () => {}, responseTimes: async () => [], audit: part },
  ...{ machines: { call: part }, settings: () => [], kill: () => {} },
}
