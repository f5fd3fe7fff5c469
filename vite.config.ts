import { resolve } from 'node:path'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

const CONSOLE = resolve(import.meta.dirname, 'src/console')
const PHONE = resolve(import.meta.dirname, 'src/phone')

/**
 * Builds the console into dist/console, or, with `--mode phone`, the callers' page into dist/phone: nothing of the one is served
 * with the other. src/http/console/console-routes.ts and src/http/phone/phone-routes.ts serve them.
 */
export default defineConfig(({ mode }) => ({
  ...(mode === 'phone' ? { root: PHONE, base: '/phone/' } : { root: CONSOLE, base: '/console/' }),
  plugins: [react()],
  build: {
    outDir: resolve(import.meta.dirname, mode === 'phone' ? 'dist/phone' : 'dist/console'),
    emptyOutDir: true,
    // Those who are given the page are told whose work it is made with.
    license: { fileName: mode === 'phone' ? 'licences.txt' : 'licences.json' },
    // The pages' content security policy allows files of our own and nothing inline.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input:
        mode === 'phone'
          ? [resolve(PHONE, 'index.html')]
          : [resolve(CONSOLE, 'index.html'), resolve(CONSOLE, 'sign-in.html')],
    },
  },
}))
