import { importX } from "eslint-plugin-import-x";
import tseslint from "typescript-eslint";

/**
 * The rooms of the house and what each may import from (besides itself). One way only: what is not listed is refused.
 * `pulumi: false` means the room must not import any Pulumi package either, `types` that it may hold its tables against their types.
 */
const rooms = {
  "src/model": { from: [], pulumi: false },
  "src/config": { from: ["src/model"], pulumi: false },
  "src/render": { from: ["src/model"], pulumi: false },
  "src/auth": { from: ["src/model"], pulumi: false },
  components: { from: ["src/model"], pulumi: true },
  "src/client": { from: ["src/model"], pulumi: false },
  "src/onboard": { from: ["src/model", "src/render"], pulumi: false },
  "policies/rules": { from: ["src/model"], pulumi: false },
  "src/stack": { from: ["src/config", "src/model", "src/render", "components"], pulumi: true },
  "src/preview": {
    from: ["src/config", "src/model", "src/render", "src/stack", "policies/rules"],
    pulumi: true,
  },
  "src/lab": {
    from: ["src/config", "src/model", "src/render", "src/stack", "src/preview", "src/auth", "src/client"],
    pulumi: "types",
  },
  "src/operate": { from: ["src/model", "src/client"], pulumi: false },
  "src/cli": {
    from: [
      "src/config",
      "src/model",
      "src/render",
      "src/stack",
      "src/preview",
      "src/lab",
      "src/client",
      "src/onboard",
      "src/operate",
      "policies/rules",
    ],
    pulumi: false,
  },
};

const root = import.meta.dirname;
const all = ["./src", "./components", "./policies", "./test", "./bench", "./scripts"];

const zones = Object.entries(rooms).map(([room, { from }]) => ({
  target: `./${room}`,
  from: all,
  except: [],
  allowed: [room, ...from],
}));

/** `import-x/no-restricted-paths` wants what is forbidden, so list every other room. */
const restricted = zones.flatMap(({ target, allowed }) =>
  [...Object.keys(rooms), "test", "bench", "scripts"]
    .filter((other) => !allowed.includes(other))
    .map((other) => ({
      target,
      from: `./${other}`,
      message: `${target.slice(2)} may import only from ${allowed.join(", ")} (one-way imports, see README "Where things are").`,
    })),
);

export default tseslint.config(
  { ignores: ["node_modules", ".cache", "out", "dist", "coverage"] },
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked],
    plugins: { "import-x": importX },
    settings: {
      "import-x/resolver": { node: { extensions: [".ts", ".js", ".mjs", ".json"] } },
      // Without these two, no-cycle reads no TypeScript and finds nothing.
      "import-x/extensions": [".ts"],
      "import-x/parsers": { "@typescript-eslint/parser": [".ts"] },
    },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: root } },
    rules: {
      "@typescript-eslint/strict-boolean-expressions": "error",
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "import-x/no-restricted-paths": ["error", { basePath: root, zones: restricted }],
      "import-x/no-cycle": "error",
    },
  },
  ...Object.entries(rooms)
    .filter(([, { pulumi }]) => pulumi !== true)
    .map(([room, { pulumi }]) => ({
      files: [`${room}/**/*.ts`],
      rules: {
        "@typescript-eslint/no-restricted-imports": [
          "error",
          {
            patterns: [
              {
                group: ["@pulumi/*", "@pulumiverse/*"],
                message: `${room} knows no Pulumi.`,
                allowTypeImports: pulumi === "types",
              },
            ],
          },
        ],
      },
    })),
);
