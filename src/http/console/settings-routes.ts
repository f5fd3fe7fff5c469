import { z } from 'zod'
import { type AnyRoute, route } from '../route.ts'

const Setting = z
  .object({
    name: z.string(),
    value: z
      .string()
      .nullable()
      .describe('As it was set, or the default; null when it is hidden or not set.'),
    isSet: z.boolean().describe('False means that the default holds.'),
    isSecret: z.boolean(),
    allowed: z.string().describe('Which values are allowed, in words.'),
  })
  .meta({ id: 'Setting' })

const SettingList = z.object({ settings: z.array(Setting) })

export type ShownSetting = z.input<typeof Setting>
export type SettingList = z.output<typeof SettingList>

/** The settings in use; they are changed in the environment and take effect with the next start. */
export function settingsRoutes(settings: () => ShownSetting[]): AnyRoute[] {
  return [
    route({
      method: 'get',
      path: '/settings',
      summary: 'The settings that this node was started with; secrets are hidden',
      answer: { status: 200, description: 'The settings.', body: SettingList },
      handler: async () => ({ settings: settings() }),
    }),
  ]
}
