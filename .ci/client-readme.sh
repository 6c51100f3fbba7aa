#!/usr/bin/env bash
# Does what the first examples in the document of the TypeScript client say, as a reader would: packs the client,
# installs it in an empty project with what the examples need, runs the one for Node.js twice, and opens the one for
# React in Chromium. A block of code is an example if the line `<!-- example: NAME -->` stands before it.
#
# The server has to know nobody yet, and to allow the origin that the React example is opened at: http://localhost:5173,
# as it does in development, or what both have as APP_ORIGIN where that port is in use.
#
# Usage: BROWSER=/path/of/chromium .ci/client-readme.sh DOCUMENT URL

set -euo pipefail
export PYTHONDONTWRITEBYTECODE=1
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
document=$(realpath "$1")
url=${2%/}
origin=${APP_ORIGIN:-http://localhost:5173}
project=$(mktemp -d)
preview=

finish() {
    [ -z "$preview" ] || kill "$preview" 2>/dev/null || true
    rm -rf "$project"
}
trap finish EXIT

# Writes an example into a file, speaking to the server that was given.
example() {
    awk -v mark="<!-- example: $1 -->" '
        $0 == mark { marked = 1; next }
        marked && /^```/ { if (inside) exit; inside = 1; next }
        inside
    ' "$document" >"$project/example"
    if ! grep --quiet --fixed-strings 'http://localhost:8000' "$project/example"; then
        echo "$1: no example of that name that speaks to http://localhost:8000 in $document" >&2
        return 1
    fi
    sed "s#http://localhost:8000#$url#g" "$project/example" >"$2"
}

# The version of a package that the clients are built with.
version() {
    node --print '
        const wanted = (folder) => {
          const found = require(process.argv[1] + "/clients/" + folder + "/package.json");
          return { ...found.dependencies, ...found.devDependencies }[process.argv[2]];
        };
        wanted("react") ?? wanted("typescript") ?? wanted(".")
    ' "$top" "$1"
}

# Fails unless that program printed this.
expect() {
    if [ "$2" != "$3" ]; then
        printf '%s printed\n%s\ninstead of\n%s\n' "$1" "$3" "$2" >&2
        return 1
    fi
}

(cd "$top/clients" && npm pack --silent --workspace @plinth/client --pack-destination "$project" >/dev/null)

cd "$project"
packages=(./plinth-client-*.tgz)
for name in react react-dom @tanstack/react-query vite @vitejs/plugin-react typescript @types/react \
    @types/react-dom; do
    packages+=("$name@$(version "$name")")
done
mkdir src
echo '{"private": true, "type": "module"}' >package.json
npm install --no-audit --no-fund --no-package-lock --ignore-scripts --loglevel error "${packages[@]}"

# In Node.js. The second time there is an account already, and an item.
example first.mjs first.mjs
expect first.mjs 'Amber lamp 12.5' "$(node first.mjs)"
expect first.mjs $'Amber lamp 12.5\nAmber lamp 12.5' "$(node first.mjs)"

# In a browser: as strict as the compiler gets, built, and used.
example main.tsx src/main.tsx
cat >index.html <<'HTML'
<!doctype html>
<html lang="en">
  <head><meta charset="utf-8"><title>Example</title><link rel="icon" href="data:,"></head>
  <body><div id="root"></div><script type="module" src="/src/main.tsx"></script></body>
</html>
HTML
cat >vite.config.js <<'CONFIG'
import react from '@vitejs/plugin-react';
export default { plugins: [react()], logLevel: 'warn' };
CONFIG
cat >tsconfig.json <<'CONFIG'
{
  "compilerOptions": {
    "strict": true,
    "exactOptionalPropertyTypes": true,
    "noUncheckedIndexedAccess": true,
    "noPropertyAccessFromIndexSignature": true,
    "noImplicitOverride": true,
    "noUnusedLocals": true,
    "noUnusedParameters": true,
    "verbatimModuleSyntax": true,
    "isolatedModules": true,
    "noEmit": true,
    "jsx": "react-jsx",
    "target": "ES2022",
    "lib": ["ES2022", "DOM", "DOM.Iterable"],
    "module": "ESNext",
    "moduleResolution": "Bundler",
    "types": []
  },
  "include": ["src"]
}
CONFIG
npx tsc
npx vite build
node node_modules/vite/bin/vite.js preview --port "${origin##*:}" --strictPort &
preview=$!
for _ in $(seq 100); do
    curl --silent --fail --output /dev/null "$origin" && break
    if ! kill -0 "$preview" 2>/dev/null; then
        echo "nothing can be served at $origin" >&2
        exit 1
    fi
    sleep 0.1
done
ORIGIN=$origin BASE=$url BROWSER=${BROWSER:-/usr/bin/chromium} NODE_PATH=$top/clients/node_modules \
    timeout 120 node "$top/.ci/browser/client-readme.mjs"
