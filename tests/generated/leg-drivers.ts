import type { LegDriverFactory } from './leg-driver.ts'
import type { Stage } from './stage.ts'
import { twilioDriver } from './twilio-driver.ts'

/** Every carrier that paths can be played over, by the name that the service knows it by. */
export const LEG_DRIVERS = {
  twilio: (stage) => twilioDriver(stage.world.carrier),
} as const satisfies Record<string, (stage: Stage) => LegDriverFactory>
