import pulumi from "@pulumi/eslint-plugin";
import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["node_modules/", ".nestfleet/", "coverage/", "**/*.mjs"] },
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
);
