import { expect, it, test } from 'vitest'
import { agentsRoutes } from '../../src/http/agents/agents-routes.ts'
import { callEventsRoutes } from '../../src/http/calls/call-events-routes.ts'
import { callsRoutes } from '../../src/http/calls/calls-routes.ts'
import { replayRoutes } from '../../src/http/calls/replay-routes.ts'
import { machinesRoutes } from '../../src/http/machines/machines-routes.ts'
import { openApiDocument } from '../../src/http/openapi.ts'
import { statisticsRoutes } from '../../src/http/statistics/statistics-routes.ts'
import { trunksRoutes } from '../../src/http/trunks/trunks-routes.ts'
import { cacheRoutes } from '../../src/http/voices/cache-routes.ts'
import { voicesRoutes } from '../../src/http/voices/voices-routes.ts'

/** Nothing is asked of what stands behind the routes when they are only described. */
const nothing = new Proxy({}, { get: () => () => {} }) as never

const routes = [
  ...statisticsRoutes(nothing, async () => []),
  ...cacheRoutes(nothing),
  ...voicesRoutes(nothing),
  ...agentsRoutes({ agents: nothing }),
  ...trunksRoutes({ trunks: nothing, numbers: nothing, settingsTrunk: null }),
  ...callsRoutes({ calls: nothing, queries: nothing, conversations: nothing }),
  ...callEventsRoutes({ queries: nothing, follow: nothing }),
  ...replayRoutes(nothing),
  ...machinesRoutes({ call: nothing }),
]

type Operation = { summary: string; parameters: { in: string; name: string }[]; responses: object }
const document = openApiDocument(routes, '/api/v1', { title: 'T', version: '1', description: '' }) as {
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, object> }
}

test.each([
  'get /statistics',
  'delete /cache/{caller_id}',
  'put /voices/{caller_id}',
  'get /voices/{caller_id}',
  'delete /voices/{caller_id}',
  'get /agents',
  'post /agents',
  'get /agents/{id}',
  'patch /agents/{id}',
  'delete /agents/{id}',
  'get /trunks',
  'post /trunks',
  'get /trunks/{id}',
  'patch /trunks/{id}',
  'delete /trunks/{id}',
  'get /calls',
  'get /calls/{id}',
  'get /calls/{id}/events',
  'get /calls/{id}/replay',
  'get /calls/{id}/export',
  'get /calls/{id}/conversation',
  'post /calls/{id}/hangup',
  'get /machines/{name}',
  'get /machines/{name}/coverage',
])('describes %s', (promised) => {
  const [method = '', path = ''] = promised.split(' ')
  const operation = document.paths[`/api/v1${path}`]?.[method]
  expect(operation?.summary).toBeTruthy()
  const named = operation?.parameters.filter((parameter) => parameter.in === 'path')
  expect(named?.map(({ name }) => `{${name}}`)).toEqual(path.match(/\{\w+\}/g) ?? [])
})

it('refers to nothing that it does not hold', () => {
  const text = JSON.stringify(document)
  expect(text).not.toContain('$defs')
  for (const [, name] of text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)) {
    expect(document.components.schemas).toHaveProperty(name as string)
  }
  expect(Object.keys(document.components.schemas).sort()).toEqual([
    'Agent',
    'AgentBackend',
    'AgentChange',
    'AgentDraft',
    'Call',
    'CallDetails',
    'CallEvent',
    'CallerVoice',
    'ChartCoverage',
    'Conversation',
    'Problem',
    'Replay',
    'ReplayStep',
    'SettingsTrunk',
    'Statistics',
    'Trunk',
    'TrunkChange',
    'TrunkDraft',
    'TrunkState',
    'TurnDetection',
  ])
})

it('describes the upload as a form with files', () => {
  const put = document.paths['/api/v1/voices/{caller_id}']?.put as Operation & { requestBody: object }
  expect(put.requestBody).toMatchObject({
    content: {
      'multipart/form-data': {
        schema: {
          properties: {
            sample: { type: 'array', maxItems: 10 },
            name: { type: 'string' },
            consent: { type: 'string' },
          },
          required: ['consent', 'sample'],
        },
      },
    },
  })
  expect(Object.keys(put.responses)).toEqual(expect.arrayContaining(['200', '201', '413', '422']))
})
