import pulumi from "@pulumi/eslint-plugin";
import tseslint from "typescript-eslint";

/** The rooms of components/, the lowest first. A room imports itself and what is below it. */
const ROOMS = ["release", "settings", "host", "operations", "resources", "services", "safety"];
/** The first room that knows Pulumi: what is below runs in scripts, too, and in tests that start nothing. */
const KNOWS_PULUMI = ROOMS.indexOf("resources");

/** Imports run downwards only: what a room must not import. */
function floor(room, index) {
  const above = ROOMS.slice(index + 1);
  const files = ["nestfleet", "read-settings", "refusal", "state", "update"];
  const group = [...above.map((name) => `**/${name}/**`), ...files.map((name) => `**/../${name}`)];
  const patterns = [
    { group, message: `components/${room}/ imports only itself and the rooms below it.` },
    ...(index < KNOWS_PULUMI ? [{ group: ["@pulumi/*"], message: `components/${room}/ does not know Pulumi.` }] : []),
  ];
  return {
    files: [`components/${room}/**/*.ts`],
    rules: { "no-restricted-imports": ["error", { patterns }] },
  };
}

export default tseslint.config(
  { ignores: ["node_modules/", ".nestfleet/", "coverage/", "**/*.mjs", "**/*.cjs"] },
  ...tseslint.configs.strictTypeChecked,
  ...tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true } },
    plugins: { "@pulumi": pulumi },
    rules: {
      ...Object.fromEntries(Object.keys(pulumi.rules).map((rule) => [`@pulumi/${rule}`, "error"])),
      "@typescript-eslint/explicit-member-accessibility": "error",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      // Config and JSON are read by index: tsc's noPropertyAccessFromIndexSignature spelling.
      "@typescript-eslint/dot-notation": "off",
    },
  },
  ...ROOMS.map(floor),
  {
    files: ["scripts/**/*.ts"],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            {
              group: ["@pulumi/*", "**/resources/**", "**/services/**", "**/safety/**"],
              message: "Scripts do not know Pulumi.",
            },
          ],
        },
      ],
    },
  },
);
