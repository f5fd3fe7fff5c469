import { expect, test } from 'vitest'
import { adminRoutes } from '../../src/http/admin-routes.ts'
import { API_ROOT } from '../../src/http/app.ts'
import { openApiDocument } from '../../src/http/openapi.ts'
import { PhoneNumbers } from '../../src/numbers/phone-numbers.ts'
import { createMetrics } from '../../src/observability/metrics.ts'
import { apiPage, type Metric, type OpenApi, writtenByHand } from '../support/api-page.ts'
import { readText } from '../support/markdown-tables.ts'

/** Nothing is asked of what stands behind the routes when they are only described. */
const nothing = new Proxy({}, { get: () => () => {} })
const documentOfRoutes = () =>
  openApiDocument(adminRoutes(PARTS), API_ROOT, { title: '', version: '1', description: '' }) as OpenApi

test('docs/API.md says what the API does', async () => {
  const page = apiPage(writtenByHand(readText('docs/API.md')), documentOfRoutes(), ownMetrics())
  await expect(page).toMatchFileSnapshot('../../docs/API.md')
})

test('the part of docs/API.md that is written by hand names routes and shapes that are there', () => {
  const byHand = writtenByHand(readText('docs/API.md'))
  const { paths, components } = documentOfRoutes()
  const asked = [...byHand.matchAll(/curl .*"\$API(\/[^"?]+)/g)].map(([, path = '']) => path)
  const known = Object.keys(paths).map((path) => new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`))
  expect(asked.length).toBe(5)
  expect(asked.filter((path) => !known.some((form) => form.test(API_ROOT + path)))).toEqual([])
  const shapes = [...byHand.matchAll(/\[([A-Z]\w+)\]\(#(\w+)\)/g)].map(([, name = '']) => name)
  expect(shapes.filter((name) => !(name in components.schemas))).toEqual([])
})

/** Without those of Node, which prom-client tells of. */
function ownMetrics(): Metric[] {
  const all = createMetrics().registry.getMetricsAsArray() as unknown as Metric[]
  return all.filter(({ name }) => name.startsWith('precall_'))
}

const part = nothing as never
const PARTS: Parameters<typeof adminRoutes>[0] = {
  calls: part,
  queries: part,
  live: part,
  conversations: part,
  agents: part,
  voices: part,
  trunks: part,
  settingsTrunk: null,
  voiceQueries: part,
  follow: () => () => {},
  responseTimes: async () => [],
  audit: part,
  machines: { call: part },
  settings: () => [],
  kill: () => {},
  numbers: new PhoneNumbers(null),
  phoneLinks: part,
  canCallFromBrowser: true,
  publicUrl: null,
  agentWarnings: () => [],
}
