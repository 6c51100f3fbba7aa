import { defineConfig } from '@hey-api/openapi-ts';

export default defineConfig({
  input: '../../docs/openapi.json',
  output: { path: 'src/generated', module: { extension: '.js' } },
  parser: {
    filters: {
      // `ProblemCode` is referred to by nothing: answers may have codes of a later version.
      orphans: true,
      operations: {
        // Pages for people, WebSockets, and what the prefix has a second time.
        exclude: [
          '/^GET (.*/)?(docs|redoc)$/',
          '/^GET (.*/)?ws(/.*)?$/',
          '/^GET /.+/(openapi.json|asyncapi.yaml|health)$/',
        ],
      },
    },
  },
  plugins: [
    { name: '@hey-api/client-fetch', throwOnError: true },
    '@hey-api/typescript',
    '@hey-api/sdk',
    '@tanstack/react-query',
  ],
});
