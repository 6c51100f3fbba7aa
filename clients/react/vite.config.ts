import process from 'node:process';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** Where the server runs that `npm run dev` passes requests on to. */
const server = process.env['PLINTH_URL'] ?? 'http://127.0.0.1:8000';
if (!/^https?:\/\//.test(server) || !URL.canParse(server)) {
  throw new Error(`PLINTH_URL is ${server}: it has to be a URL such as http://127.0.0.1:8000`);
}

export default defineConfig({
  plugins: [react()],
  server: {
    port: 5173,
    strictPort: true,
    // The page and the API are one origin in development, as they are when the server serves the page.
    proxy: {
      '/api': { target: server, ws: true },
      '/dev/mail': server,
    },
  },
  build: {
    // The packages in it ask for that: whoever gets the app gets this with it.
    license: { fileName: 'licenses.md' },
    rolldownOptions: {
      output: {
        // What changes seldom has a file of its own, which browsers keep when the app changes.
        codeSplitting: {
          groups: [{ name: 'react', test: /node_modules\/(react|react-dom|react-router|scheduler)\// }],
        },
      },
    },
  },
  preview: {
    port: 5173,
    strictPort: true,
  },
});
