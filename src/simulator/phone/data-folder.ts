import { join, resolve } from 'node:path'

const DEFAULT_DATA_DIR = './data'

/** A file that the service of these settings keeps in its data folder. */
export const fileOfService = (name: string, { DATA_DIR }: NodeJS.Dict<string>): string =>
  join(resolve(DATA_DIR?.trim() || DEFAULT_DATA_DIR), name)
